"""A printed line under or through the writing goes, the writing and its own lines stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mlcore.imaging.across import without_lines

HEIGHT, WIDTH = 240, 640


def written() -> np.ndarray:
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    for left in (120, 220, 320, 420):
        cv2.ellipse(ink, (left, 120), (35, 60), 15, 0, 360, 1, 5)
    return ink.astype(bool)


def lined(start: tuple[int, int], stop: tuple[int, int], thickness: int = 3) -> np.ndarray:
    ink = written().astype(np.uint8)
    cv2.line(ink, start, stop, 1, thickness)
    return ink.astype(bool)


@pytest.mark.parametrize(("left", "right"), [(150, 150), (190, 190), (145, 155), (126, 118)])
@pytest.mark.parametrize("thickness", [1, 3, 5])
def test_a_line_across_the_page_goes_and_crossings_stay(left: int, right: int, thickness: int) -> None:
    page, clean = lined((0, left), (WIDTH - 1, right), thickness), written()
    found = without_lines(page)
    line = page & ~clean
    assert (found & line).sum() <= 0.1 * line.sum()
    assert (found & clean).sum() >= 0.97 * clean.sum()


@pytest.mark.parametrize("ends", [((10, 200), (WIDTH - 11, 200)), ((0, 200), (WIDTH - 30, 200))])
def test_an_underline_that_ends_on_the_page_stays(ends: tuple[tuple[int, int], tuple[int, int]]) -> None:
    page = lined(*ends)
    assert np.array_equal(without_lines(page), page)


def test_a_flourish_through_a_tight_cut_out_stays() -> None:
    """From side to side, but by hand: it bends."""
    x = np.arange(WIDTH)
    ink = written().astype(np.uint8)
    curve = np.column_stack([x, 195 + 8 * np.sin(x / 90)]).round().astype(np.int32)
    cv2.polylines(ink, [curve], False, 1, 4)
    assert np.array_equal(without_lines(ink.astype(bool)), ink.astype(bool))


def test_writing_without_a_line_is_not_touched() -> None:
    assert np.array_equal(without_lines(written()), written())
    assert not without_lines(np.zeros((HEIGHT, WIDTH), bool)).any()
    assert without_lines(np.ones((40, 80), bool)).shape == (40, 80)


def test_a_page_one_pixel_wide_is_left_as_it_is() -> None:
    mask = np.array([[False], [True]])
    assert without_lines(mask) is mask
