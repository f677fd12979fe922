"""A plain measure of likeness for the tests: the mean distance between the ink of two pages."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Ink = NDArray[np.bool_]
HEIGHT, WIDTH = 96, 192


def ink_of(page: NDArray[np.uint8]) -> Ink:
    _, dark = cv2.threshold(cv2.GaussianBlur(page, (0, 0), 0.7), 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    return dark > 0


def canvas(page: NDArray[np.uint8]) -> Ink:
    """The ink fitted into a canvas (96, 192), its aspect kept."""
    ink = ink_of(page)
    rows, columns = np.nonzero(ink)
    cut = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(np.uint8) * 255
    factor = min((WIDTH - 8) / cut.shape[1], (HEIGHT - 8) / cut.shape[0])
    size = (max(round(cut.shape[1] * factor), 1), max(round(cut.shape[0] * factor), 1))
    small = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
    fitted = np.zeros((HEIGHT, WIDTH), np.uint8)
    top, left = (HEIGHT - size[1]) // 2, (WIDTH - size[0]) // 2
    fitted[top : top + size[1], left : left + size[0]] = small
    return fitted > 60


def distance(one: Ink, other: Ink) -> float:
    """The mean distance in pixels from the ink of each to the nearest ink of the other."""
    to_one = cv2.distanceTransform((~one).astype(np.uint8), cv2.DIST_L2, 5)
    to_other = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, 5)
    return float(to_other[one].mean() + to_one[other].mean()) / 2


def area_under_curve(low: Sequence[float], high: Sequence[float]) -> float:
    """The probability that a value of `low` is below one of `high`; ties count half."""
    a, b = np.asarray(low)[:, None], np.asarray(high)[None, :]
    return float((a < b).mean() + 0.5 * (a == b).mean())
