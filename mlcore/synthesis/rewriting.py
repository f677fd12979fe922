"""A recorded movement as another hand would have made it: leaning otherwise, trembling more."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlcore.synthesis.motor import tremor
from mlcore.synthesis.trajectory import Trajectory

_TREMBLING = 0.25  # of all hands
_TREMOR = (0.02, 0.08)  # millimetres; a steady hand's is 0.005 to 0.02, and is in the recording already
_SLANT = 0.12  # tangent, standard deviation
_FARTHEST = 0.35


@dataclass(frozen=True, slots=True)
class Habit:
    """What all signatures of a writer are given. slant: tangent, to the right above 0; tremor: millimetres."""

    slant: float = 0.0
    tremor: float = 0.0

    @classmethod
    def random(cls, rng: np.random.Generator) -> Habit:
        """Most hands lean a little otherwise, a quarter trembles."""
        slant = float(np.clip(rng.normal(0.0, _SLANT), -_FARTHEST, _FARTHEST))
        shakes = rng.random() < _TREMBLING
        return cls(slant, float(rng.uniform(*_TREMOR)) if shakes else 0.0)


def rewritten(trajectory: Trajectory, habit: Habit, rng: np.random.Generator) -> Trajectory:
    """The same movement leaning by `habit.slant` and trembling anew by `habit.tremor`; pen and pressure are kept.

    A genuine signature and a forgery of it are given the same habit, so what tells them apart stays.
    """
    x = trajectory.x - habit.slant * trajectory.y
    place = np.column_stack([x, trajectory.y]).astype(np.float64)
    if habit.tremor:
        place += tremor(trajectory.time.astype(np.float64) / 1000.0, habit.tremor, rng)
    return replace(trajectory, x=place[:, 0].astype(np.float32), y=place[:, 1].astype(np.float32))
