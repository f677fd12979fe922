"""Specks go, dots stay."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.components import pieces, remove_specks, stroke_width


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


def test_pieces_are_those_that_opencv_counts() -> None:
    rng = np.random.default_rng(5)
    for share in (0.02, 0.3, 0.9, 1.0):
        mask = rng.random((40, 70)) < share
        inked, piece, areas = pieces(mask)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        assert np.array_equal(np.flatnonzero(mask), inked)
        assert len(areas) == count - 1
        assert sorted(areas) == sorted(stats[1:, cv2.CC_STAT_AREA])
        assert len(set(zip(piece, labels[mask], strict=True))) == count - 1


def test_the_box_of_what_stays_is_that_of_its_pixels() -> None:
    mask = line_mask(9)
    mask[150:153, 240:260] = True
    cleaned, box = remove_specks(mask)
    down, across = np.nonzero(cleaned)
    assert box is not None
    assert (box.left, box.top, box.right, box.bottom) == (
        *(across.min(), down.min()),
        *(across.max() + 1, down.max() + 1),
    )
    assert cleaned[151, 250]


def test_a_mask_without_ink_has_no_pieces() -> None:
    inked, piece, areas = pieces(np.zeros((5, 7), bool))
    assert (len(inked), len(piece), len(areas)) == (0, 0, 0)
