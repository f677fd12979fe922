"""Writer-balanced batches: a few writers, of each some genuine signatures and some skilled forgeries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlcore.embedding.sources import DataError, SignatureSet

Indices = npt.NDArray[np.int64]
LEAST_GENUINE = 2  # signatures of a writer: one alone has none of his own to come near to
_TRIES = 8


@dataclass(frozen=True, slots=True)
class BatchShape:
    """Writers in a batch, and genuine signatures and skilled forgeries of each."""

    writers: int = 14
    genuine: int = 4
    forged: int = 3

    @property
    def images(self) -> int:
        """Signatures in a batch, where there are as many writers as it asks for."""
        return self.writers * (self.genuine + self.forged)


def trained_on(signatures: SignatureSet) -> npt.NDArray[np.bool_]:
    """Whether each writer (W,), in the order of `names`, has the two genuine signatures that training needs of him."""
    return np.bincount(signatures.writers[signatures.genuine], minlength=len(signatures.names)) >= LEAST_GENUINE


class WriterBatches:
    """Draws index arrays (B,) into a SignatureSet, every data set with its share, every writer of it alike.

    A writer needs two genuine signatures to be drawn. Without forgeries his places go to more genuine ones; where he
    has fewer than asked, some are drawn twice (the augmentation tells them apart).
    Raises DataError when fewer than two writers are left.
    """

    def __init__(
        self, signatures: SignatureSet, shape: BatchShape | None = None, shares: Mapping[str, float] | None = None
    ) -> None:
        self.shape = shape or BatchShape()
        order = np.arange(len(signatures.writers))
        self._genuine = _by_writer(order, signatures, genuine=True)
        self._forged = _by_writer(order, signatures, genuine=False)
        usable = np.flatnonzero(trained_on(signatures)).tolist()
        if len(usable) < 2:
            raise DataError("Training needs at least two writers with two genuine signatures each.")
        self._writers = np.array(usable)
        self._datasets = np.array(signatures.datasets)[self._writers]
        self._probability = _writer_shares(usable, signatures.datasets, shares or {})

    def draw(self, rng: np.random.Generator) -> Indices:
        """One batch; its size is shape.images (less only where there are fewer writers than asked)."""
        count = min(self.shape.writers, len(self._writers))
        writers = rng.choice(self._writers, count, replace=False, p=self._probability)
        return np.concatenate([self._of(int(writer), rng) for writer in writers])

    def partner(self, writer: int, rng: np.random.Generator) -> int | None:
        """Another writer of the same data set, with forgeries where `writer` has some; None when there is none."""
        mine = self._datasets[int(np.flatnonzero(self._writers == writer)[0])]
        others = self._writers[(self._datasets == mine) & (self._writers != writer)]
        wanted = len(self._forged[writer]) > 0
        for _ in range(_TRIES):
            if len(others) == 0:
                break
            chosen = int(rng.choice(others))
            if not wanted or len(self._forged[chosen]):
                return chosen
        return None

    def like(self, writer: int, genuine: npt.NDArray[np.bool_], rng: np.random.Generator) -> Indices:
        """An image of `writer` for each flag, genuine where it is set and forged elsewhere."""
        chosen = np.zeros(len(genuine), dtype=np.int64)
        for images, places in ((self._genuine[writer], genuine), (self._forged[writer], ~genuine)):
            if places.any():
                chosen[places] = _pick(images, int(places.sum()), rng)
        return chosen

    def _of(self, writer: int, rng: np.random.Generator) -> Indices:
        forged = self._forged[writer]
        places = self.shape.forged if len(forged) else 0
        genuine = _pick(self._genuine[writer], self.shape.genuine + self.shape.forged - places, rng)
        return np.concatenate([genuine, _pick(forged, places, rng)]) if places else genuine


def _pick(images: Indices, count: int, rng: np.random.Generator) -> Indices:
    if len(images) >= count:
        return rng.choice(images, count, replace=False)
    return np.concatenate([rng.permutation(images), rng.choice(images, count - len(images))])


def _by_writer(order: Indices, signatures: SignatureSet, *, genuine: bool) -> list[Indices]:
    chosen = signatures.genuine == genuine
    return [order[chosen & (signatures.writers == writer)] for writer in range(len(signatures.names))]


def _writer_shares(
    usable: list[int], datasets: tuple[str, ...], shares: Mapping[str, float]
) -> npt.NDArray[np.float64]:
    counts: dict[str, int] = {}
    for writer in usable:
        counts[datasets[writer]] = counts.get(datasets[writer], 0) + 1
    weights = np.array([shares.get(datasets[writer], 1.0) / counts[datasets[writer]] for writer in usable])
    return np.asarray(weights / weights.sum(), dtype=np.float64)
