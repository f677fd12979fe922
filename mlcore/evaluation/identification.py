"""Whose signature is it? The search over all customers, as the product does it: vectors first, then the full score."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.embedding.sources import Progress
from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.runtime import Features
from mlcore.scoring.distances import vector_distances
from mlcore.scoring.scorer import Scorer

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

SHORTLIST = 20  # customers nearest by vector that are compared in full
PROBES = 8  # questioned signatures a writer, at most; the interval hangs on the writers
MAX_PROBES = 500  # in all, drawn with a fixed seed
FALSE_FINDS = 0.01
RANK_ONE_LIMIT, LIMITED_REFERENCES = 0.97, 5  # the limit of rank 1 is for five specimens only
FOUND_LIMIT = 0.90
_ROUNDS = 300


@dataclass(frozen=True, slots=True)
class Identified:
    """Search with `references` specimens a writer over `writers` writers and `probes` genuine signatures.

    probes: asked, at most 500, drawn from `probes_at_hand` (at most 8 a writer) with a fixed seed.
    rank_one: share of probes whose writer comes first, all writers enrolled. rank_one_vector: the same by vector alone.
    shortlisted: share whose writer is in the shortlist. found: share named rightly at the threshold at which 1 % of the
    signatures of people who are not enrolled are given a name; writers are enrolled in halves, in turn.
    Intervals: 95 %, by bootstrap over writers; found has none where there are fewer than four writers.
    """

    references: int
    writers: int
    probes: int
    probes_at_hand: int
    rank_one: float
    rank_one_interval: tuple[float, float]
    rank_one_vector: float
    shortlisted: float
    found: float | None
    found_interval: tuple[float, float] | None

    @property
    def rank_one_limit(self) -> float | None:
        """The least share that must come first; None for a number of specimens without a limit."""
        return RANK_ONE_LIMIT if self.references == LIMITED_REFERENCES else None

    @property
    def rank_one_within(self) -> bool | None:
        """Whether as many come first as must; None without a limit."""
        return None if self.rank_one_limit is None else self.rank_one >= self.rank_one_limit

    @property
    def found_within(self) -> bool | None:
        """Whether as many are found as must be; None where it was not measured."""
        return None if self.found is None else self.found >= FOUND_LIMIT

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form with the limits and whether they are met."""
        return {
            **asdict(self),
            "rank_one_limit": self.rank_one_limit,
            "rank_one_within": self.rank_one_within,
            "found_limit": FOUND_LIMIT,
            "found_within": self.found_within,
        }


@dataclass(frozen=True, slots=True)
class _Gallery:
    """Enrolled writers (W), their specimens, and the probes: image indices (P,) with the writer (P,) who wrote each.

    refused: bool (P,), probes that imaging refused; nobody is found for them. at_hand: probes that P were drawn from.
    """

    specimens: tuple[tuple[Features, ...], ...]
    specimen_vectors: npt.NDArray[np.float32]
    probes: Indices
    writer: Indices
    refused: npt.NDArray[np.bool_]
    at_hand: int


class _Search:
    """Scores of probes against writers, each pair compared once."""

    def __init__(self, data: EmbeddedSet, gallery: _Gallery, scorer: Scorer) -> None:
        self._data, self._gallery, self._scorer = data, gallery, scorer
        asked = data.features.vectors[gallery.probes]
        writers, references = gallery.specimen_vectors.shape[:2]
        flat = vector_distances(asked, gallery.specimen_vectors.reshape(writers * references, -1))
        by_writer = flat.reshape(len(asked), writers, references)
        # Minimum and mean together: a lone lucky specimen and a far outlier each count half.
        self.vector = 0.5 * (by_writer.min(axis=2) + by_writer.mean(axis=2))
        self._known: dict[tuple[int, int], float] = {}

    def best(self, probe: int, enrolled: Indices) -> tuple[int, float]:
        """(writer, score) of the first in the list; only the nearest few by vector are compared in full."""
        if self._gallery.refused[probe]:
            return -1, np.inf
        near = enrolled[np.argsort(self.vector[probe, enrolled], kind="stable")[:SHORTLIST]]
        scores = [self._score(probe, int(writer)) for writer in near]
        first = int(np.argmin(scores))
        return int(near[first]), scores[first]

    def in_shortlist(self, probe: int) -> bool:
        """Whether the probe's own writer is among those that are compared in full; never for a refused image."""
        own = self.vector[probe, self._gallery.writer[probe]]
        return bool((self.vector[probe] < own).sum() < SHORTLIST and not self._gallery.refused[probe])

    def nearest(self, probe: int) -> int:
        """The first by vector alone, -1 for a refused image."""
        return -1 if self._gallery.refused[probe] else int(np.argmin(self.vector[probe]))

    def _score(self, probe: int, writer: int) -> float:
        if (probe, writer) not in self._known:
            asked = self._data.features.one(int(self._gallery.probes[probe]))
            self._known[probe, writer] = self._scorer.compare(asked, self._gallery.specimens[writer]).score
        return self._known[probe, writer]


