"""A printed rule across the page, such as the line to sign on, taken out from under the writing."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.types import Mask

_PIECE = 0.06  # of the width: shortest level run that can be part of a rule
_END = 0.004  # of the width, from the side of the page, within which a rule ends
_GAPS = 0.06  # of its columns that may be missing
_BENT = 0.002  # of the width, by which the middle of a rule may stray from a straight line
_STRAIGHT = 0.6  # of its columns that must not stray; strokes run along the others for a while
_THICK = 0.03  # of the page's height, at most


def without_lines(mask: Mask) -> Mask:
    """The ink (H, W) without rules that run straight from one side of the page to the other.

    Handwriting does not reach both sides in a straight line of even thickness. Where a stroke crosses the rule, with
    ink above and below, the crossing stays.
    """
    end = max(round(_END * mask.shape[1]), 1)
    if mask.shape[1] < 2 or not (mask[:, :end].any() and mask[:, -end:].any()):
        return mask
    ink = mask.astype(np.uint8)
    # A pixel's step up or down is allowed: scans are never quite straight.
    thick = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    length = max(round(_PIECE * mask.shape[1]), 16)
    level = cv2.bitwise_and(cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)), ink)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(level, connectivity=8)
    left, width = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_WIDTH]
    spanning = [i for i in range(1, count) if left[i] < end and left[i] + width[i] > mask.shape[1] - end]
    for piece in spanning:
        band = _rule(pieces == piece)
        if band is not None:
            mask = _without(mask, *band)
    return mask


def _rule(piece: Mask) -> tuple[Mask, int] | None:
    """The band of a straight rule that `piece` holds, and how thick it is in pixels; None where it holds none."""
    columns = np.flatnonzero(piece.any(axis=0))
    if len(columns) < (1 - _GAPS) * piece.shape[1]:
        return None
    rows = np.arange(piece.shape[0])[:, None]
    thickness = piece[:, columns].sum(axis=0)
    usual = float(np.median(thickness))
    middle = (piece[:, columns] * rows).sum(axis=0) / thickness
    even = np.abs(thickness - usual) <= 1
    if even.mean() < _STRAIGHT or usual > max(_THICK * piece.shape[0], 3):
        return None
    bent = max(_BENT * piece.shape[1], 0.5)
    for _ in range(2):  # once more without what strays
        line = np.polyfit(columns[even], middle[even], 1)
        even = (np.abs(middle - np.polyval(line, columns)) <= bent) & (np.abs(thickness - usual) <= 1)
        if even.mean() < _STRAIGHT:
            return None
    away = np.abs(rows - np.polyval(line, np.arange(piece.shape[1]))[None])
    return np.asarray(away <= usual / 2 + 1, dtype=np.bool_), round(usual)


def _without(mask: Mask, band: Mask, thickness: int) -> Mask:
    rest = (mask & ~band).astype(np.uint8)
    kernel = np.ones((thickness + 5, 5), np.uint8)
    above = cv2.dilate(rest, kernel, anchor=(2, thickness + 4))
    below = cv2.dilate(rest, kernel, anchor=(2, 0))
    return np.asarray(mask & (~band | (cv2.bitwise_and(above, below) > 0)), dtype=np.bool_)
