"""Connected pieces of ink: which belong to the signature, which are specks of the scan."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.types import Box, Mask

_SMALL_PIECE = 0.02  # of all ink: a larger piece always belongs to the signature
_REACH_OF_WIDTH = 0.10
_REACH = 0.15  # of the box of the large pieces, within which small pieces (dots, diacritics) are kept


def stroke_width(mask: Mask) -> float:
    """Mean width of the strokes in pixels: twice the area over the length of both edges; 0 without ink."""
    area = int(np.count_nonzero(mask))
    if area == 0:
        return 0.0
    solid = mask.astype(np.uint8)
    edge = area - int(np.count_nonzero(cv2.erode(solid, np.ones((3, 3), np.uint8), borderValue=0)))
    return 2.0 * area / max(edge, 1)


def remove_specks(mask: Mask) -> tuple[Mask, Box | None]:
    """Drop dust and far-off marks; return the cleaned mask and the box of what remains (None without ink)."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count <= 1:
        return np.zeros_like(mask), None
    areas = stats[1:, cv2.CC_STAT_AREA]
    width = stroke_width(mask)
    dust = areas < max(4.0, 0.35 * width * width)
    if dust.all():
        return np.zeros_like(mask), None
    large = areas >= _SMALL_PIECE * float(areas[~dust].sum())
    if not (large & ~dust).any():
        large = areas == areas.max()
    boxes = _boxes(stats[1:])
    keep = ~dust & (large | _touches(boxes, _grown(_union(boxes[large & ~dust]))))
    chosen = np.concatenate(([False], keep))
    return chosen[labels], _union(boxes[keep])


def _boxes(stats: np.ndarray) -> np.ndarray:
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP]
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    return np.stack([left, top, right, bottom], axis=1)


def _union(boxes: np.ndarray) -> Box:
    low, high = boxes.min(axis=0), boxes.max(axis=0)
    return Box(int(low[0]), int(low[1]), int(high[2]), int(high[3]))


def _grown(box: Box) -> Box:
    across, down = int(_REACH * box.width) + 1, int(_REACH * box.height) + 1
    # Dots and diacritics stand well above flat writing, so the reach up and down follows the width too.
    down = max(down, int(_REACH_OF_WIDTH * box.width) + 1)
    return Box(box.left - across, box.top - down, box.right + across, box.bottom + down)


def _touches(boxes: np.ndarray, box: Box) -> np.ndarray:
    return (boxes[:, 0] < box.right) & (boxes[:, 2] > box.left) & (boxes[:, 1] < box.bottom) & (boxes[:, 3] > box.top)
