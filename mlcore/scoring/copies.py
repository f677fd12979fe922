"""Is one signature the other's copy? No hand writes the same line twice; a tracing, a paste or a second scan shows it.

Two signatures are laid on each other as well as shifting, turning and scaling allows (iterative closest points, Besl
and McKay 1992, with weights that fall with the distance), and how far their middle lines lie apart is measured both
ways. Pen, scanner and file format hardly move the middle of a stroke; writing it anew moves it by several pen's widths.
What was measured stands in docs/adr/011-copies.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mlcore.imaging.thinning import thinned
from mlcore.imaging.types import CANVAS_HEIGHT, CANVAS_VERSION, CANVAS_WIDTH, Grey

Floats = npt.NDArray[np.float32]
Complexes = npt.NDArray[np.complex64]
Lines = npt.NDArray[np.uint8]
Laid = tuple[Complexes, Complexes]  # factors and shifts, (N,) each: points z come to lie at factor * z + shift

SKETCH_BYTES = 1 + CANVAS_HEIGHT * CANVAS_WIDTH // 8
COPY_FROM = 0.65  # likeness from which on a questioned signature counts as a copy of a specimen
# Earlier questioned signatures are many, and each is a chance to coincide.
COPY_OF_EARLIER_FROM = 0.70

_VERSION = CANVAS_VERSION  # another way to lay out the canvas is another sketch
_INKED = 90  # density of a canvas from which on a pixel belongs to a stroke
_POINTS = 200  # of a sketch that are laid on the other
_SIFT = 4  # one point in so many takes part in the coarse rounds
_SIFTED_FROM = 0.38  # likeness that a copy has reached after them
_REACH = 3.0  # canvas pixels, about two pen's widths: distances beyond count as this
# Canvas pixels at which a point counts a quarter, round by round: with a part of the points, then with all.
_COARSE, _FINE = (6.0, 5.0, 4.0, 3.0), (2.5, 2.0, 1.5, 1.5)
_MOST_TURN = 0.09  # radians
_MOST_SCALE = 1.3
_MIDDLE = complex((CANVAS_WIDTH - 1) / 2, (CANVAS_HEIGHT - 1) / 2)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Lays the points z of a canvas on another one: factor * z + shift, as complex numbers x + iy from its middle."""

    factor: complex
    shift: complex

    def matrix(self) -> npt.NDArray[np.float64]:
        """The same for cv2.warpAffine on canvas pixels, (2, 3)."""
        moved = self.shift + _MIDDLE - self.factor * _MIDDLE
        turn = [[self.factor.real, -self.factor.imag, moved.real], [self.factor.imag, self.factor.real, moved.imag]]
        return np.array(turn)


def sketch_of(canvas: Grey) -> bytes:
    """The middle lines of the strokes of a canvas, uint8 (96, 192): a version byte and 2,304 bytes of packed pixels."""
    return bytes([_VERSION]) + np.packbits(thinned(canvas >= _INKED)).tobytes()


def sketch_readable(sketch: bytes) -> bool:
    """Whether these are the bytes of a sketch that this program can compare."""
    return len(sketch) == SKETCH_BYTES and sketch[0] == _VERSION


def copy_likeness(a: bytes, b: bytes) -> float:
    """How far two sketches coincide once they are aligned, 0 (nowhere) to 1 (line on line). See copy_likenesses."""
    return float(copy_likenesses(a, [b])[0])


def copy_likenesses(questioned: bytes, known: Sequence[bytes]) -> Floats:
    """The likeness of a sketch with each of others, float32 (N,), 0..1; from COPY_FROM on they count as copies.

    1 - the root mean square of the distance between the lines over 3 canvas pixels, larger distances counting as 3,
    in the direction that is worse; below COPY_FROM from the known one to the questioned only. A sketch without strokes
    is like none. Raises ValueError for bytes that are no sketch.
    """
    asked, others = _lines(questioned), [_lines(sketch) for sketch in known]
    likeness = np.zeros(len(others), dtype=np.float32)
    drawn = np.array([index for index, lines in enumerate(others) if lines.any()], dtype=np.intp)
    if len(drawn) == 0 or not asked.any():
        return likeness
    here, nearest = _points(asked), _nearest(asked)
    points = np.stack([_points(others[index]) for index in drawn])
    laid = _laid(nearest, points[:, ::_SIFT], _start(nearest, points, here), _COARSE)
    likeness[drawn] = _one_way(nearest, points, laid)
    promising = likeness[drawn] >= _SIFTED_FROM
    drawn, points, laid = drawn[promising], points[promising], (laid[0][promising], laid[1][promising])
    laid = _laid(nearest, points, laid, _FINE)
    likeness[drawn] = _one_way(nearest, points, laid)
    for place in np.flatnonzero(likeness[drawn] >= COPY_FROM):
        index = drawn[place]
        likeness[index] = min(likeness[index], _back(here, others[index], laid[0][place], laid[1][place]))
    return likeness


