"""A cohort of strangers: how close a signature comes to people it has nothing to do with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlcore.scoring.distances import vector_distances

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cohort:
    """vectors: float32 (K, 128), one unit vector a stranger; no image can be made from it."""

    vectors: Floats
    nearest: int = 5

    def nearness(self, vectors: Floats) -> Floats:
        """Mean distance to the nearest few strangers, (N, 128) -> (N,) in [0, 2] (as in the T-norm of speakers)."""
        if len(self.vectors) == 0:
            return np.zeros(len(vectors), dtype=np.float32)
        distances = vector_distances(vectors, self.vectors)
        count = min(self.nearest, distances.shape[1])
        return np.asarray(np.partition(distances, count - 1, axis=1)[:, :count].mean(axis=1), dtype=np.float32)
