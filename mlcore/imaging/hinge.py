"""The contour hinge: in which directions the edges of the strokes run, and how they turn.

Bulacu and Schomaker 2007 (Text-independent writer identification and verification using textural and allographic
features, section 3.1): at every point of the contours two legs lead a few pixels along the contour, one forwards and
one backwards; the joint distribution of their directions is a hand's slant, roundness and sharpness of turns, whatever
is written. Nothing of it is learnt, so it is as good on hands that no network has seen. The legs run along the edges,
not across the strokes, so that how broad a pen writes hardly counts.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from mlcore.imaging.types import Grey

DIRECTIONS = 24  # of a leg, 15 degrees each
HINGE_SIZE = DIRECTIONS * DIRECTIONS
TURNS = (-0.5, 0.5)  # by how many directions a page may have been turned: 7.5 degrees either way
_LEG = 8  # points of the contour at twice the canvas's size: 4 canvas pixels, a stroke and a half
_INK = 100  # density from which on a pixel belongs to a stroke
_BLUR = 0.7  # directions, standard deviation: legs that end beside each other count as nearly the same


def contour_hinge(canvas: Grey) -> npt.NDArray[np.float32]:
    """uint8 (96, 192), 0 paper .. 255 ink -> float32 (576,), the square roots of the shares, so of unit length.

    Zeros for a canvas without a contour long enough.
    """
    doubled = cv2.resize(canvas, None, fx=2.0, fy=2.0, interpolation=cv2.INTER_LINEAR)
    found, _ = cv2.findContours((doubled > _INK).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    contours = [contour[:, 0].astype(np.int32, copy=False) for contour in found if len(contour) >= 3 * _LEG]
    if not contours:
        return np.zeros(HINGE_SIZE, np.float32)
    behind, ahead = _directions(contours)
    cells = DIRECTIONS * behind + ahead
    counts = np.bincount(cells, minlength=HINGE_SIZE).astype(np.float32).reshape(DIRECTIONS, DIRECTIONS)
    shares = cv2.GaussianBlur(np.pad(counts, 2, mode="wrap"), (5, 5), _BLUR)[2:-2, 2:-2].ravel()
    return np.asarray(np.sqrt(shares / shares.sum()), dtype=np.float32)


def turned_hinges(hinges: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(N, 576) -> (2, N, 576): what the hinges would be, had the page been turned by each of TURNS."""
    shares = hinges * hinges
    return np.sqrt(np.stack([(shares[:, one] + shares[:, other]) / 2 for one, other in _SHIFTED])).astype(np.float32)


def _shifted(directions: int) -> npt.NDArray[np.int64]:
    """Where each cell's share comes from when all directions grow by so many."""
    cells = np.arange(HINGE_SIZE).reshape(DIRECTIONS, DIRECTIONS)
    return np.roll(cells, (directions, directions), axis=(0, 1)).ravel()


# Half a direction is the mean of the two around it.
_SHIFTED = [(_shifted(int(np.floor(turn))), _shifted(int(np.ceil(turn)))) for turn in TURNS]


def _directions(contours: list[npt.NDArray[np.int32]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The directions 0 .. 23 of the legs behind and ahead of all points of closed contours (n, 2)."""
    lengths = np.array([len(contour) for contour in contours])
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    around = np.repeat(lengths, lengths)
    place = np.arange(len(starts)) - starts
    points = np.concatenate(contours)
    numbers = points[:, 0] + _ACROSS * points[:, 1]  # the difference of two numbers tells the leg between them
    behind = numbers[starts + (place - _LEG) % around] - numbers
    ahead = numbers[starts + (place + _LEG) % around] - numbers
    return _OF_LEG[behind + len(_OF_LEG) // 2], _OF_LEG[ahead + len(_OF_LEG) // 2]


_ACROSS = 2 * _LEG + 1  # contours go from a pixel to one that touches it, so a leg ends within _LEG of where it began


def _direction_of_each_leg() -> npt.NDArray[np.int64]:
    """The directions of all legs that there can be, in rows from (-8, -8) to (8, 8)."""
    y, x = np.mgrid[-_LEG : _LEG + 1, -_LEG : _LEG + 1].astype(np.float32)
    angle = np.arctan2(y, x) * (DIRECTIONS / (2 * np.pi))
    return np.asarray(np.floor(angle).astype(np.int64) % DIRECTIONS).ravel()


_OF_LEG = _direction_of_each_leg()
