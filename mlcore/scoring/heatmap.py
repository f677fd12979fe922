"""Where a questioned signature departs from the specimens: the local comparison, laid back on the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mlcore.imaging.types import CANVAS_HEIGHT, CANVAS_WIDTH
from mlcore.runtime import Features
from mlcore.scoring.distances import INK_FULL, FeatureStack, best_cosines

Floats = npt.NDArray[np.float32]

CANVAS = (CANVAS_HEIGHT, CANVAS_WIDTH)
_NEIGHBOURS = np.array([0.25, 0.5, 0.25], dtype=np.float32)


def cost_map(
    questioned: Features, specimens: Features | Sequence[Features], *, shape: tuple[int, int] = CANVAS
) -> Floats:
    """float32 `shape`, 0 or more: large where the questioned signature departs from all the specimens.

    It lies on the questioned signature's canvas. Heat is comparable between signatures; cell_costs says what it is.
    Raises ValueError without specimens.
    """
    return enlarged(cell_costs(questioned, specimens), shape)


def cell_costs(questioned: Features, specimens: Features | Sequence[Features]) -> Floats:
    """The heat of each cell of the local grid, float32 (rows, columns), about 0..4.

    Ink that no specimen has in like form: 1 - the cosine of the cell with the best of its neighbours in the most
    similar specimen, times how much ink the cell holds. Ink that is missing: the same from each specimen back, taken
    from the specimen that misses least. Either counts up to double where the amount of ink differs as well, since a
    cell's descriptor looks beyond the cell and tells less exactly where the difference lies. The larger of the two
    stands, averaged with the cells around it. Raises ValueError without specimens.
    """
    listed = [specimens] if isinstance(specimens, Features) else list(specimens)
    if not listed:
        raise ValueError("A signature can be compared with at least one specimen, not with none.")
    asked, known = FeatureStack.of([questioned]), FeatureStack.of(listed)
    here, there = _presence(asked.ink), _presence(known.ink)  # (cells, 1) and (cells, specimens)
    strange = (1.0 - best_cosines(asked, known)[:, 0, :]) * here * (1.0 + np.maximum(here - there, 0.0))
    missing = (1.0 - best_cosines(known, asked)[:, :, 0]) * there * (1.0 + np.maximum(there - here, 0.0))
    costs = np.maximum(strange.min(axis=1), missing.min(axis=1)).reshape(questioned.ink.shape)
    return _smoothed(np.maximum(costs, 0.0))


def _presence(ink: Floats) -> Floats:
    """(N, rows, columns) density -> (cells, N): how far a cell counts, 0..1."""
    return np.asarray(np.clip(ink / INK_FULL, 0.0, 1.0).reshape(len(ink), -1).T, dtype=np.float32)


def _smoothed(cells: Floats) -> Floats:
    """Each cell with its neighbours, 1 : 2 : 1 both ways; the outermost cells go on beyond the edge."""
    padded = np.pad(cells, 1, mode="edge")
    down = sum(weight * padded[i : i + cells.shape[0]] for i, weight in enumerate(_NEIGHBOURS))
    across = sum(weight * down[:, i : i + cells.shape[1]] for i, weight in enumerate(_NEIGHBOURS))
    return np.asarray(across, dtype=np.float32)


def enlarged(cells: Floats, shape: tuple[int, int]) -> Floats:
    """Linear interpolation between the middles of cells (rows, columns), constant beyond the outermost, to `shape`."""
    down, across = _interpolation(cells.shape[0], shape[0]), _interpolation(cells.shape[1], shape[1])
    return np.asarray(down @ cells @ across.T, dtype=np.float32)


@lru_cache(maxsize=8)
def _interpolation(cells: int, pixels: int) -> Floats:
    place = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
    return np.maximum(1.0 - np.abs(place[:, None] - np.arange(cells)[None]), 0.0).astype(np.float32)
