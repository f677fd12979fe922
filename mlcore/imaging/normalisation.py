"""The signature on a canvas of fixed size, with its own proportions."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.types import CANVAS_HEIGHT, CANVAS_WIDTH, Box, Grey

MARGIN = 4  # canvas pixels left free on every side, so that strokes do not end at the edge
_MAX_ENLARGEMENT = 3.0
_MAX_GAIN = 3.0
PAPER = 24  # density up to which a pixel says nothing about the pen
_FULL_SHARE = 0.4  # of the inked pixels that stand at full density on a canvas


def normalise(density: Grey, box: Box | None) -> tuple[Grey, Grey]:
    """Scale the ink in `box` to fit the canvas, centred, aspect preserved.

    density: uint8 (H, W), 0 paper .. 255 ink. Returns (canvas uint8 (96, 192), fine uint8 (192, 384)); the canvas is
    the fine one averaged over 2 x 2 pixels, its tone evened. Thin pens pale when they are scaled down, so the darkest
    tenth of the ink is brought back to full density. Without a box both are empty.
    """
    fine = np.zeros((2 * CANVAS_HEIGHT, 2 * CANVAS_WIDTH), dtype=np.uint8)
    if box is None or box.width <= 0 or box.height <= 0:
        return np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), dtype=np.uint8), fine
    crop = density[box.top : box.bottom, box.left : box.right]
    room = (fine.shape[0] - 4 * MARGIN, fine.shape[1] - 4 * MARGIN)
    scale = min(room[0] / box.height, room[1] / box.width, 2.0 * _MAX_ENLARGEMENT)
    height = min(max(1, round(box.height * scale)), room[0])
    width = min(max(1, round(box.width * scale)), room[1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    top, left = (fine.shape[0] - height) // 2, (fine.shape[1] - width) // 2
    fine[top : top + height, left : left + width] = cv2.resize(crop, (width, height), interpolation=method)
    fine = restore_density(fine)
    return to_canvas(fine), fine


def to_canvas(fine: Grey) -> Grey:
    """Average 2 x 2 pixels of a fine canvas, uint8 (192, 384) -> (96, 192), and even the tone of the ink."""
    small = cv2.resize(fine, (fine.shape[1] // 2, fine.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return even_tone(restore_density(np.asarray(small, dtype=np.uint8)))


def restore_density(ink: Grey) -> Grey:
    """Raise the ink so that its 90th percentile is full density (255), at most threefold; empty stays empty."""
    counts = cv2.calcHist([ink], [0], None, [256], [0, 256]).ravel()  # a tenth of np.bincount's time
    counts[: PAPER + 1] = 0
    total = int(counts.sum())
    if total == 0:
        return ink
    top = int(np.searchsorted(np.cumsum(counts), 0.9 * total))
    gain = min(255.0 / max(top, 1), _MAX_GAIN)
    return np.asarray(cv2.convertScaleAbs(ink, alpha=gain), dtype=np.uint8)


def even_tone(ink: Grey) -> Grey:
    """Give the ink the same distribution of density on every canvas (histogram specification, by rank).

    How dark a pen writes and a scanner scans tells genuine from forged in some data sets (AUC up to 0.72, and 0.89 by
    the pale halo around strokes alone) and nothing about the hand. Which strokes are darker than others is kept; what
    is hardly darker than paper (density <= 24) becomes paper. An empty canvas stays empty.
    """
    counts = np.bincount(ink.ravel(), minlength=256).astype(np.float64)
    counts[: PAPER + 1] = 0
    total = counts.sum()
    if total == 0:
        return np.zeros_like(ink)
    rank = (np.cumsum(counts) - 0.5 * counts) / total
    table = np.clip(PAPER + (255 - PAPER) * rank / (1 - _FULL_SHARE), 0, 255)
    table[: PAPER + 1] = 0
    return np.asarray(cv2.LUT(ink, table.round().astype(np.uint8)), dtype=np.uint8)
