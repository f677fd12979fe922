"""Distances between signatures in NumPy: the twin of mlcore.embedding.distances, for use without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mlcore.imaging.hinge import turned_hinges
from mlcore.runtime import Features

Floats = npt.NDArray[np.float32]

INK_FULL = 0.10  # ink density of a cell from which on the cell counts fully
_FEW_PAIRS = 64  # up to here one matrix of all cells is quicker than cell by cell; beyond, it costs memory
_BLOCK = 256  # signatures a side that are compared at once beyond: 19 MB a way and 72 cells, however many there are


@dataclass(frozen=True, slots=True)
class FeatureStack:
    """Several signatures' features as arrays: vectors (N, 128), local (N, 6, 12, 32), ink (N, 6, 12), hinge (N, 576),
    None where one of them has none."""

    vectors: Floats
    local: Floats
    ink: Floats
    hinge: Floats | None = None

    @classmethod
    def of(cls, features: Sequence[Features]) -> FeatureStack:
        """Stack features; at least one is needed."""
        hinges = [item.hinge for item in features if item.hinge is not None]
        return cls(
            np.stack([item.vector for item in features]),
            np.stack([item.local for item in features]),
            np.stack([item.ink for item in features]),
            np.stack(hinges) if len(hinges) == len(features) else None,
        )

    def take(self, indices: npt.NDArray[np.int64]) -> FeatureStack:
        """The features at `indices`."""
        return FeatureStack(*self._at(indices))

    def part(self, chosen: slice) -> FeatureStack:
        """A run of features, without a copy."""
        return FeatureStack(*self._at(chosen))

    def one(self, index: int) -> Features:
        """The features of a single signature."""
        return Features(*self._at(index))

    def _at(self, which: npt.NDArray[np.int64] | slice | int) -> tuple[Floats, Floats, Floats, Floats | None]:
        hinge = None if self.hinge is None else self.hinge[which]
        return self.vectors[which], self.local[which], self.ink[which], hinge

    def __len__(self) -> int:
        return len(self.vectors)


def vector_distances(left: Floats, right: Floats) -> Floats:
    """Euclidean distances of unit vectors, (N, D) and (M, D) -> (N, M) in [0, 2]."""
    cosine = left @ right.T
    return np.asarray(np.sqrt(np.maximum(2.0 - 2.0 * cosine, 0.0)), dtype=np.float32)


def hinge_distances(left: FeatureStack, right: FeatureStack) -> Floats | None:
    """Hellinger distances of the contour hinges, (N, M) in [0, 1]; None where a signature has none.

    The least over small turns of either, for people do not hold cheques straight. 0 for identical signatures.
    """
    if left.hinge is None or right.hinge is None:
        return None
    alike = left.hinge @ right.hinge.T
    for turned in turned_hinges(left.hinge):
        np.maximum(alike, turned @ right.hinge.T, out=alike)
    for turned in turned_hinges(right.hinge):
        np.maximum(alike, left.hinge @ turned.T, out=alike)
    return np.asarray(np.sqrt(np.clip(1.0 - alike, 0.0, 1.0)), dtype=np.float32)


def ink_weights(ink: Floats) -> Floats:
    """(N, 6, 12) ink density -> (N, 72) weights that sum to 1 (all 0 for an empty canvas)."""
    clipped = np.clip(ink / INK_FULL, 0.0, 1.0).reshape(len(ink), -1)
    total = clipped.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(clipped, total, out=np.zeros_like(clipped), where=total > 0), dtype=np.float32)


def local_distances(left: FeatureStack, right: FeatureStack) -> Floats:
    """1 - mean over the ink of each cell's cosine with the best of its 3 x 3 neighbours, both ways averaged.

    Returns (N, M), in [0, 2]; 0 for identical signatures.
    """
    if len(left) * len(right) <= _FEW_PAIRS:
        return _of_few(left, right)
    distances = np.empty((len(left), len(right)), dtype=np.float32)
    for rows in _blocks(len(left)):
        for columns in _blocks(len(right)):
            mine, other = left.part(rows), right.part(columns)
            distances[rows, columns] = _averaged(mine, other, best_cosines(mine, other), best_cosines(other, mine))
    return distances


def _blocks(count: int) -> list[slice]:
    return [slice(start, start + _BLOCK) for start in range(0, count, _BLOCK)]


def _averaged(left: FeatureStack, right: FeatureStack, found: Floats, missed: Floats) -> Floats:
    """found: (cells, N, M), best cosines of left in right. missed: (cells, M, N), of right in left."""
    there = np.einsum("nc,cnm->nm", ink_weights(left.ink), found, optimize=True)
    back = np.einsum("mc,cmn->nm", ink_weights(right.ink), missed, optimize=True)
    return np.asarray(1.0 - 0.5 * (there + back), dtype=np.float32)


def _of_few(left: FeatureStack, right: FeatureStack) -> Floats:
    """local_distances by pairs: of a set with itself each pair once, for it is the same both ways."""
    distances = np.empty((len(left), len(right)), dtype=np.float32)
    rows, columns = np.triu_indices(len(left)) if left is right else np.indices(distances.shape).reshape(2, -1)
    distances[rows, columns] = _paired_distances(left.take(rows), right.take(columns))
    if left is right:
        distances[columns, rows] = distances[rows, columns]
    return distances


def _paired_distances(left: FeatureStack, right: FeatureStack) -> Floats:
    """(P,): of each of `left` from its like in `right`, from one matrix of the cells of both."""
    rows, columns, channels = left.local.shape[1:]
    mine, others = (stack.local.reshape(len(stack), -1, channels) for stack in (left, right))
    # A pair at a time: small enough that the matrix library starts no threads, which would cost more than they save.
    cosines = (mine @ others.transpose(0, 2, 1)).reshape(len(left), -1)
    there, back, edge = _around(rows, columns)
    found, missed = cosines[:, there].max(axis=1), cosines[:, back].max(axis=1)
    np.maximum(found, 0, out=found, where=edge)  # beyond the grid there is nothing, whose cosine is 0
    np.maximum(missed, 0, out=missed, where=edge)
    alike = (ink_weights(left.ink) * found).sum(axis=1) + (ink_weights(right.ink) * missed).sum(axis=1)
    return np.asarray(1.0 - 0.5 * alike, dtype=np.float32)


@lru_cache(maxsize=4)
def _around(rows: int, columns: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where, in a matrix of all cells' cosines laid flat, each cell's 3 x 3 neighbours stand: (9, cells) for those of
    the rows, and for those of the columns; and which cells lie at the edge, whose missing neighbours are themselves."""
    row, column = (axis.ravel() for axis in np.mgrid[:rows, :columns])
    steps = [(down, across) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    inside = np.array([_within(row + d, rows) & _within(column + a, columns) for d, a in steps])
    cell = columns * row + column
    near = np.where(inside, cell + np.array([columns * d + a for d, a in steps])[:, None], cell)
    return rows * columns * cell + near, rows * columns * near + cell, np.logical_not(inside.all(axis=0))


def _within(places: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.bool_]:
    return (places >= 0) & (places < count)


def best_cosines(left: FeatureStack, right: FeatureStack) -> Floats:
    """(72, N, M): the cosine of each cell of `left` with the best of the 3 x 3 cells around it in `right`."""
    rows, columns, channels = left.local.shape[1:]
    cells = np.ascontiguousarray(left.local.reshape(-1, rows * columns, channels).transpose(1, 0, 2))
    padded = np.pad(right.local, ((0, 0), (1, 1), (1, 1), (0, 0)))
    best = np.full((rows * columns, len(left), len(right)), -1.0, dtype=np.float32)
    for down in range(3):
        for across in range(3):
            shifted = padded[:, down : down + rows, across : across + columns]
            other = np.ascontiguousarray(shifted.reshape(-1, rows * columns, channels).transpose(1, 2, 0))
            np.maximum(best, cells @ other, out=best)
    return best
