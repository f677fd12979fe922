"""Printed rules at the edge of a cut-out: the frame of the form's field, which nobody wrote."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.types import Mask

_LONG = 0.7  # of the page's height or width, without a gap and without leaving the pixel's line
_EDGE = 0.035  # of the page's width or height, in which a rule is looked for
_SHORTEST = 24  # pixels
_RULED = 0.6  # of a connected piece that must be rule; a letter's stem carries the letter
_PURE = 0.85  # from here on the rest of the piece is the rule's own raggedness


def without_rules(mask: Mask) -> Mask:
    """The ink (H, W) without the frame of a form's field.

    A frame is ruled and was cut through, so it runs straight along most of the page, close to its edge and out over
    the page's end, and is hardly ever written over. A stem or an underline is shorter, bent, further in, part of a
    letter or ends on the page, and stays.
    """
    ruled = _at_the_sides(mask) | _at_the_sides(mask.T).T
    if not ruled.any():
        return mask
    _, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    share = np.bincount(pieces[ruled], minlength=pieces.max() + 1) / np.maximum(np.bincount(pieces.ravel()), 1)
    return np.asarray(mask & ~(share >= _PURE)[pieces] & ~(ruled & (share >= _RULED)[pieces]), dtype=np.bool_)


def _at_the_sides(mask: Mask) -> Mask:
    """Inked pixels of straight uprights near the left and right edge."""
    found = np.zeros_like(mask)
    height, width = mask.shape
    strip, length = max(round(_EDGE * width), 3), max(round(_LONG * height), _SHORTEST)
    for part in (slice(0, strip), slice(width - strip, width)):
        ink = np.ascontiguousarray(mask[:, part]).astype(np.uint8)
        if ink.any():
            # A pixel's step to the side is allowed: scans are never quite straight.
            thick = cv2.dilate(ink, np.ones((1, 3), np.uint8))
            runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8), borderValue=0)
            runs = _cut_through(thick, runs)
            found[:, part] = cv2.bitwise_and(cv2.dilate(runs, np.ones((3, 5), np.uint8)), ink) > 0
    return found


def _cut_through(thick: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """The runs whose line goes on to the upper or lower end of the page."""
    count, lines = cv2.connectedComponents(thick, connectivity=8)
    ends = np.zeros(count, dtype=np.bool_)
    ends[lines[0]] = ends[lines[-1]] = True
    ends[0] = False
    return np.asarray(runs * ends[lines], dtype=np.uint8)
