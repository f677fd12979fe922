"""What scanners, pens and people do to a signature, applied anew at every draw."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlcore.imaging.normalisation import normalise
from mlcore.imaging.types import CANVAS_HEIGHT, CANVAS_WIDTH, Box, Grey

_PAD = 40  # fine pixels around the canvas, so that a turned signature is not cut
_YS, _XS = (
    np.ascontiguousarray(plane - (plane.max() / 2), dtype=np.float32)
    for plane in np.mgrid[0 : 2 * CANVAS_HEIGHT + 2 * _PAD, 0 : 2 * CANVAS_WIDTH + 2 * _PAD]
)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Strengths: rotation in rad, scale and shear as shares, shift in canvas pixels (all standard deviations)."""

    rotation: float = 0.08
    scale: float = 0.09
    shear: float = 0.09
    shift: float = 2.0
    elastic: float = 1.6
    thicken: float = 0.35  # probability of a thinner or thicker pen
    binarise: float = 0.30
    noise: float = 0.15
    cut: float = 0.06


def augment(fine: Grey, rng: np.random.Generator, strength: Augmentation | None = None) -> Grey:
    """A fine canvas, uint8 (192, 384), to a varied canvas, uint8 (96, 192), normalised as the product normalises."""
    strength = strength or Augmentation()
    ink = _warp(fine, rng, strength)
    ink = _change_pen(ink, rng, strength)
    ink = _degrade(ink, rng, strength)
    box = _ink_box(ink)
    canvas, _ = normalise(ink, box)
    return _shifted(canvas, rng, strength.shift)


def _warp(fine: Grey, rng: np.random.Generator, strength: Augmentation) -> Grey:
    angle, shear = rng.normal(0, strength.rotation), rng.normal(0, strength.shear)
    across, down = np.exp(rng.normal(0, strength.scale, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.array([[across, shear], [0.0, down]]) * 0.92
    # cv2 wants the way from the target back to the source; elastic offsets add to it.
    back = np.linalg.inv(linear).astype(np.float32)
    bend_x, bend_y = _elastic(rng, strength.elastic)
    map_x = cv2.addWeighted(_XS, float(back[0, 0]), _YS, float(back[0, 1]), fine.shape[1] / 2) + bend_x
    map_y = cv2.addWeighted(_XS, float(back[1, 0]), _YS, float(back[1, 1]), fine.shape[0] / 2) + bend_y
    return np.asarray(cv2.remap(fine, map_x, map_y, cv2.INTER_LINEAR, borderValue=0), dtype=np.uint8)


def _elastic(rng: np.random.Generator, sd: float) -> tuple[np.ndarray, np.ndarray]:
    """Smooth offsets of `sd` fine pixels (Simard, Steinkraus, Platt 2003), drawn on a coarse grid."""
    coarse = rng.normal(0, sd, (2, 5, 9)).astype(np.float32)
    # Cubic on a middle grid, linear to full size: as smooth to the eye, a third of the time.
    size = (_XS.shape[1] // 8, _XS.shape[0] // 8)
    middle = [cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC) for plane in coarse]
    across, down = (cv2.resize(plane, (_XS.shape[1], _XS.shape[0])) for plane in middle)
    return across, down


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
    if rng.random() < strength.noise:
        # Fading ink: a smooth field that takes density away in patches.
        field = cv2.resize(rng.uniform(0.45, 1.0, (4, 8)).astype(np.float32), (ink.shape[1], ink.shape[0]))
        ink = (ink * field).astype(np.uint8)
    if rng.random() < strength.noise:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.6, 1.3)), dtype=np.uint8)
    if rng.random() < strength.cut:
        edge = int(rng.uniform(0.02, 0.06) * ink.shape[1]) + _PAD
        ink = ink.copy()
        ink[:, :edge] = 0
    return ink


def _ink_box(ink: Grey) -> Box | None:
    dark = ink > 60
    columns, rows = np.flatnonzero(dark.any(axis=0)), np.flatnonzero(dark.any(axis=1))
    if columns.size == 0:
        return None
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _shifted(canvas: Grey, rng: np.random.Generator, sd: float) -> Grey:
    across, down = np.clip(np.round(rng.normal(0, sd, 2)), -4, 4).astype(int)
    move = np.array([[1, 0, across], [0, 1, down]], dtype=np.float32)
    return np.asarray(cv2.warpAffine(canvas, move, (CANVAS_WIDTH, CANVAS_HEIGHT)), dtype=np.uint8)
