"""Untrusted bytes become a grey page or a sentence, never anything else."""

from __future__ import annotations

import struct
import time
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mlcore.imaging import ImageRefused, Limits, decode
from tests.mlcore.pages import drawn_page, encoded

PAGE = drawn_page()


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("TIFF", "image/tiff"), ("BMP", "image/bmp")],
)
def test_lossless_formats_come_back_to_the_pixel(kind: str, media_type: str) -> None:
    decoded = decode(encoded(PAGE, kind))
    assert decoded.media_type == media_type
    assert np.array_equal(decoded.grey, PAGE)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_turned_to_the_right(turn: int) -> None:
    turned = decode(encoded(PAGE, "PNG"), turn=turn).grey
    assert np.array_equal(turned, np.rot90(PAGE, -turn // 90))
    assert turned.flags.c_contiguous
    # The upper left corner goes to the upper right.
    if turn == 90:
        assert np.array_equal(turned[:, -1], PAGE[0])


def test_a_turn_that_is_no_quarter_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="45"):
        decode(encoded(PAGE, "PNG"), turn=45)


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_lossy_formats_come_back_nearly(kind: str, media_type: str) -> None:
    decoded = decode(encoded(PAGE, kind, quality=95))
    assert decoded.media_type == media_type
    assert np.abs(decoded.grey.astype(int) - PAGE).mean() < 3


def test_a_bilevel_group_4_tiff_is_read() -> None:
    bilevel = Image.fromarray(PAGE).point(lambda value: 255 if value > 128 else 0).convert("1")
    decoded = decode(encoded(bilevel, "TIFF", compression="group4"))
    assert set(np.unique(decoded.grey)) == {0, 255}


@pytest.mark.parametrize(("scale", "kind"), [(257, "PNG"), (257, "TIFF"), (16, "TIFF")])
def test_sixteen_and_twelve_bit_scans_keep_their_tones(scale: int, kind: str) -> None:
    decoded = decode(encoded(Image.fromarray(PAGE.astype(np.uint16) * scale), kind))
    assert np.abs(decoded.grey.astype(int) - PAGE).max() <= 2


def test_a_floating_point_tiff_keeps_its_tones() -> None:
    decoded = decode(encoded(Image.fromarray(PAGE.astype(np.float32) / 255.0), "TIFF"))
    assert np.abs(decoded.grey.astype(int) - PAGE).max() <= 1


def test_a_sideways_photograph_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    decoded = decode(encoded(np.rot90(PAGE).copy(), "JPEG", quality=95, exif=exif))
    assert decoded.grey.shape == PAGE.shape
    assert np.abs(decoded.grey.astype(int) - PAGE).mean() < 3


def test_transparency_becomes_white_paper() -> None:
    rgba = np.zeros((*PAGE.shape, 4), dtype=np.uint8)
    rgba[..., 3] = 255 - PAGE
    assert np.abs(decode(encoded(rgba)).grey.astype(int) - PAGE).max() <= 1


def test_a_palette_with_a_transparent_colour_is_read() -> None:
    palette = Image.fromarray(PAGE).quantize(16)
    decoded = decode(encoded(palette, "PNG", transparency=0))
    assert decoded.grey.shape == PAGE.shape


def test_print_colours_are_read() -> None:
    decoded = decode(encoded(Image.fromarray(PAGE).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(decoded.grey.astype(int) - PAGE).mean() < 4


def test_a_page_of_a_tiff_can_be_chosen() -> None:
    first, second = Image.fromarray(PAGE), Image.fromarray(255 - PAGE)
    data = encoded(first, "TIFF", save_all=True, append_images=[second])
    assert decode(data).pages == 2
    assert np.array_equal(decode(data, page=1).grey, 255 - PAGE)
    with pytest.raises(ImageRefused) as refused:
        decode(data, page=2)
    assert refused.value.code == "no_such_page"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"not a picture at all", "unknown_format"),
        (encoded(PAGE, "GIF"), "unknown_format"),
        (encoded(PAGE, "PNG")[:200], "damaged"),
        (encoded(PAGE, "JPEG")[:900], "damaged"),
        (encoded(PAGE, "WEBP")[:300], "damaged"),
        (encoded(PAGE, "BMP")[:2000], "damaged"),
        (encoded(PAGE, "TIFF")[:5000], "damaged"),
    ],
)
def test_bad_files_are_refused_with_a_sentence(data: bytes, code: str) -> None:
    with pytest.raises(ImageRefused) as refused:
        decode(data)
    assert refused.value.code in ({code} if code != "damaged" else {"damaged", "unknown_format"})
    assert refused.value.sentence.endswith(".")
    assert str(refused.value) == refused.value.sentence


def test_too_many_bytes_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(ImageRefused) as refused:
        decode(b"\x89PNG" + bytes(2048), limits=Limits(max_bytes=1024))
    assert refused.value.code == "too_large"


def test_too_many_pages_are_refused() -> None:
    pages = [Image.fromarray(PAGE) for _ in range(4)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    with pytest.raises(ImageRefused) as refused:
        decode(data, limits=Limits(max_pages=3))
    assert refused.value.code == "too_many_pages"


def test_a_file_of_nothing_but_page_headers_is_refused_at_once() -> None:
    size, tags = 2 + 8 * 12 + 4, ((256, 3, 64), (257, 3, 32), (258, 3, 8), (259, 3, 1), (262, 3, 1))
    entries = [*tags, (273, 4, 8), (277, 3, 1), (279, 4, 2048)]
    header = struct.pack("<H", 8) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    pages = (header + struct.pack("<I", 8 + size * (number + 1)) for number in range(90_000))
    started = time.monotonic()
    with pytest.raises(ImageRefused) as refused:
        decode(b"II*\0" + struct.pack("<I", 8) + b"".join(pages))
    assert refused.value.code == "too_many_pages"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("side", [7_000, 20_000, 60_000])
def test_a_decompression_bomb_is_refused_by_its_header(side: int) -> None:
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(bytes(1000)))
    with pytest.raises(ImageRefused) as refused:
        decode(data)
    assert refused.value.code == "too_many_pixels"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


SMALL = drawn_page(40, 90, pen=2)
SAMPLES = [encoded(SMALL, kind) for kind in ("PNG", "JPEG", "TIFF", "WEBP", "BMP")]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(SAMPLES) - 1), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=12))
def test_a_file_with_flipped_bytes_is_read_or_refused(which: int, flips: list[tuple[int, int]]) -> None:
    data = bytearray(SAMPLES[which])
    for position, value in flips:
        data[position % len(data)] = value
    try:
        grey = decode(bytes(data), limits=Limits(max_pixels=1_000_000)).grey
    except ImageRefused as refused:
        assert refused.sentence
    else:
        assert grey.dtype == np.uint8
        assert grey.ndim == 2
