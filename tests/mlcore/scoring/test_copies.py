"""Copies are found, repetitions are not; signatures come from synthetic signers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from mlcore.imaging import CANVAS_HEIGHT, CANVAS_WIDTH, prepare_page
from mlcore.imaging.types import Grey
from mlcore.scoring.copies import (
    COPY_FROM,
    SKETCH_BYTES,
    alignment,
    copy_likeness,
    copy_likenesses,
    sketch_of,
    sketch_readable,
)
from mlcore.synthesis import RenderStyle, Trajectory, counter_style, genuine, make_signer, render

SIGNERS = (91_001, 91_002, 91_003, 91_004, 91_005, 91_006)
BLANK = sketch_of(np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), np.uint8))


@cache
def written(signer: int, seed: int = 0) -> Grey:
    """A page as the counter's scanner gives it."""
    rng = np.random.default_rng([signer, seed])
    return render(genuine(make_signer(signer), seed), counter_style(rng), signer)


def sketch(page: Grey) -> bytes:
    return sketch_of(prepare_page(page).canvas)


def turned(page: Grey, degrees: float, scale: float) -> Grey:
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    wide, high = int(1.15 * width * max(scale, 1)), int(1.3 * height * max(scale, 1))
    matrix[:, 2] += ((wide - width) / 2, (high - height) / 2)
    return cv2.warpAffine(page, matrix, (wide, high), flags=cv2.INTER_AREA, borderValue=float(np.median(page)))


def saved_as_jpeg(page: Grey) -> Grey:
    return cv2.imdecode(cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_GRAYSCALE)


def pasted(page: Grey) -> Grey:
    """Cut out and laid on another, darker and grainy sheet, smaller and off its middle."""
    small = cv2.resize(page, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA).astype(np.float32)
    rng = np.random.default_rng(5)
    sheet = 222 + rng.normal(0, 2, (small.shape[0] + 260, small.shape[1] + 330))
    sheet[200 : 200 + small.shape[0], 30 : 30 + small.shape[1]] *= np.minimum(small / np.median(small), 1)
    return saved_as_jpeg(np.clip(sheet, 0, 255).astype(np.uint8))


def scanned_again(page: Grey) -> Grey:
    rng = np.random.default_rng(6)
    page = cv2.GaussianBlur(turned(page, 1.7, 0.8), (0, 0), 0.8)
    return saved_as_jpeg(np.clip(page + rng.normal(0, 5, page.shape), 0, 255).astype(np.uint8))


def scanned_black_and_white(page: Grey) -> Grey:
    page = cv2.GaussianBlur(turned(page, -1.6, 1.1), (0, 0), 0.7)
    return cv2.threshold(page, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]


def traced(signer: int) -> Grey:
    """The same path with another pen, a tremor of half its width (0.2 mm) and laid askew."""
    path, rng = genuine(make_signer(signer), 0), np.random.default_rng([signer, 9])
    way = np.cumsum(np.r_[0.0, np.hypot(np.diff(path.x), np.diff(path.y))])
    places = np.arange(0.0, way[-1] + 4.0, 1.5)
    x, y = (np.interp(way, places, rng.normal(0, 0.2, len(places))) for _ in range(2))
    shaky = moved(path, path.x + x, path.y + y)
    return turned(render(shaky, RenderStyle(dpi=200, width=0.6, ink=40), 3), 1.0, 1.0)


def moved(path: Trajectory, x: np.ndarray, y: np.ndarray) -> Trajectory:
    return replace(path, x=x.astype(np.float32), y=y.astype(np.float32))


# --- copies ------------------------------------------------------------------------------------------------


def test_a_signature_coincides_with_itself() -> None:
    assert copy_likeness(sketch(written(SIGNERS[0])), sketch(written(SIGNERS[0]))) == 1.0


@pytest.mark.parametrize("change", [saved_as_jpeg, pasted, scanned_again, scanned_black_and_white])
@pytest.mark.parametrize("signer", SIGNERS)
def test_a_picture_that_went_through_a_machine_is_a_copy(signer: int, change: object) -> None:
    page = written(signer)
    assert callable(change)
    assert copy_likeness(sketch(change(page)), sketch(page)) >= COPY_FROM


@pytest.mark.parametrize("signer", SIGNERS)
def test_a_tracing_with_another_pen_is_a_copy(signer: int) -> None:
    assert copy_likeness(sketch(traced(signer)), sketch(written(signer))) >= COPY_FROM


