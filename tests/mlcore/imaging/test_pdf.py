"""Pages of PDFs, and PDFs that mean harm: a grey page or a sentence."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mlcore.imaging import ImageRefused, Limits, decode, prepare
from mlcore.imaging.pdf import is_pdf
from mlcore.imaging.pdf_child import draw
from tests.mlcore.pages import drawn_page, encoded

PAGE = drawn_page()


def scanned(*pages: np.ndarray, dpi: float = 300.0) -> bytes:
    """A PDF as a scanner writes it: a picture a page."""
    first, *rest = (Image.fromarray(page) for page in pages)
    out = io.BytesIO()
    first.save(out, "PDF", save_all=True, append_images=rest, resolution=dpi, quality=95)
    return out.getvalue()


def written(*, box: str = "0 0 200 100", content: bytes = b"", pages: int = 1, extra: str = "") -> bytes:
    """A PDF of `pages` pages that share a content stream."""
    packed = zlib.compress(content)
    kids = " ".join(f"{number + 4} 0 R" for number in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream",
        *[f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 3 0 R {extra} >>".encode()] * pages,
    ]
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return bytes(out) + f"trailer << /Size {len(places) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def refusal(data: bytes, **options: Any) -> str:
    """The code with which a file is refused, always with a sentence."""
    with pytest.raises(ImageRefused) as refused:
        decode(data, **options)
    assert refused.value.sentence.endswith(".")
    assert "%" not in refused.value.sentence
    return refused.value.code


def test_a_scanned_page_comes_back_nearly_to_the_pixel() -> None:
    decoded = decode(scanned(PAGE))
    assert (decoded.media_type, decoded.pages, decoded.grey.shape) == ("application/pdf", 1, PAGE.shape)
    assert np.abs(decoded.grey.astype(int) - PAGE).mean() < 3


def test_a_page_is_drawn_at_300_dpi() -> None:
    assert decode(written(box="0 0 144 72")).grey.shape == (300, 600)


def test_a_signature_in_a_pdf_gives_nearly_the_same_canvas_as_its_picture() -> None:
    difference = prepare(scanned(PAGE)).canvas.astype(int) - prepare(encoded(PAGE)).canvas
    assert np.abs(difference).mean() < 4


def test_a_page_can_be_chosen() -> None:
    data = scanned(np.full_like(PAGE, 250), PAGE)
    assert decode(data).pages == 2
    assert decode(data).grey.min() > 240
    assert decode(data, page=1).grey.min() < 60
    assert refusal(data, page=2) == "no_such_page"
    assert refusal(data, page=-1) == "no_such_page"


def test_colours_become_grey_and_paper_is_white() -> None:
    page = decode(written(content=b"0 0 1 rg 0 0 100 100 re f")).grey
    assert int(page[:, -20:].min()) == 255
    assert 5 < int(page[200, 50]) < 80


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7 something", "damaged"),
        (b"%PDF-1.7\n" + bytes(5000), "damaged"),
        (scanned(PAGE)[:400], "damaged"),
        (b"\xef\xbb\xbf\n%PDF-1.4\n%%EOF", "damaged"),
        (written(pages=10_000), "too_many_pages"),
        (written(pages=21), "too_many_pages"),
        (written(box="0 0 14400 14400"), "too_many_pixels"),
        (written(box="0 0 900000000 900000000"), "too_many_pixels"),
    ],
    ids=[
        "a word", "zeros", "cut short", "empty", "10,000 pages", "one page too many", "200 inches wide", "miles wide",
    ],
)  # fmt: skip
def test_bad_pdfs_are_refused_with_a_sentence(data: bytes, code: str) -> None:
    assert refusal(data) == code


@pytest.mark.parametrize(
    "box", ["0 0 0 0", "0 0 -5 -5", "50 50 10 10", "a b c d", "0 0 0.001 0.001", "0 0 " + "9" * 30 + " 1"]
)
def test_a_page_without_a_size_is_read_or_refused(box: str) -> None:
    try:
        assert decode(written(box=box)).grey.size
    except ImageRefused as refused:
        assert refused.sentence.endswith(".")


def test_a_large_page_is_drawn_coarser_within_the_limit() -> None:
    page = decode(written(box="0 0 1200 600"), limits=Limits(max_pixels=5_000_000)).grey
    assert 4_500_000 < page.size <= 5_000_000


def test_a_locked_pdf_says_that_it_is_locked() -> None:
    key = "<" + "41" * 32 + ">"
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {key} /U {key} /P -4 >> /ID [<00> <00>]"
    assert refusal(written().replace(b"/Root 1 0 R", b"/Root 1 0 R " + lock.encode())) == "encrypted"


def test_a_page_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.imaging.pdf._SECONDS", 0.5)
    endless = b"0 0 200 100 re f " * 5_000_000
    started = time.monotonic()
    assert refusal(written(content=endless)) == "too_slow"
    assert time.monotonic() - started < 10


def test_a_child_that_dies_takes_nothing_along(monkeypatch: pytest.MonkeyPatch) -> None:
    real = subprocess.run

    def killed(arguments: list[str], **options: Any) -> Any:
        return real([sys.executable, "-c", "import os; os.abort()"], **options)

    monkeypatch.setattr("mlcore.imaging.pdf.subprocess.run", killed)
    assert refusal(scanned(PAGE)) == "damaged"


def test_the_child_sees_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_KEYS", "secret")
    seen: dict[str, Any] = {}
    real = subprocess.run

    def noted(arguments: list[str], **options: Any) -> Any:
        seen.update(options)
        return real(arguments, **options)

    monkeypatch.setattr("mlcore.imaging.pdf.subprocess.run", noted)
    decode(scanned(PAGE))
    assert seen["env"] == {}


def test_a_picture_that_speaks_of_pdf_is_a_picture() -> None:
    assert not is_pdf(encoded(PAGE, "JPEG", comment=b"%PDF-1.7"))
    assert is_pdf(b"\r\n%PDF-1.4")


SMALL = scanned(drawn_page(40, 90, pen=2))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=12))
def test_a_pdf_with_flipped_bytes_is_drawn_or_refused(flips: list[tuple[int, int]]) -> None:
    data = bytearray(SMALL)
    for position, value in flips:
        data[position] = value
    head, grey = draw(bytes(data), 0, 20, 1_000_000)
    assert len(grey) == (0 if "refused" in head else head["width"] * head["height"])
    assert len(grey) <= 1_000_000
