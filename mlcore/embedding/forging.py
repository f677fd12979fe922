"""Forgeries made of a genuine signature's image, where nobody has forged it yet.

A forger sees the signature and copies it: the proportions come out wrong (distorted), he draws slowly, so that the
line trembles and the ink is even (slowed), and he draws the line anew with a pen of his own (redrawn). The traits are
those that forensic examiners name (Huber and Headrick 1999): line quality, tremor, proportions, lack of pressure
variation. They are imitations of imitations: training on them keeps the network strict, it does not show how well it
tells real forgeries.
"""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.thinning import thinned
from mlcore.imaging.types import Grey

_INKED = 90  # density from which on a fine pixel belongs to a stroke
_LETTER = (4, 7)  # points over the canvas, about a letter apart
_TREMBLE = (16, 32)  # about a stroke's bend apart


def forge(fine: Grey, rng: np.random.Generator, *, skill: float | None = None) -> Grey:
    """A forgery of a signature on its fine canvas, uint8 (192, 384), 0 paper .. 255 ink; the same form.

    skill: 0 (careless) to 1 (close); drawn evenly where it is not given.
    """
    skill = float(rng.uniform(0.2, 1.0)) if skill is None else skill
    ink = _distorted(fine, rng, 8.0 - 4.5 * skill)
    ink = _slowed(ink, rng, 0.7 + 0.9 * (1.0 - skill))
    return _redrawn(ink, rng) if rng.random() < 0.6 else _pressed(ink, rng)


def _distorted(ink: Grey, rng: np.random.Generator, far: float) -> Grey:
    """Letters moved, widened and leaned by `far` fine pixels (standard deviation)."""
    slant, wide, high = rng.normal(0, far / 60, 3)
    height, width = ink.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = columns - width / 2, rows - height / 2
    across, down = _field(rng, _LETTER, far, ink.shape), _field(rng, _LETTER, 0.7 * far, ink.shape)
    from_x = width / 2 + x / np.exp(wide) + slant * y + across
    from_y = height / 2 + y / np.exp(high) + down
    return _taken(ink, from_x.astype(np.float32), from_y.astype(np.float32))


def _slowed(ink: Grey, rng: np.random.Generator, far: float) -> Grey:
    """The line trembles by `far` fine pixels."""
    height, width = ink.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    across, down = (_field(rng, _TREMBLE, far, ink.shape) for _ in range(2))
    return _taken(ink, columns + across, rows + down)


def _redrawn(ink: Grey, rng: np.random.Generator) -> Grey:
    """Along its middle lines with a pen of even width and ink."""
    lines = thinned(ink >= _INKED)
    width = int(rng.integers(3, 7))
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    drawn = cv2.GaussianBlur(cv2.dilate(lines * np.uint8(255), pen), (0, 0), 0.8)
    return np.asarray(np.minimum(drawn, int(rng.integers(150, 256))), dtype=np.uint8)


def _pressed(ink: Grey, rng: np.random.Generator) -> Grey:
    """With the strokes that are there, but no variation of pressure."""
    share = float(rng.uniform(0.4, 1.0))
    even = np.where(ink >= _INKED, np.uint8(rng.integers(160, 250)), ink)
    return np.asarray(cv2.addWeighted(even.astype(np.uint8), share, ink, 1.0 - share, 0), dtype=np.uint8)


def _field(rng: np.random.Generator, grid: tuple[int, int], far: float, shape: tuple[int, ...]) -> Grey:
    coarse = rng.normal(0, far, grid).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))


def _taken(ink: Grey, from_x: Grey, from_y: Grey) -> Grey:
    return np.asarray(cv2.remap(ink, from_x, from_y, cv2.INTER_LINEAR, borderValue=0), dtype=np.uint8)