def identification(
    data: EmbeddedSet, scorer: Scorer, references: Sequence[int] = (1, 3, 5), tell: Progress | None = None
) -> list[Identified]:
    """Closed and open search over all writers of all data sets pooled; one row a number of references.

    Writers with no genuine signature to spare are left out, and a number for which fewer than two are left.
    """
    found = []
    for position, count in enumerate(references):
        gallery = _enrol(data, count)
        if len(gallery.specimens) >= 2:
            found.append(_identified(_Search(data, gallery, scorer), gallery, count))
        if tell:
            tell("identification", position + 1, len(references))
    return found


def _enrol(data: EmbeddedSet, references: int) -> _Gallery:
    specimens: list[Indices] = []
    probes: list[Indices] = []
    writer: list[Indices] = []
    for dataset, name in dict.fromkeys((row.dataset, row.writer) for row in data.rows):
        own = data.of_writer(dataset, name)
        genuine = own[[data.rows[i].genuine for i in own]]
        usable = genuine[~data.refused[genuine]]
        if len(usable) <= references:
            continue
        # The first ones of a fixed order, so that more references include the fewer.
        rng = np.random.default_rng(zlib.crc32(f"{dataset}/{name}".encode()))
        drawn = rng.permutation(usable)[:references]
        asked = rng.permutation(np.setdiff1d(genuine, drawn))[:PROBES]
        probes.append(asked)
        writer.append(np.full(len(asked), len(specimens)))
        specimens.append(drawn)
    if not specimens:
        none = np.zeros(0, np.int64)
        return _Gallery((), np.zeros((0, references, 1), np.float32), none, none, np.zeros(0, np.bool_), 0)
    asked, wrote = np.concatenate(probes), np.concatenate(writer)
    at_hand = len(asked)
    kept = np.sort(np.random.default_rng(1).permutation(at_hand)[:MAX_PROBES])
    return _Gallery(
        tuple(tuple(data.features.one(int(i)) for i in drawn) for drawn in specimens),
        data.features.vectors[np.stack(specimens)],
        asked[kept],
        wrote[kept],
        data.refused[asked[kept]],
        at_hand,
    )


def _identified(search: _Search, gallery: _Gallery, references: int) -> Identified:
    writers = len(gallery.specimens)
    everyone = np.arange(writers)
    probes = range(len(gallery.probes))
    right = np.array([search.best(p, everyone)[0] == gallery.writer[p] for p in probes])
    by_vector = np.array([search.nearest(p) == gallery.writer[p] for p in probes])
    open_set = _open_set(search, gallery) if writers >= 4 else None
    picks = _picks(gallery.writer, writers)
    resampled = [_found(o[0][d], o[1][d], o[2][d]) for d in picks] if (o := open_set) else None
    return Identified(
        references=references,
        writers=writers,
        probes=len(gallery.probes),
        probes_at_hand=gallery.at_hand,
        rank_one=float(right.mean()),
        rank_one_interval=_interval([float(right[drawn].mean()) for drawn in picks]),
        rank_one_vector=float(by_vector.mean()),
        shortlisted=float(np.mean([search.in_shortlist(p) for p in probes])),
        found=_found(*open_set) if open_set else None,
        found_interval=_interval(resampled) if resampled else None,
    )


def _open_set(search: _Search, gallery: _Gallery) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
    """For each probe: best score while its writer is enrolled, whether the name is right, best score while he is not.

    Writers alternate between two halves, so that each data set is in both.
    """
    halves = [np.arange(half, len(gallery.specimens), 2) for half in (0, 1)]
    inside, right, outside = [], [], []
    for probe, writer in enumerate(gallery.writer):
        name, score = search.best(probe, halves[writer % 2])
        inside.append(score)
        right.append(name == writer)
        outside.append(search.best(probe, halves[1 - writer % 2])[1])
    return np.array(inside), np.array(right), np.array(outside)


def _found(inside: Floats, right: npt.NDArray[np.bool_], outside: Floats) -> float:
    """Share named rightly at the widest threshold at which at most 1 % of strangers are given a name."""
    ordered = np.sort(outside)
    threshold = ordered[int(np.floor(FALSE_FINDS * len(ordered)))]  # a score below it is a find
    return float((right & (inside < threshold)).mean())


def _picks(writer: Indices, writers: int) -> list[Indices]:
    """The probes of writers drawn with replacement, once a round."""
    rng = np.random.default_rng(1)
    own = [np.flatnonzero(writer == w) for w in range(writers)]
    return [np.concatenate([own[w] for w in rng.integers(writers, size=writers)]) for _ in range(_ROUNDS)]


def _interval(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