def test_a_lost_dot_that_moves_and_enlarges_all_the_rest_does_not_hide_a_copy() -> None:
    page = written(SIGNERS[1])
    dotted = np.pad(page, ((0, 0), (0, page.shape[1] // 8)), mode="edge")
    cv2.circle(dotted, (dotted.shape[1] - 12, page.shape[0] // 2), 9, 40, -1)
    with_dot, without = prepare_page(dotted).canvas, prepare_page(page).canvas
    assert np.abs(with_dot.astype(int) - without).mean() > 10, "the dot has to change the canvas"
    assert copy_likeness(sketch_of(with_dot), sketch_of(without)) >= COPY_FROM


# --- repetitions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signer", SIGNERS)
def test_what_the_same_hand_writes_again_is_no_copy(signer: int) -> None:
    pages = [sketch(written(signer, seed)) for seed in range(5)]
    for number, page in enumerate(pages[:-1]):
        assert copy_likenesses(page, pages[number + 1 :]).max() < COPY_FROM


def test_somebody_elses_signature_is_nothing_like_a_copy() -> None:
    others = [sketch(written(signer)) for signer in SIGNERS[1:]]
    assert copy_likenesses(sketch(written(SIGNERS[0])), others).max() < 0.5


def test_a_part_of_a_signature_is_no_copy_of_the_whole() -> None:
    canvas = prepare_page(written(SIGNERS[0])).canvas
    half = canvas.copy()
    half[:, CANVAS_WIDTH // 2 :] = 0
    assert copy_likeness(sketch_of(half), sketch_of(canvas)) < COPY_FROM
    assert copy_likeness(sketch_of(canvas), sketch_of(half)) < COPY_FROM


# --- the form of it ----------------------------------------------------------------------------------------


def test_a_copy_stands_out_among_many_and_each_has_the_likeness_it_has_alone() -> None:
    pages = [sketch(written(signer, seed)) for signer in SIGNERS[:3] for seed in range(4)]
    copy = sketch(scanned_again(written(SIGNERS[2], 1)))
    found = copy_likenesses(copy, pages)
    assert int(found.argmax()) == 9
    assert (found >= COPY_FROM).sum() == 1
    assert found.tolist() == pytest.approx([copy_likeness(copy, page) for page in pages], abs=1e-4)


def test_nothing_is_like_a_sheet_without_strokes() -> None:
    page = sketch(written(SIGNERS[0]))
    assert copy_likenesses(page, []).shape == (0,)
    assert copy_likenesses(page, [BLANK, page]).tolist() == [0.0, 1.0]
    assert copy_likeness(BLANK, page) == 0.0
    assert copy_likeness(BLANK, BLANK) == 0.0


@pytest.mark.parametrize("foreign", [b"", b"x", BLANK[:-1], b"\x00" + BLANK[1:]])
def test_bytes_that_are_no_sketch_are_told_and_not_compared(foreign: bytes) -> None:
    assert not sketch_readable(foreign)
    with pytest.raises(ValueError, match="no sketch"):
        copy_likeness(BLANK, foreign)


def test_a_sketch_is_small_and_holds_lines_a_pixel_wide() -> None:
    made = sketch(written(SIGNERS[0]))
    assert sketch_readable(made)
    assert len(made) == SKETCH_BYTES == 2305
    lines = np.unpackbits(np.frombuffer(made, np.uint8, offset=1)).reshape(CANVAS_HEIGHT, CANVAS_WIDTH)
    assert 100 < lines.sum() < 2000
    assert cv2.erode(lines, np.ones((3, 3), np.uint8)).sum() == 0


def test_the_alignment_lays_the_known_signature_on_the_questioned_one() -> None:
    canvas = prepare_page(written(SIGNERS[3])).canvas
    centre = ((CANVAS_WIDTH - 1) / 2, (CANVAS_HEIGHT - 1) / 2)
    there = cv2.getRotationMatrix2D(centre, 2.0, 0.93)
    there[:, 2] += (3.0, -2.0)
    other = cv2.warpAffine(canvas, there, (CANVAS_WIDTH, CANVAS_HEIGHT))
    found = alignment(sketch_of(other), sketch_of(canvas)).matrix()
    assert found == pytest.approx(there, abs=0.7)
    assert found[:, :2] == pytest.approx(there[:, :2], abs=0.01)
    assert alignment(BLANK, sketch_of(canvas)).matrix() == pytest.approx(np.eye(2, 3))
