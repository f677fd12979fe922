"""Strokes thinned to their middle lines."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from mlcore.imaging.types import Grey, Mask


def thinned(mask: Mask) -> Grey:
    """Strokes thinned to lines a pixel wide, uint8 (H, W) of 0 and 1 (Zhang and Suen 1984)."""
    lines = mask.astype(np.uint8)
    gone = 1
    while gone:
        gone = 0
        for table in _removable():
            around = cv2.filter2D(lines, -1, _WEIGHTS, borderType=cv2.BORDER_CONSTANT)
            out = np.asarray(cv2.LUT(around, table), dtype=np.uint8) & lines
            gone += int(np.count_nonzero(out))
            lines ^= out
    return lines


# Bit k of a pixel's code is its k-th neighbour, clockwise from the one above.
_WEIGHTS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], dtype=np.float32)


@lru_cache(maxsize=1)
def _removable() -> tuple[Grey, Grey]:
    """For both half steps, which of the 256 neighbourhoods lets a pixel go: (256,) of 0 and 1."""
    first, second = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    for code in range(256):
        ring = [(code >> bit) & 1 for bit in range(8)]
        rises = sum(ring[bit] == 0 and ring[(bit + 1) % 8] == 1 for bit in range(8))
        if rises != 1 or not 2 <= sum(ring) <= 6:
            continue
        up, right, down, left = ring[::2]
        first[code] = not (up and right and down) and not (right and down and left)
        second[code] = not (up and right and left) and not (up and down and left)
    return first, second
