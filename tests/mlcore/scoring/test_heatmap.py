"""Heat worked out by hand on small grids."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.runtime import Features
from mlcore.scoring.heatmap import cell_costs, cost_map, enlarged

ROWS, COLUMNS, CHANNELS = 6, 12, 32


def signature(inked: dict[tuple[int, int], int], density: float = 0.1) -> Features:
    """Ink in the named cells, each pointing along the named axis; empty cells along the last one."""
    local = np.zeros((ROWS, COLUMNS, CHANNELS), np.float32)
    local[..., CHANNELS - 1] = 1
    ink = np.zeros((ROWS, COLUMNS), np.float32)
    for cell, axis in inked.items():
        local[cell] = np.eye(CHANNELS, dtype=np.float32)[axis]
        ink[cell] = density
    return Features(np.eye(1, 128, dtype=np.float32)[0], local, ink)


BASE = {(3, column): column for column in range(1, 11)}


def test_a_signature_has_no_heat_against_itself() -> None:
    mine = signature(BASE)
    assert np.abs(cost_map(mine, mine)).max() < 1e-6


def test_a_strange_stroke_is_the_hottest_place_and_its_heat_is_known() -> None:
    """Cosine 0 with all neighbours, full ink where the specimen has none: 1 x 1 x 2, a quarter of it after 1:2:1."""
    heat = cell_costs(signature({**BASE, (0, 6): 20}), signature(BASE))
    assert np.unravel_index(heat.argmax(), heat.shape) == (0, 6)
    # At the edge the row beyond repeats the outermost, so that 3/4 of the weight down stays: 0.75 x 0.5 x 2.
    assert heat[0, 6] == pytest.approx(0.75, abs=1e-5)
    assert heat[0, 2] == pytest.approx(0.0, abs=1e-6)


def test_a_missing_stroke_is_as_hot_as_a_strange_one() -> None:
    more, less = signature({**BASE, (1, 6): 20}), signature(BASE)
    assert cell_costs(less, more) == pytest.approx(cell_costs(more, less), abs=1e-6)
    assert cell_costs(less, more).max() == pytest.approx(0.5, abs=1e-5)


def test_the_most_similar_of_several_specimens_counts() -> None:
    mine = signature({**BASE, (1, 6): 20})
    assert cell_costs(mine, [signature(BASE), signature({**BASE, (1, 6): 20})]).max() == pytest.approx(0.0, abs=1e-6)
    assert cell_costs(mine, [signature(BASE), signature(BASE)]).max() == pytest.approx(0.5, abs=1e-5)


def test_what_only_some_specimens_have_is_not_missed() -> None:
    mine, with_dot, without = signature(BASE), signature({**BASE, (1, 6): 20}), signature(BASE)
    assert cell_costs(mine, [with_dot, without]).max() == pytest.approx(0.0, abs=1e-6)


def test_empty_paper_stays_cold_whatever_its_descriptors_say() -> None:
    mine, other = signature(BASE), signature(BASE)
    strange = Features(mine.vector, np.roll(mine.local, 3, axis=-1), np.zeros_like(mine.ink))
    assert cell_costs(strange, Features(other.vector, other.local, np.zeros_like(other.ink))).max() == 0.0


def test_the_map_has_the_canvas_shape_whatever_the_grid() -> None:
    for rows, columns in ((6, 12), (12, 24)):
        local = np.full((rows, columns, 8), 8**-0.5, np.float32)
        item = Features(np.zeros(128, np.float32), local, np.full((rows, columns), 0.1, np.float32))
        assert cost_map(item, [item]).shape == (96, 192)


def test_enlarging_keeps_a_cell_in_its_place_and_makes_no_new_extremes() -> None:
    cells = np.zeros((6, 12), np.float32)
    cells[2, 5] = 1
    large = enlarged(cells, (96, 192))
    assert large.max() <= 1.0 and large.min() >= 0.0
    row, column = np.unravel_index(large.argmax(), large.shape)
    assert (row // 16, column // 16) == (2, 5)
    assert np.average(np.arange(192), weights=large.sum(axis=0)) == pytest.approx(87.5, abs=0.01)


def test_no_specimen_is_an_error() -> None:
    with pytest.raises(ValueError, match="not with none"):
        cost_map(signature(BASE), [])
