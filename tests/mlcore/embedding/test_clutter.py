"""What lies across a signature adds ink and does not decide where the signature ends."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.embedding.clutter import add_clutter
from mlcore.imaging import prepare
from tests.mlcore.pages import signature_bytes

FINE = prepare(signature_bytes(2)).fine


def extent(ink: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(ink > 60)
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


@pytest.mark.parametrize("seed", range(24))
def test_ink_is_added_within_the_signature_and_none_is_taken_away(seed: int) -> None:
    cluttered = add_clutter(FINE, np.random.default_rng(seed))
    assert (cluttered >= FINE).all()
    assert extent(cluttered) == extent(FINE)


def test_most_draws_leave_a_mark_and_draws_differ() -> None:
    added = [np.count_nonzero(add_clutter(FINE, np.random.default_rng(seed)) > FINE) for seed in range(24)]
    assert sum(count > 100 for count in added) >= 20
    assert len(set(added)) > 12


def test_the_same_draw_gives_the_same_clutter_and_the_signature_itself_is_left_alone() -> None:
    before = FINE.copy()
    first = add_clutter(FINE, np.random.default_rng(3))
    assert np.array_equal(first, add_clutter(FINE, np.random.default_rng(3)))
    assert np.array_equal(FINE, before)


def test_nothing_lies_across_an_empty_canvas() -> None:
    assert not add_clutter(np.zeros((192, 384), np.uint8), np.random.default_rng(1)).any()
