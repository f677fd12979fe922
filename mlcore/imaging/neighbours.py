"""What a box on a page cuts off or holds beside the signature: print, bar codes and ends of what lies next to it."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.ink import extract_ink
from mlcore.imaging.printed import without_print
from mlcore.imaging.types import Box, Grey, Mask

_AROUND = 0.5  # of the box's longer side, looked at on every side of it
_INSIDE = 0.5  # of a piece of ink, from which it belongs to the box
_LEFT = 0.25  # of the box's own ink; where print would leave less, it is the signature, written in single letters


def neighbours(grey: Grey, part: Box, shape: tuple[int, ...], shrink: float) -> Mask:
    """Pixels in `part` of the page `grey`, uint8 (H, W), that are not its signature.

    shape, shrink: size and scale at which the part is worked on, and of the result. Print is told by its neighbours
    beyond the box; a piece of ink that lies mostly outside was cut off by the box and stays out.
    """
    reach = round(_AROUND * max(part.width, part.height))
    around = Box(part.left - reach, part.top - reach, part.right + reach, part.bottom + reach)
    around = around.within(grey.shape[1], grey.shape[0])
    top, left = round((part.top - around.top) * shrink), round((part.left - around.left) * shrink)
    window = grey[around.top : around.bottom, around.left : around.right]
    size = (
        max(round(around.width * shrink), left + shape[1]),
        max(round(around.height * shrink), top + shape[0]),
    )
    mask = extract_ink(np.asarray(cv2.resize(window, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)).mask
    here = (slice(top, top + shape[0]), slice(left, left + shape[1]))
    printed = mask & ~without_print(mask, longer=round(max(grey.shape) * shrink))
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    inside = np.bincount(pieces[here].ravel(), minlength=count)
    outside = inside < _INSIDE * stats[:, cv2.CC_STAT_AREA]
    outside[0] = False
    own, away = (mask & ~outside[pieces])[here], outside[pieces][here]
    if np.count_nonzero(own & ~printed[here]) >= _LEFT * np.count_nonzero(own):
        away = away | printed[here]
    return np.asarray(cv2.dilate(away.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0, dtype=np.bool_)
