"""The writer-disjoint protocol: who is enrolled with what, and which signatures are then questioned.

Per writer R genuine signatures are drawn as specimens, five times with fixed seeds; all his other genuine ones are
genuine trials, all forgeries of him skilled trials, genuine ones of other writers of the data set (at most 200) random
trials. Refused images are never specimens and count as rejected when questioned.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.distances import hinge_distances, local_distances, vector_distances
from mlcore.scoring.evidence import OwnSpread, evidence, mean_of_pairs, names_of_figures

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Kind = Literal["genuine", "skilled", "random"]

REPETITIONS = 5
MAX_RANDOM = 200


@dataclass(frozen=True, slots=True)
class WriterTrials:
    """One writer, one draw of specimens. For each kind: image indices (T,), evidence (T, F) of the figures named."""

    dataset: str
    writer: str
    specimens: Indices
    figures: tuple[str, ...]
    images: dict[Kind, Indices]
    evidence: dict[Kind, Floats]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A writer with his images sorted: usable genuine, refused genuine, forged, and genuine ones of others."""

    dataset: str
    writer: str
    usable: Indices
    refused: Indices
    forged: Indices
    strangers: Indices


def enrolments(data: EmbeddedSet) -> list[Enrolment]:
    """The writers of a data set, in the order of the manifest; strangers are drawn with a fixed seed."""
    writers = list(dict.fromkeys((row.dataset, row.writer) for row in data.rows))
    genuine = np.array([row.genuine for row in data.rows])
    datasets = np.array([row.dataset for row in data.rows])
    found = []
    for dataset, writer in writers:
        own = data.of_writer(dataset, writer)
        others = np.setdiff1d(np.flatnonzero(genuine & (datasets == dataset)), own)
        rng = np.random.default_rng(_seed(dataset, writer, 0))
        drawn = rng.choice(others, min(MAX_RANDOM, len(others)), replace=False)
        mine = own[genuine[own]]
        found.append(
            Enrolment(dataset, writer, mine[~data.refused[mine]], mine[data.refused[mine]], own[~genuine[own]], drawn)
        )
    return found


@dataclass(frozen=True, slots=True)
class Measured:
    """Distances of a writer's usable genuine signatures (rows) to every image he is tried with (columns), once.

    images: (C,), the usable genuine ones first. vector, local: (G, C). nearness: (C,) to the cohort. expected: (G,),
    where the cohort tells. hinge: as local, where the images have one.
    """

    enrolment: Enrolment
    images: Indices
    vector: npt.NDArray[np.float32]
    local: npt.NDArray[np.float32]
    nearness: npt.NDArray[np.float32]
    expected: Floats | None = None
    hinge: npt.NDArray[np.float32] | None = None


def measure(data: EmbeddedSet, cohort: Cohort) -> list[Measured]:
    """Every writer's distances; each pair is compared once, whatever is drawn from it later."""
    return [_measure(data, enrolment, cohort) for enrolment in enrolments(data) if len(enrolment.usable)]


def _measure(data: EmbeddedSet, enrolment: Enrolment, cohort: Cohort) -> Measured:
    images = np.concatenate([enrolment.usable, enrolment.refused, enrolment.forged, enrolment.strangers])
    rows, columns = data.features.take(enrolment.usable), data.features.take(images)
    return Measured(
        enrolment,
        images,
        vector_distances(rows.vectors, columns.vectors),
        local_distances(rows, columns),
        cohort.nearness(columns.vectors),
        cohort.expectation.of(rows) if cohort.expectation else None,
        hinge_distances(rows, columns),
    )


def trials(measured: Sequence[Measured], references: int) -> Iterator[WriterTrials]:
    """Every writer's trials with `references` specimens; writers without a genuine signature to spare are left out."""
    for writer in measured:
        enrolment = writer.enrolment
        if len(enrolment.usable) <= references:
            continue
        for repetition in range(REPETITIONS):
            rng = np.random.default_rng(_seed(enrolment.dataset, enrolment.writer, repetition + 1))
            yield _trials_of(writer, np.sort(rng.choice(len(enrolment.usable), references, replace=False)))


def _trials_of(writer: Measured, drawn: Indices) -> WriterTrials:
    pairs = np.ix_(drawn, drawn)
    spread = OwnSpread(
        mean_of_pairs(writer.vector[pairs]),
        mean_of_pairs(writer.local[pairs]),
        float(writer.nearness[drawn].mean()),
        float(writer.expected[drawn].mean()) if writer.expected is not None else None,
        mean_of_pairs(writer.hinge[pairs]) if writer.hinge is not None else None,
    )
    images: dict[Kind, Indices] = {}
    rows: dict[Kind, Floats] = {}
    for kind, columns in _columns(writer.enrolment, drawn).items():
        images[kind] = writer.images[columns]
        rows[kind] = evidence(
            writer.vector[np.ix_(drawn, columns)].T,
            writer.local[np.ix_(drawn, columns)].T,
            writer.nearness[columns],
            spread,
            None if writer.hinge is None else writer.hinge[np.ix_(drawn, columns)].T,
        )
    figures = names_of_figures(len(drawn), expected=writer.expected is not None, hinge=writer.hinge is not None)
    return WriterTrials(writer.enrolment.dataset, writer.enrolment.writer, writer.images[drawn], figures, images, rows)


def _columns(enrolment: Enrolment, drawn: Indices) -> dict[Kind, Indices]:
    usable, refused, forged = len(enrolment.usable), len(enrolment.refused), len(enrolment.forged)
    genuine_end, forged_end = usable + refused, usable + refused + forged
    return {
        "genuine": np.setdiff1d(np.arange(genuine_end), drawn),
        "skilled": np.arange(genuine_end, forged_end),
        "random": np.arange(forged_end, forged_end + len(enrolment.strangers)),
    }


def _seed(dataset: str, writer: str, repetition: int) -> int:
    return zlib.crc32(f"{dataset}/{writer}/{repetition}".encode())
