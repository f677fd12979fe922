"""A cohort of strangers: how close a signature comes to people it has nothing to do with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlcore.scoring.distances import vector_distances
from mlcore.scoring.expectation import Expectation

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cohort:
    """vectors: float32 (K, 128), one unit vector a stranger; no image can be made from it.

    expectation: what strangers' signatures taught about the distances to expect of a specimen; None in old models.
    """

    vectors: Floats
    nearest: int = 5
    expectation: Expectation | None = None

    def nearness(self, vectors: Floats) -> Floats:
        """Mean distance to the nearest few strangers, (N, 128) -> (N,) in [0, 2] (as in the T-norm of speakers)."""
        if len(self.vectors) == 0:
            return np.zeros(len(vectors), dtype=np.float32)
        distances = vector_distances(vectors, self.vectors)
        count = min(self.nearest, distances.shape[1])
        return np.asarray(np.partition(distances, count - 1, axis=1)[:, :count].mean(axis=1), dtype=np.float32)
