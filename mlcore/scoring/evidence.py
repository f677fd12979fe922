"""The figures on which the logistic head decides, for a questioned signature and a set of specimens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlcore.scoring.cohort import Cohort
from mlcore.scoring.distances import FeatureStack, hinge_distances, local_distances, vector_distances

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
EXPECTED = "expected"  # after either, where the model has learnt what to expect
# Last, so that a head of a model that was fitted before there was a hinge finds its own figures where they were.
HINGE_ONE = ("hinge",)
HINGE_SEVERAL = ("hinge_min", "hinge_mean", "hinge_own")
# What is known of a set before anything is questioned: a constant of the set.
OF_THE_SET = frozenset({"vector_own", "local_own", "cohort_specimens", "hinge_own", EXPECTED})


@dataclass(frozen=True, slots=True)
class OwnSpread:
    """What is known of a customer before anything is questioned.

    vector, local: mean distance between two of his specimens (0 for a lone one). cohort: mean nearness of his
    specimens to strangers. expected: the local distance at which he is expected to part from forgers, mean over his
    specimens; None where the model does not tell. hinge: as vector, None where a specimen has none.
    """

    vector: float
    local: float
    cohort: float
    expected: float | None = None
    hinge: float | None = None

    @classmethod
    def of(cls, specimens: FeatureStack, cohort: Cohort) -> OwnSpread:
        """Measure a set of one or more specimens."""
        hinge = hinge_distances(specimens, specimens)
        return cls(
            mean_of_pairs(vector_distances(specimens.vectors, specimens.vectors)),
            mean_of_pairs(local_distances(specimens, specimens)),
            float(cohort.nearness(specimens.vectors).mean()),
            float(cohort.expectation.of(specimens).mean()) if cohort.expectation else None,
            None if hinge is None else mean_of_pairs(hinge),
        )


def mean_of_pairs(distances: Floats) -> float:
    """The mean distance between two of a set, (n, n) -> 0 for a lone one."""
    pairs = distances[np.triu_indices(len(distances), 1)]
    return float(pairs.mean()) if len(pairs) else 0.0


def bounds_of_sets(
    rows: npt.NDArray[np.float64], names: Sequence[str]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Between what the figures of the set alone lie in rows of evidence (N, F); infinite for all others, (F,) twice.

    A head is a straight line, which says nothing of sets unlike all that it was fitted on: those count as the most
    unlike it has seen (ADR 015).
    """
    known = np.array([name in OF_THE_SET for name in names])
    return np.where(known, rows.min(axis=0), -np.inf), np.where(known, rows.max(axis=0), np.inf)


def names_of_figures(references: int, *, expected: bool, hinge: bool) -> tuple[str, ...]:
    """What the columns of `evidence` hold, in their order."""
    names, hinges = (ONE, HINGE_ONE) if references == 1 else (SEVERAL, HINGE_SEVERAL)
    return (*names, *((EXPECTED,) if expected else ()), *(hinges if hinge else ()))


def evidence(
    vector: Floats, local: Floats, nearness: Floats, spread: OwnSpread, hinge: Floats | None = None
) -> npt.NDArray[np.float64]:
    """Rows of evidence for T questioned signatures against one set.

    vector, local, hinge: (T, n) distances to the n specimens. nearness: (T,) of the questioned to the cohort. Returns
    (T, F), the columns in the order of names_of_figures, of which there are 4 for a lone specimen and 8 otherwise; one
    more where the spread has what to expect; and one or three more where it and the questioned signatures have a hinge.
    """
    return np.column_stack([_of_the_network(vector, local, nearness, spread), *_of_the_hinge(hinge, spread)])


def _of_the_network(vector: Floats, local: Floats, nearness: Floats, spread: OwnSpread) -> npt.NDArray[np.float64]:
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


def _of_the_hinge(hinge: Floats | None, spread: OwnSpread) -> list[npt.NDArray[np.float64]]:
    if hinge is None or spread.hinge is None:
        return []
    if hinge.shape[1] == 1:
        return [hinge[:, 0].astype(np.float64)]
    own = np.full(len(hinge), spread.hinge)
    return [hinge.min(axis=1).astype(np.float64), hinge.mean(axis=1).astype(np.float64), own]
