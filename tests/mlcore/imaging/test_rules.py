"""The printed frame of a form's field goes, handwriting stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mlcore.imaging.rules import without_rules

HEIGHT, WIDTH = 300, 700


def written() -> np.ndarray:
    """A few letters in the middle, with a stem and an underline of their own."""
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(ink, (250, 150), (60, 40), 20, 0, 300, 1, 5)
    cv2.line(ink, (120, 60), (130, 250), 1, 5)
    cv2.line(ink, (100, 260), (600, 255), 1, 5)
    return ink.astype(bool)


@pytest.mark.parametrize("column", [4, 12, WIDTH - 8])
def test_an_upright_at_the_side_goes_and_the_writing_stays(column: int) -> None:
    framed = written().astype(np.uint8)
    cv2.line(framed, (column, 0), (column + 3, HEIGHT - 1), 1, 3)
    assert np.array_equal(without_rules(framed.astype(bool)), written())


def test_a_corner_of_the_frame_goes_whole() -> None:
    framed = written().astype(np.uint8)
    cv2.line(framed, (5, 0), (5, HEIGHT - 6), 1, 3)
    cv2.line(framed, (5, HEIGHT - 6), (WIDTH - 1, HEIGHT - 6), 1, 3)
    assert np.array_equal(without_rules(framed.astype(bool)), written())


def test_letters_that_touch_the_frame_lose_nothing_but_the_frame() -> None:
    framed = written().astype(np.uint8)
    cv2.line(framed, (WIDTH - 8, 0), (WIDTH - 8, HEIGHT - 1), 1, 3)
    tail = np.zeros_like(framed)
    cv2.line(tail, (WIDTH - 90, 150), (WIDTH - 12, 140), 1, 5)
    left = without_rules((framed | tail).astype(bool))
    assert (left & (tail > 0)).sum() > 0.9 * tail.sum()
    assert not left[:100, WIDTH - 30 :].any()


def test_a_stem_at_the_edge_of_a_tight_cut_out_stays() -> None:
    """The first letter of a tight cut-out runs from top to bottom, but it carries a letter."""
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.line(ink, (6, 5), (6, HEIGHT - 5), 1, 5)
    for row in (8, 150, HEIGHT - 8):
        cv2.line(ink, (6, row), (150, row), 1, 5)
    assert np.array_equal(without_rules(ink.astype(bool)), ink.astype(bool))


def test_a_stem_further_in_stays() -> None:
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.line(ink, (80, 5), (80, HEIGHT - 5), 1, 5)
    assert np.array_equal(without_rules(ink.astype(bool)), ink.astype(bool))


def test_an_underline_at_the_foot_of_a_tight_cut_out_stays() -> None:
    """Detached, straight and close to the edge, but it begins and ends on the page."""
    ink = written().astype(np.uint8)
    cv2.line(ink, (15, HEIGHT - 6), (WIDTH - 15, HEIGHT - 7), 1, 4)
    assert np.array_equal(without_rules(ink.astype(bool)), ink.astype(bool))


def test_an_empty_page_stays_empty() -> None:
    assert not without_rules(np.zeros((HEIGHT, WIDTH), bool)).any()
    assert not without_rules(np.zeros((1, 1), bool)).any()