def alignment(questioned: bytes, known: bytes) -> Alignment:
    """How `known` has to be laid on `questioned`. Raises ValueError for bytes that are no sketch."""
    asked, other = _lines(questioned), _lines(known)
    if not asked.any() or not other.any():
        return Alignment(1 + 0j, 0j)
    here, nearest, points = _points(asked), _nearest(asked), _points(other)[None]
    factors, shifts = _laid(nearest, points, _start(nearest, points, here), _COARSE + _FINE)
    return Alignment(complex(factors[0]), complex(shifts[0]))


def _lines(sketch: bytes) -> Lines:
    if not sketch_readable(sketch):
        raise ValueError("These bytes are no sketch of a signature, or one of another version.")
    bits = np.unpackbits(np.frombuffer(sketch, np.uint8, offset=1))
    return bits.reshape(CANVAS_HEIGHT, CANVAS_WIDTH)


def _points(lines: Lines) -> Complexes:
    """(200,) pixels of the lines, evenly chosen (repeated where there are fewer), from the middle of the canvas."""
    inked = np.flatnonzero(lines.view(np.bool_))
    down, across = np.divmod(inked[np.arange(_POINTS) * (len(inked) - 1) // (_POINTS - 1)], CANVAS_WIDTH)
    return np.asarray(across + 1j * down - _MIDDLE, dtype=np.complex64)


def _nearest(lines: Lines) -> Complexes:
    """(96, 192): for each pixel the nearest one on the lines, from the middle of the canvas."""
    _, labels = cv2.distanceTransformWithLabels(1 - lines, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    down, across = np.nonzero(lines.view(np.bool_))
    places = np.zeros(int(labels.max()) + 1, dtype=np.complex64)
    places[labels[down, across]] = across + 1j * down - _MIDDLE
    return np.asarray(places[labels], dtype=np.complex64)


def _look(nearest: Complexes, points: Complexes) -> Complexes:
    """The nearest place on the lines for points (N, P); beyond the canvas that of its edge."""
    across = np.clip(np.rint(points.real + np.float32(_MIDDLE.real)), 0, CANVAS_WIDTH - 1).astype(np.intp)
    down = np.clip(np.rint(points.imag + np.float32(_MIDDLE.imag)), 0, CANVAS_HEIGHT - 1).astype(np.intp)
    return np.asarray(nearest.ravel().take(down * CANVAS_WIDTH + across), dtype=np.complex64)


def _back(asked: Complexes, other: Lines, factor: complex, shift: complex) -> float:
    """The likeness the other way, measured at the size of the questioned signature."""
    laid = np.asarray((asked - shift) / factor, dtype=np.complex64)
    return float(_likeness(np.abs(_look(_nearest(other), laid) - laid)[None] * np.float32(abs(factor)))[0])


def _laid(nearest: Complexes, points: Complexes, start: Laid, widths: Sequence[float]) -> Laid:
    """Move each row of points (N, P) onto the lines, a round for each width."""
    factors, shifts = start
    for width in widths:
        moved = factors[:, None] * points + shifts[:, None]
        target = _look(nearest, moved)
        away = target - moved
        near = 1.0 + (away.real**2 + away.imag**2) / np.float32(width * width)
        weights = 1.0 / (near * near)
        total = weights.sum(axis=1)
        middle, there = (weights * points).sum(axis=1) / total, (weights * target).sum(axis=1) / total
        centred = points - middle[:, None]
        spread = (weights * (centred.real**2 + centred.imag**2)).sum(axis=1)
        best = (weights * centred.conj() * (target - there[:, None])).sum(axis=1) / np.maximum(spread, 1e-6)
        factors = _bounded(best)
        shifts = there - factors * middle
    return factors, shifts


def _one_way(nearest: Complexes, points: Complexes, laid: Laid) -> Floats:
    """How close the points (N, P) come to the lines where they are laid, (N,)."""
    moved = laid[0][:, None] * points + laid[1][:, None]
    return _likeness(np.abs(_look(nearest, moved) - moved))


def _start(nearest: Complexes, points: Complexes, asked: Complexes) -> Laid:
    """As they lie, or with middle and spread made equal, which a lost speck or an added line does not upset."""
    as_is = np.ones(len(points), dtype=np.complex64), np.zeros(len(points), dtype=np.complex64)
    ratio = _bounded(np.asarray(asked.std() / np.maximum(points.std(axis=1), 1e-6), dtype=np.complex64))
    evened = ratio, np.asarray(asked.mean() - ratio * points.mean(axis=1), dtype=np.complex64)
    better = _one_way(nearest, points, evened) > _one_way(nearest, points, as_is)
    return np.where(better, evened[0], as_is[0]), np.where(better, evened[1], as_is[1])


def _bounded(factors: Complexes) -> Complexes:
    size = np.clip(np.abs(factors), 1 / _MOST_SCALE, _MOST_SCALE)
    turn = np.clip(np.angle(factors), -_MOST_TURN, _MOST_TURN)
    return np.asarray(size * np.exp(1j * turn), dtype=np.complex64)


def _likeness(distances: Floats) -> Floats:
    """Distances (N, P) in canvas pixels -> (N,) in [0, 1]."""
    short = np.minimum(distances, np.float32(_REACH))
    return np.asarray(1.0 - np.sqrt((short * short).mean(axis=1)) / _REACH, dtype=np.float32)
