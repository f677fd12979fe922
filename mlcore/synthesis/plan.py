"""The motor plan: the spatial targets that a hand aims at, one stroke between each two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
BEND_LIMIT = 2.6  # radians that one stroke may turn
_THROW = 2.5  # a stroke that is longer than its neighbour by this factor is thrown straighter
_HAIRPIN = 2.1  # radians; a sharper turn is made by stopping rather than by rounding


@dataclass(frozen=True, eq=False)
class Part:
    """A pen-down part of the plan.

    `points` (K, 2) in millimetres, y down; `cusp` (K,): the movement turns back there; `letter`
    (K,): the running number of the letter, for variation that moves a letter as one; `omission`:
    how likely the writer leaves the part out; `ending`: share of the last stroke that leaves ink
    (the pen may lift while it still moves).
    """

    points: Doubles
    cusp: NDArray[np.bool_]
    letter: NDArray[np.int64]
    omission: float = 0.0
    ending: float = 1.0


@dataclass(frozen=True, eq=False)
class Plan:
    """The parts of a signature in the order of writing."""

    parts: tuple[Part, ...] = field(default_factory=tuple)

    def stacked(self) -> Doubles:
        """All targets, (N, 2)."""
        return np.concatenate([part.points for part in self.parts])

    def with_points(self, points: Doubles) -> Plan:
        """The same plan with its targets moved to `points` (N, 2)."""
        ends = np.cumsum([len(part.points) for part in self.parts])[:-1]
        moved = np.split(points, ends)
        return Plan(tuple(replace(part, points=p) for part, p in zip(self.parts, moved, strict=True)))


def joined(parts: Sequence[Part]) -> Part:
    """Parts written without lifting the pen, as one."""
    return replace(
        parts[-1],
        points=np.concatenate([p.points for p in parts]),
        cusp=np.concatenate([p.cusp for p in parts]),
        letter=np.concatenate([p.letter for p in parts]),
        omission=parts[0].omission,
    )


def bends(points: Doubles, cusp: NDArray[np.bool_]) -> Doubles:
    """The angle (K-1,) in radians by which each stroke turns, so that the strokes meet smoothly.

    At an inner target the direction is that of the circle through it and its neighbours; at a
    cusp and at the ends a stroke is free and continues the bend that it has at its other end.
    """
    chord = np.diff(points, axis=0)
    length = np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-9)
    angle = np.arctan2(chord[:, 1], chord[:, 0])
    turn = _wrapped(np.diff(angle))
    turn = turn * np.clip((np.pi - np.abs(turn)) / (np.pi - _HAIRPIN), 0.0, 1.0)
    ratio = length[:-1] / length[1:]
    before = turn * ratio / (1.0 + ratio) * np.minimum(1.0, _THROW / ratio)
    after = turn / (1.0 + ratio) * np.minimum(1.0, _THROW * ratio)
    smooth = ~cusp[1:-1]
    at_end = np.r_[np.where(smooth, before, np.nan), np.nan]
    at_start = np.r_[np.nan, np.where(smooth, after, np.nan)]
    at_end = np.where(np.isnan(at_end), 0.6 * at_start, at_end)
    at_start = np.where(np.isnan(at_start), 0.6 * at_end, at_start)
    bend: Doubles = np.clip(np.nan_to_num(at_start + at_end), -BEND_LIMIT, BEND_LIMIT)
    return bend


def _wrapped(angle: Doubles) -> Doubles:
    wrapped: Doubles = (angle + np.pi) % (2.0 * np.pi) - np.pi
    return wrapped
