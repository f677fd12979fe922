"""What distance to expect of a specimen: some hands are easily told from their forgeries, others hardly.

With one specimen nothing is known of how much its writer varies. But how a signature is written says something about
it: on the writers of the training data the middle between the mean distance of genuine signatures and that of skilled
forgeries follows, loosely, from the mean of the local descriptors. A ridge regression reads it off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.scoring.distances import FeatureStack, ink_weights, local_distances

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

RIDGE = 1.0  # in units of the writers' total weight: strong, since a few hundred writers say little
FEWEST_GENUINE, FEWEST_FORGED = 3, 2


@dataclass(frozen=True, slots=True)
class Expectation:
    """middle = typical + weights . (mean descriptor - centre), in units of the local distance, [0, 2]."""

    centre: Floats
    weights: Floats
    typical: float

    def of(self, specimens: FeatureStack) -> Floats:
        """(N,): the local distance at which each specimen's writer is expected to part from his forgers."""
        return np.asarray(self.typical + (mean_descriptors(specimens) - self.centre) @ self.weights, dtype=np.float64)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"centre": self.centre.tolist(), "weights": self.weights.tolist(), "typical": self.typical}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Expectation:
        """The inverse of as_dict."""
        return cls(
            np.asarray(data["centre"], dtype=np.float64),
            np.asarray(data["weights"], dtype=np.float64),
            float(data["typical"]),
        )


def mean_descriptors(stack: FeatureStack) -> Floats:
    """(N, channels): the local descriptors averaged over the ink, 0 for an empty canvas."""
    cells = stack.local.reshape(len(stack), -1, stack.local.shape[-1])
    return np.asarray(np.einsum("nc,nck->nk", ink_weights(stack.ink), cells), dtype=np.float64)


def writer_middle(features: FeatureStack, genuine: Indices, forged: Indices) -> float | None:
    """Halfway between a writer's mean local distance genuine to genuine and genuine to forged; None with too few."""
    if len(genuine) < FEWEST_GENUINE or len(forged) < FEWEST_FORGED:
        return None
    known = features.take(genuine)
    pairs = np.triu_indices(len(genuine), 1)
    near = float(local_distances(known, known)[pairs].mean())
    return 0.5 * (near + float(local_distances(known, features.take(forged)).mean()))


def fit_expectation(descriptors: Floats, middles: Floats, weights: Floats) -> Expectation | None:
    """Ridge regression of `middles` (N,) on mean `descriptors` (N, C), rows weighted; None when N is below 2.

    The penalty is on the weights of standardised descriptors.
    """
    if len(descriptors) < 2:
        return None
    share = weights / weights.sum()
    centre, typical = share @ descriptors, float(share @ middles)
    scale = np.maximum(np.sqrt(share @ (descriptors - centre) ** 2), 1e-6)
    design = (descriptors - centre) / scale
    gram = (design * share[:, None]).T @ design + RIDGE * np.eye(design.shape[1])
    found = np.linalg.solve(gram, (design * share[:, None]).T @ (middles - typical))
    return Expectation(centre, found / scale, typical)
