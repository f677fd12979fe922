"""In a box on a page only the signature is judged, not the print and the bar code beside it."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.imaging import Box, prepare_page
from mlcore.imaging.types import Signature
from tests.mlcore.pages import drawn_page

SIZE = (760, 1700)
LEFT, TOP = 1180, 400
BOX = Box(LEFT, TOP, LEFT + 420, TOP + 200)


def page(*, print_below: bool = False, bars: bool = False, stroke_beside: bool = False) -> np.ndarray:
    """A page with one drawing in BOX and whatever stands near it."""
    grey = np.full(SIZE, 245, np.uint8)
    grey[TOP + 16 : TOP + 184, LEFT : LEFT + 420] = drawn_page(168, 420)
    if print_below:
        place = (LEFT + 60, BOX.bottom + 6)
        cv2.putText(grey, "PLEASE SIGN ABOVE", place, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 40, 2, cv2.LINE_AA)
    if bars:
        for down in range(TOP - 80, TOP + 260, 7):
            grey[down : down + 3, BOX.right - 14 : BOX.right + 26] = 20
    if stroke_beside:
        cv2.line(grey, (BOX.right - 12, TOP + 30), (BOX.right + 90, TOP + 60), 30, 4)
    return grey


def unlike(one: Signature, other: Signature) -> float:
    return float(np.abs(one.canvas.astype(int) - other.canvas).mean())


def test_print_bars_and_ends_of_strokes_beside_change_nothing() -> None:
    alone = prepare_page(page(), box=BOX)
    assert alone.quality.grade == "good"
    for beside in ({"print_below": True}, {"bars": True}, {"stroke_beside": True}):
        found = prepare_page(page(**beside), box=BOX)
        assert unlike(found, alone) < 0.5, beside
        assert not found.quality.touches_border, beside


def test_a_signature_that_the_box_cuts_is_still_marked() -> None:
    found = prepare_page(page(), box=Box(LEFT, TOP, LEFT + 250, TOP + 200))
    assert found.quality.touches_border


def test_a_signature_in_single_letters_is_not_taken_for_print() -> None:
    grey = np.full(SIZE, 245, np.uint8)
    for left in range(LEFT + 40, LEFT + 360, 50):  # N N N N N N N
        foot, head = TOP + 120, TOP + 88
        letter = np.array([[left, foot], [left, head], [left + 28, foot], [left + 28, head]], dtype=np.int32)
        cv2.polylines(grey, [letter], False, 40, 2, cv2.LINE_AA)
    found = prepare_page(grey, box=BOX)
    assert not found.quality.refused
    assert found.box is not None
    assert found.box.width > 300


def test_a_box_around_the_whole_page_is_the_whole_page() -> None:
    grey = page(print_below=True, bars=True)
    whole = prepare_page(grey, box=Box(0, 0, SIZE[1], SIZE[0]))
    assert np.array_equal(whole.canvas, prepare_page(grey).canvas)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 399), st.integers(0, 299), st.integers(1, 400), st.integers(1, 300), st.integers(0, 2**31))
def test_any_box_on_any_page_gives_a_canvas_and_the_same_one_again(
    left: int, top: int, width: int, height: int, seed: int
) -> None:
    grey = np.random.default_rng(seed).integers(0, 256, (300, 400), dtype=np.uint8)
    box = Box(left, top, left + width, top + height)
    found = prepare_page(grey, box=box)
    assert found.canvas.shape == (96, 192)
    assert np.array_equal(found.canvas, prepare_page(grey, box=box).canvas)
    if found.box is not None:
        assert left <= found.box.left <= found.box.right <= min(left + width, 400)
        assert top <= found.box.top <= found.box.bottom <= min(top + height, 300)
