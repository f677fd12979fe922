"""Distances worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.scoring import distances
from mlcore.scoring.distances import FeatureStack, best_cosines, ink_weights, local_distances, vector_distances


def grid_of(cells: dict[tuple[int, int], int]) -> np.ndarray:
    """A grid in which the named cells point along the named axis and all others along axis 31."""
    local = np.zeros((1, 6, 12, 32), np.float32)
    local[..., 31] = 1
    for (row, column), axis in cells.items():
        local[0, row, column] = 0
        local[0, row, column, axis] = 1
    return local


def stacked(local: np.ndarray, inked: list[tuple[int, int]]) -> FeatureStack:
    ink = np.zeros((1, 6, 12), np.float32)
    for row, column in inked:
        ink[0, row, column] = 0.5
    return FeatureStack(np.eye(1, 128, dtype=np.float32), local, ink)


def test_vectors_at_right_angles_are_the_root_of_two_apart() -> None:
    axes = np.eye(3, 128, dtype=np.float32)
    found = vector_distances(axes, np.concatenate([axes[:1], -axes[:1]]))
    assert found[0].tolist() == pytest.approx([0.0, 2.0])
    assert found[1].tolist() == pytest.approx([np.sqrt(2)] * 2)


def test_a_signature_is_at_distance_zero_of_itself() -> None:
    mine = stacked(grid_of({(2, 3): 1}), [(2, 3), (4, 5)])
    assert local_distances(mine, mine)[0, 0] == pytest.approx(0.0, abs=1e-6)


def test_a_cell_finds_its_like_one_step_away_but_not_two() -> None:
    mine = stacked(grid_of({(2, 3): 1}), [(2, 3)])
    near = stacked(grid_of({(3, 4): 1}), [(3, 4)])
    far = stacked(grid_of({(2, 5): 1}), [(2, 5)])
    assert local_distances(mine, near)[0, 0] == pytest.approx(0.0, abs=1e-6)
    assert local_distances(mine, far)[0, 0] == pytest.approx(1.0, abs=1e-6)


def test_only_inked_cells_count_and_both_ways_are_averaged() -> None:
    """Mine has one cell that the other lacks; the other's only inked cell is found in mine."""
    mine = stacked(grid_of({(1, 1): 1}), [(1, 1), (4, 8)])
    other = stacked(grid_of({}), [(4, 8)])
    there, back = (0.0 + 1.0) / 2, 1.0
    assert local_distances(mine, other)[0, 0] == pytest.approx(1 - (there + back) / 2, abs=1e-6)
    assert local_distances(other, mine)[0, 0] == pytest.approx(local_distances(mine, other)[0, 0], abs=1e-6)


def test_weights_are_capped_and_sum_to_one() -> None:
    ink = np.zeros((1, 6, 12), np.float32)
    ink[0, 0, 0], ink[0, 0, 1], ink[0, 0, 2] = 0.9, 0.1, 0.05
    weights = ink_weights(ink)[0]
    assert weights[:3].tolist() == pytest.approx([0.4, 0.4, 0.2])
    assert not ink_weights(np.zeros((1, 6, 12), np.float32)).any()


def test_outside_the_grid_there_is_nothing_to_find() -> None:
    mine = stacked(grid_of({(0, 0): 1}), [(0, 0)])
    assert best_cosines(mine, stacked(grid_of({}), []))[0, 0, 0] == pytest.approx(0.0)


def random_stack(count: int) -> FeatureStack:
    rng = np.random.default_rng(3)
    local = rng.normal(size=(count, 6, 12, 32)).astype(np.float32)
    local /= np.linalg.norm(local, axis=-1, keepdims=True)
    return FeatureStack(np.zeros((count, 128), np.float32), local, rng.random((count, 6, 12)).astype(np.float32))


def test_many_are_compared_in_blocks_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 8 on 20 and 11 signatures: no array of cells is larger, and the last blocks are not full."""
    many = random_stack(31)
    left, right = many.take(np.arange(20)), many.take(np.arange(20, 31))
    whole = local_distances(left, right)
    shapes: list[tuple[int, ...]] = []

    def noted(mine: FeatureStack, other: FeatureStack) -> np.ndarray:
        shapes.append((best := best_cosines(mine, other)).shape)
        return best

    monkeypatch.setattr(distances, "_BLOCK", 8)
    monkeypatch.setattr(distances, "best_cosines", noted)
    assert local_distances(left, right) == pytest.approx(whole, abs=1e-6)
    assert len(shapes) == 2 * 3 * 2
    assert max(max(shape[1:]) for shape in shapes) == 8


def test_one_matrix_and_cell_by_cell_give_the_same() -> None:
    """Few pairs go through one matrix of all cells, many cell by cell; both find the same distances."""
    many = random_stack(30)
    together = local_distances(many.take(np.arange(10)), many)
    apart = [local_distances(many.take(np.array([i])), many.take(np.array([j]))) for i in range(10) for j in range(30)]
    assert together.ravel() == pytest.approx(np.array(apart).ravel(), abs=1e-6)


def test_a_set_with_itself_as_with_its_twin() -> None:
    """Each pair of a set is worked out once; the other half and the diagonal are as from another set like it."""
    specimens = random_stack(5)
    among = local_distances(specimens, specimens)
    assert among == pytest.approx(local_distances(specimens, specimens.take(np.arange(5))), abs=1e-6)
    assert np.array_equal(among, among.T)
    assert among.diagonal() == pytest.approx(np.zeros(5), abs=1e-6)
