"""What scanners, pens and people do to a signature, applied anew at every draw."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlcore.embedding.clutter import add_clutter
from mlcore.embedding.pseudo_writers import UNCHANGED, Matrix, Offsets, PseudoWriter
from mlcore.imaging.normalisation import PAPER, normalise
from mlcore.imaging.types import CANVAS_HEIGHT, CANVAS_WIDTH, Box, Grey

_PAD = 40  # fine pixels around the canvas, so that a turned signature is not cut
_HEIGHT, _WIDTH = 2 * CANVAS_HEIGHT + 2 * _PAD, 2 * CANVAS_WIDTH + 2 * _PAD
_CELL = 8  # fine pixels between the points at which a warp is worked out; JPEG's blocks are as large
_COLUMNS, _ROWS = (
    np.ascontiguousarray((plane - 0.5) * _CELL - 0.5 - (size - 1) / 2, dtype=np.float32)
    for plane, size in zip(
        np.meshgrid(np.arange(_WIDTH // _CELL + 2), np.arange(_HEIGHT // _CELL + 2)), (_WIDTH, _HEIGHT), strict=True
    )
)
_GRAIN = np.random.default_rng(1).normal(size=(_HEIGHT + 64, _WIDTH + 64)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Strengths: rotation in rad, scale and shear as shares, shift in canvas pixels (all standard deviations).

    elastic: in fine pixels. thicken, binarise, fade, grain, clutter, scan, cut: probabilities.
    """

    rotation: float = 0.08
    scale: float = 0.09
    shear: float = 0.09
    shift: float = 2.0
    elastic: float = 1.6
    thicken: float = 0.35  # a thinner or thicker pen
    binarise: float = 0.30
    fade: float = 0.15  # fading; and, drawn anew, blur
    grain: float = 0.10  # of a rough sheet or a dry pen
    clutter: float = 0.08  # ruled or guilloche lines, a stamp
    scan: float = 0.08  # JPEG; and, drawn anew, a coarse scan
    cut: float = 0.06  # an end left out of the cut-out


def augment(
    fine: Grey,
    rng: np.random.Generator,
    strength: Augmentation | None = None,
    writer: PseudoWriter = UNCHANGED,
) -> Grey:
    """A fine canvas, uint8 (192, 384), to a varied canvas, uint8 (96, 192), normalised as the product normalises.

    writer: the change that makes another writer of this one; the same for all his signatures of a batch.
    """
    strength = strength or Augmentation()
    ink = _warp(_part(fine, writer.window), rng, strength, writer)
    ink = _change_pen(ink, rng, strength)
    ink = _degrade(ink, rng, strength)
    canvas, _ = normalise(ink, _ink_box(ink))
    return _shifted(canvas, rng, strength.shift)


def _part(fine: Grey, window: tuple[float, float]) -> Grey:
    """Only what lies within a share of the signature's width."""
    if window == (0.0, 1.0):
        return fine
    inked = np.flatnonzero(fine.max(axis=0) > 60)
    if inked.size == 0:
        return fine
    left, width = int(inked[0]), int(inked[-1]) + 1 - int(inked[0])
    kept = np.zeros_like(fine)
    start, stop = left + round(window[0] * width), left + round(window[1] * width)
    kept[:, start:stop] = fine[:, start:stop]
    return kept


