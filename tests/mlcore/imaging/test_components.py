"""Specks go, dots stay."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.components import remove_specks, stroke_width


def line_mask(width: int = 5) -> np.ndarray:
    mask = np.zeros((200, 500), np.uint8)
    cv2.line(mask, (100, 120), (400, 80), 1, width)
    return mask.astype(bool)


def test_dust_is_removed_and_the_box_is_that_of_the_stroke() -> None:
    mask = line_mask()
    mask[20, 30] = mask[190, 480] = True
    cleaned, box = remove_specks(mask)
    assert not cleaned[20, 30]
    assert not cleaned[190, 480]
    assert box is not None
    assert 95 <= box.left <= 100
    assert 400 <= box.right <= 405


def test_a_dot_close_to_the_strokes_stays() -> None:
    mask = line_mask()
    mask[60:66, 300:306] = True
    cleaned, _ = remove_specks(mask)
    assert cleaned[62, 302]


def test_a_mark_far_from_the_signature_goes() -> None:
    mask = line_mask()
    mask[180:186, 20:26] = True
    cleaned, _ = remove_specks(mask)
    assert not cleaned[182, 22]


def test_no_ink_has_no_box() -> None:
    cleaned, box = remove_specks(np.zeros((50, 80), bool))
    assert box is None
    assert not cleaned.any()


def test_dust_alone_is_no_ink() -> None:
    mask = np.zeros((50, 80), bool)
    mask[10, 20] = mask[30, 60] = mask[31, 60] = True
    cleaned, box = remove_specks(mask)
    assert box is None
    assert not cleaned.any()


def test_stroke_width_is_that_of_the_pen() -> None:
    assert stroke_width(np.zeros((9, 9), bool)) == 0.0
    mask = np.zeros((60, 300), bool)
    mask[20:28, 10:290] = True
    assert abs(stroke_width(mask) - 8.0) < 0.7
