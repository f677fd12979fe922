"""What lies across a signature on a form or a cheque: ruled lines, guilloche, a stamp."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.types import Grey


def add_clutter(ink: Grey, rng: np.random.Generator) -> Grey:
    """The signature with a ruled line, a few waves of guilloche or a piece of a stamp across it.

    ink: uint8 (H, W), 0 paper .. 255 ink. Lines stay within the signature's own extent, so that they do not decide
    how it is scaled.
    """
    box = _extent(ink)
    if box is None:
        return ink
    layer = np.zeros_like(ink)
    rng.choice(np.array([_ruled, _guilloche, _stamp]))(layer, box, rng)
    left, top, right, bottom = box
    cluttered = ink.copy()
    inside = cluttered[top : bottom + 1, left : right + 1]
    np.maximum(inside, layer[top : bottom + 1, left : right + 1], out=inside)
    return cluttered


_Extent = tuple[int, int, int, int]


def _extent(ink: Grey) -> _Extent | None:
    dark = ink > 60
    columns, rows = np.flatnonzero(dark.any(axis=0)), np.flatnonzero(dark.any(axis=1))
    if columns.size == 0:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


def _grey(rng: np.random.Generator) -> int:
    return int(rng.integers(70, 220))


def _ruled(layer: Grey, box: _Extent, rng: np.random.Generator) -> None:
    left, top, right, bottom = box
    level = int(rng.uniform(top + 0.4 * (bottom - top), bottom))
    tilt = int(rng.normal(0, 0.01) * (right - left))
    start, stop = sorted(rng.integers(left, right + 1, 2).tolist()) if rng.random() < 0.3 else (left, right)
    cv2.line(layer, (start, level - tilt), (stop, level + tilt), _grey(rng), int(rng.integers(1, 4)), cv2.LINE_AA)


def _guilloche(layer: Grey, box: _Extent, rng: np.random.Generator) -> None:
    left, top, right, bottom = box
    x = np.arange(left, right + 1, 2)
    period, height = rng.uniform(30, 120), rng.uniform(3, 15)
    grey = int(rng.integers(30, 110))
    for level in np.linspace(top, bottom, int(rng.integers(2, 6))):
        y = level + height * np.sin(2 * np.pi * x / period + rng.uniform(0, 0.6))
        curve = np.column_stack([x, np.clip(y, top, bottom)]).round().astype(np.int32)
        cv2.polylines(layer, [curve], False, grey, 1, cv2.LINE_AA)


def _stamp(layer: Grey, box: _Extent, rng: np.random.Generator) -> None:
    left, top, right, bottom = box
    centre = (int(rng.integers(left, right + 1)), int(rng.integers(top, bottom + 1)))
    radius, grey = int(rng.integers(25, 70)), int(rng.integers(50, 150))
    if rng.random() < 0.5:
        cv2.circle(layer, centre, radius, grey, 2, cv2.LINE_AA)
        cv2.circle(layer, centre, max(radius - 8, 4), grey, 1, cv2.LINE_AA)
    else:
        corner = (centre[0] + 2 * radius, centre[1] + radius)
        cv2.rectangle(layer, centre, corner, grey, 2, cv2.LINE_AA)
