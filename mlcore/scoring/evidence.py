"""The figures on which the logistic head decides, for a questioned signature and a set of specimens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlcore.scoring.cohort import Cohort
from mlcore.scoring.distances import FeatureStack, local_distances, vector_distances

Floats = npt.NDArray[np.float32]

ONE = ("vector", "local", "cohort_questioned", "cohort_specimens")
SEVERAL = (
    "vector_min",
    "vector_mean",
    "local_min",
    "local_mean",
    "vector_own",
    "local_own",
    "cohort_questioned",
    "cohort_specimens",
)
EXPECTED = "expected"  # the last one of either, where the model has learnt what to expect
# What is known of a set before anything is questioned: a constant of the set.
OF_THE_SET = frozenset({"vector_own", "local_own", "cohort_specimens", EXPECTED})


@dataclass(frozen=True, slots=True)
class OwnSpread:
    """What is known of a customer before anything is questioned.

    vector, local: mean distance between two of his specimens (0 for a lone one). cohort: mean nearness of his
    specimens to strangers. expected: the local distance at which he is expected to part from forgers, mean over his
    specimens; None where the model does not tell.
    """

    vector: float
    local: float
    cohort: float
    expected: float | None = None

    @classmethod
    def of(cls, specimens: FeatureStack, cohort: Cohort) -> OwnSpread:
        """Measure a set of one or more specimens."""
        own = np.triu_indices(len(specimens), 1)
        several = len(own[0]) > 0
        return cls(
            float(vector_distances(specimens.vectors, specimens.vectors)[own].mean()) if several else 0.0,
            float(local_distances(specimens, specimens)[own].mean()) if several else 0.0,
            float(cohort.nearness(specimens.vectors).mean()),
            float(cohort.expectation.of(specimens).mean()) if cohort.expectation else None,
        )


def bounds_of_sets(rows: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Between what the figures of the set alone lie in rows of evidence (N, F); infinite for all others, (F,) twice.

    A head is a straight line, which says nothing of sets unlike all that it was fitted on: those count as the most
    unlike it has seen (ADR 015).
    """
    known = np.array([name in OF_THE_SET for name in _names(rows.shape[1])])
    return np.where(known, rows.min(axis=0), -np.inf), np.where(known, rows.max(axis=0), np.inf)


def _names(width: int) -> tuple[str, ...]:
    names = ONE if width <= len(ONE) + 1 else SEVERAL
    return (*names, EXPECTED)[:width]


def evidence(vector: Floats, local: Floats, nearness: Floats, spread: OwnSpread) -> npt.NDArray[np.float64]:
    """Rows of evidence for T questioned signatures against one set.

    vector, local: (T, n) distances to the n specimens. nearness: (T,) of the questioned to the cohort. Returns
    (T, 4) in the order of ONE for a lone specimen, (T, 8) in the order of SEVERAL otherwise; one column more, EXPECTED,
    where the spread has it.
    """
    count = len(vector)
    known = [np.full(count, value) for value in (spread.cohort, spread.expected) if value is not None]
    if vector.shape[1] == 1:
        return np.column_stack([vector[:, 0], local[:, 0], nearness, *known]).astype(np.float64)
    return np.column_stack(
        [
            vector.min(axis=1),
            vector.mean(axis=1),
            local.min(axis=1),
            local.mean(axis=1),
            np.full(count, spread.vector),
            np.full(count, spread.local),
            nearness,
            *known,
        ]
    ).astype(np.float64)
