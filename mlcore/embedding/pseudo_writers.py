"""Pseudo-writers: a writer mirrored, stretched, bent, cut or spliced is another writer with the same forgers.

A few hundred real writers are soon known by heart. One change drawn for a writer and applied alike to all his
signatures of a batch, genuine and forged, makes another of him that has never been seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Offsets = npt.NDArray[np.float32]

BEND_GRID = (4, 7)  # points over the fine canvas between which a bend runs smoothly, about a letter apart


@dataclass(frozen=True, slots=True)
class WriterChanges:
    """How often and how far writers are changed: probabilities, and standard deviations (log scale, rad, tangent).

    bend: standard deviation in fine pixels. splice: how often a writer's beginning is joined with another's end.
    """

    mirror: float = 0.25
    upend: float = 0.2
    stretch: float = 0.15
    turn: float = 0.06
    slant: float = 0.15
    cut: float = 0.15
    shortest: float = 0.45  # of the width that a cut leaves, at least
    bend: float = 5.0
    splice: float = 0.35


@dataclass(frozen=True, slots=True)
class PseudoWriter:
    """One writer's change.

    linear: (2, 2), of points (x, y) around the centre. window: what is kept of the width. bend: (2, 4, 7), offsets in
    fine pixels across and down at points spread over the fine canvas; None for none.
    """

    linear: Matrix
    window: tuple[float, float] = (0.0, 1.0)
    bend: Offsets | None = None


UNCHANGED = PseudoWriter(np.eye(2))


def draw_pseudo_writer(rng: np.random.Generator, changes: WriterChanges) -> PseudoWriter:
    """Another writer made of one: the same change must then be applied to all his signatures."""
    flip = np.diag([-1.0 if rng.random() < changes.mirror else 1.0, -1.0 if rng.random() < changes.upend else 1.0])
    stretch = float(rng.normal(0, changes.stretch))
    angle, slant = float(rng.normal(0, changes.turn)), float(rng.normal(0, changes.slant))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shape = np.array([[np.exp(stretch), slant], [0.0, np.exp(-stretch)]])
    return PseudoWriter(flip @ turn @ shape, _window(rng, changes), _bend(rng, changes))


def _bend(rng: np.random.Generator, changes: WriterChanges) -> Offsets | None:
    if changes.bend <= 0:
        return None
    return rng.normal(0, changes.bend, (2, *BEND_GRID)).astype(np.float32)


def _window(rng: np.random.Generator, changes: WriterChanges) -> tuple[float, float]:
    if rng.random() >= changes.cut:
        return 0.0, 1.0
    kept = float(rng.uniform(changes.shortest, 0.85))
    start = float(rng.choice([0.0, 1.0 - kept]))  # a part from the beginning or to the end
    return start, start + kept