def _warp(fine: Grey, rng: np.random.Generator, strength: Augmentation, writer: PseudoWriter) -> Grey:
    """The warped signature with a little paper around it."""
    angle, shear = rng.normal(0, strength.rotation), rng.normal(0, strength.shear)
    across, down = np.exp(rng.normal(0, strength.scale, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.array([[across, shear], [0.0, down]]) @ writer.linear * 0.92
    # Most of the canvas is paper, so only the cells where ink can come to lie are worked out.
    farthest = 0.0 if writer.bend is None else 1.5 * float(np.abs(writer.bend).max())
    left, top, right, bottom = _target(fine, linear, 5 * strength.elastic + farthest + 4)
    part = (slice(top, bottom + 2), slice(left, right + 2))
    # cv2 wants the way from the target back to the source; elastic offsets add to it. Both are smooth, so a point for
    # each cell and linear interpolation between them are enough; a cell more on every side keeps the edges exact.
    back = np.linalg.inv(linear).astype(np.float32)
    points = [
        back[axis, 0] * _COLUMNS[part] + back[axis, 1] * _ROWS[part] + bend[part] + size / 2
        for axis, (bend, size) in enumerate(zip(_elastic(rng, strength.elastic), fine.shape[::-1], strict=True))
    ]
    if writer.bend is not None:
        points = _bent(points, writer.bend, fine)
    size = (points[0].shape[1] * _CELL, points[0].shape[0] * _CELL)
    map_x, map_y = (cv2.resize(plane, size)[_CELL:-_CELL, _CELL:-_CELL] for plane in points)
    return np.asarray(cv2.remap(fine, map_x, map_y, cv2.INTER_LINEAR, borderValue=0), dtype=np.uint8)


def _target(fine: Grey, linear: Matrix, slack: float) -> tuple[int, int, int, int]:
    """Left, top, right and bottom, in cells, of where the ink comes to lie, `slack` fine pixels around included."""
    x, y, width, height = cv2.boundingRect(fine)
    corners = np.array([[x, x + width, x, x + width], [y, y, y + height, y + height]], dtype=np.float64)
    middle = np.array([[fine.shape[1] / 2], [fine.shape[0] / 2]])
    moved = linear @ (corners - middle) + np.array([[_WIDTH / 2], [_HEIGHT / 2]])
    low = np.clip(np.floor((moved.min(axis=1) - slack) / _CELL), 0, [_WIDTH // _CELL - 1, _HEIGHT // _CELL - 1])
    high = np.clip(np.ceil((moved.max(axis=1) + slack) / _CELL), low + 1, [_WIDTH // _CELL, _HEIGHT // _CELL])
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _bent(points: list[np.ndarray], bend: Offsets, fine: Grey) -> list[np.ndarray]:
    """Where the writer's own bend takes the points from: it belongs to his signature, so it turns with it."""
    size = (fine.shape[1] // _CELL, fine.shape[0] // _CELL)
    across, down = (((plane + 0.5) / _CELL - 0.5).astype(np.float32) for plane in points)
    fields = [cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC) for plane in bend]
    offsets = [cv2.remap(field, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for field in fields]
    return [(plane + offset).astype(np.float32) for plane, offset in zip(points, offsets, strict=True)]


def _elastic(rng: np.random.Generator, sd: float) -> list[np.ndarray]:
    """Smooth offsets of `sd` fine pixels (Simard, Steinkraus, Platt 2003), one a cell, drawn on a coarse grid."""
    coarse = rng.normal(0, sd, (2, 5, 9)).astype(np.float32)
    size = (_WIDTH // _CELL, _HEIGHT // _CELL)
    cells = [cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC) for plane in coarse]
    return [cv2.copyMakeBorder(plane, 1, 1, 1, 1, cv2.BORDER_REPLICATE) for plane in cells]


def _change_pen(ink: Grey, rng: np.random.Generator, strength: Augmentation) -> Grey:
    if rng.random() < strength.thicken:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        change = cv2.dilate if rng.random() < 0.5 else cv2.erode
        varied = change(ink, kernel)
        share = rng.uniform(0.4, 1.0)
        ink = np.asarray(cv2.addWeighted(varied, share, ink, 1 - share, 0), dtype=np.uint8)
    gamma = float(np.exp(rng.normal(0, 0.3)))
    table = (255.0 * (np.arange(256) / 255.0) ** gamma).astype(np.uint8)
    return np.asarray(cv2.LUT(ink, table), dtype=np.uint8)


def _degrade(ink: Grey, rng: np.random.Generator, strength: Augmentation) -> Grey:
    if rng.random() < strength.binarise:
        ink = (ink > rng.uniform(70, 150)).astype(np.uint8) * np.uint8(255)
    if rng.random() < strength.fade:
        # Fading ink: a smooth field that takes density away in patches.
        field = cv2.resize(rng.uniform(0.45, 1.0, (4, 8)).astype(np.float32), (ink.shape[1], ink.shape[0]))
        ink = (ink * field).astype(np.uint8)
    if rng.random() < strength.grain:
        ink = _grainy(ink, rng)
    if rng.random() < strength.fade:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.6, 1.3)), dtype=np.uint8)
    if rng.random() < strength.clutter:
        ink = add_clutter(ink, rng)
    if rng.random() < strength.scan:
        ink = _coarse(ink, rng)
    if rng.random() < strength.scan:
        ink = _compressed(ink, rng)
    if rng.random() < strength.cut:
        ink = _cut(ink, rng)
    return ink


def _grainy(ink: Grey, rng: np.random.Generator) -> Grey:
    """Speckled within the strokes; on bare paper imaging drops what is as faint as this."""
    height, width = ink.shape
    top, left = int(rng.integers(_GRAIN.shape[0] - height + 1)), int(rng.integers(_GRAIN.shape[1] - width + 1))
    speckle = 1.0 + rng.uniform(0.1, 0.35) * _GRAIN[top : top + height, left : left + width]
    return np.clip(ink * speckle, 0, 255).astype(np.uint8)


def _cut(ink: Grey, rng: np.random.Generator) -> Grey:
    """Without 3 to 12 % of the signature at one side, mostly at its beginning or end."""
    x, y, width, height = cv2.boundingRect(ink)
    share, side = rng.uniform(0.03, 0.12), rng.choice(4, p=(0.35, 0.35, 0.15, 0.15))
    kept = ink.copy()
    if side < 2:
        lost = round(share * width)
        kept[:, slice(x, x + lost) if side == 0 else slice(x + width - lost, x + width)] = 0
    else:
        lost = round(share * height)
        kept[slice(y, y + lost) if side == 2 else slice(y + height - lost, y + height)] = 0
    return kept


def _coarse(ink: Grey, rng: np.random.Generator) -> Grey:
    """As scanned with a half to three quarters of the dots, black and white in one case of two."""
    share = rng.uniform(0.5, 0.75)
    small = cv2.resize(ink, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        small = (small > rng.uniform(60, 120)).astype(np.uint8) * np.uint8(255)
    return np.asarray(cv2.resize(small, (ink.shape[1], ink.shape[0])), dtype=np.uint8)


def _compressed(ink: Grey, rng: np.random.Generator) -> Grey:
    """Through JPEG, quality 20 to 60, as paper; faint ringing falls below the noise floor as imaging would drop it."""
    _, data = cv2.imencode(".jpg", 255 - ink, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 60))])
    ringing = 255 - np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    return np.where(ringing < PAPER, 0, ringing).astype(np.uint8)


def _ink_box(ink: Grey) -> Box | None:
    left, top, width, height = cv2.boundingRect(cv2.threshold(ink, 60, 255, cv2.THRESH_BINARY)[1])
    return Box(left, top, left + width, top + height) if width else None


def _shifted(canvas: Grey, rng: np.random.Generator, sd: float) -> Grey:
    across, down = np.clip(np.round(rng.normal(0, sd, 2)), -4, 4).astype(int).tolist()
    moved = np.zeros_like(canvas)
    height, width = canvas.shape
    moved[max(down, 0) : height + min(down, 0), max(across, 0) : width + min(across, 0)] = canvas[
        max(-down, 0) : height + min(-down, 0), max(-across, 0) : width + min(-across, 0)
    ]
    return moved
