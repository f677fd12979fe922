"""Search over writers whose vectors cluster: sure when they lie apart, at a loss when they do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.embedding.sources import Row
from mlcore.evaluation import identification as searching
from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.identification import FOUND_LIMIT, RANK_ONE_LIMIT, Identified, _found, identification
from mlcore.scoring.distances import FeatureStack
from tests.mlcore.bundles import make_scorer


def embedded(spread: float, *, writers: int = 12, genuine: int = 6, refused: tuple[int, ...] = ()) -> EmbeddedSet:
    rng = np.random.default_rng(3)
    rows = [Row(Path(f"{w}/{i}.png"), "made", str(w), True, "test") for w in range(writers) for i in range(genuine)]
    vectors = np.repeat(rng.normal(size=(writers, 128)), genuine, axis=0) + spread * rng.normal(size=(len(rows), 128))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    local = np.full((len(rows), 6, 12, 32), 32**-0.5, np.float32)
    ink = np.full((len(rows), 6, 12), 0.2, np.float32)
    flags = np.isin(np.arange(len(rows)), refused)
    return EmbeddedSet(tuple(rows), FeatureStack(vectors, local, ink), flags, ((),) * len(rows))


def test_writers_far_apart_are_all_found() -> None:
    one, three = identification(embedded(0.2), make_scorer(), (1, 3))
    assert (one.references, three.references) == (1, 3)
    assert (one.writers, one.probes, three.probes) == (12, 12 * 5, 12 * 3)
    for found in (one, three):
        assert (found.rank_one, found.rank_one_vector, found.shortlisted, found.found) == (1.0, 1.0, 1.0, 1.0)
        assert found.rank_one_interval == (1.0, 1.0)


def test_writers_that_can_not_be_told_apart_are_found_by_chance_only() -> None:
    (found,) = identification(embedded(20.0), make_scorer(), (3,))
    assert found.rank_one < 0.35
    assert found.found is not None and found.found < 0.3
    low, high = found.rank_one_interval
    assert low <= found.rank_one <= high


def test_no_more_probes_than_the_limit_are_asked_and_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert searching.MAX_PROBES == 500
    monkeypatch.setattr(searching, "MAX_PROBES", 20)
    data = embedded(2.0)
    (found,), (again,) = (identification(data, make_scorer(), (3,)) for _ in range(2))
    assert (found.probes, found.probes_at_hand) == (20, 12 * 3)
    assert found == again
    gallery = searching._enrol(data, 3)
    assert [data.rows[i].writer for i in gallery.probes] == [str(w) for w in gallery.writer]
    assert len(set(gallery.writer.tolist())) > 6


def test_a_refused_probe_is_not_found_and_is_never_a_specimen() -> None:
    (found,) = identification(embedded(0.2, refused=(0, 1)), make_scorer(), (3,))
    assert found.probes == found.probes_at_hand == 12 * 3
    assert found.rank_one == found.shortlisted == 1.0 - 2 / 36


def test_writers_without_a_signature_to_spare_are_left_out() -> None:
    assert identification(embedded(0.2, genuine=3), make_scorer(), (3,)) == []


@pytest.mark.parametrize(
    ("references", "rank_one", "within"), [(5, 0.97, True), (5, 0.969, False), (3, 0.5, None), (1, 0.5, None)]
)
def test_with_five_specimens_97_in_100_must_come_first(references: int, rank_one: float, within: bool | None) -> None:
    assert RANK_ONE_LIMIT == 0.97
    item = Identified(references, 57, 400, 450, rank_one, (0.4, 1.0), 0.9, 0.9, None, None)
    assert (item.rank_one_within, item.as_dict()["rank_one_within"]) == (within, within)
    assert item.as_dict()["rank_one_limit"] == (0.97 if references == 5 else None)


@pytest.mark.parametrize(("found", "within"), [(0.9, True), (0.899, False), (None, None)])
def test_nine_of_ten_must_be_found_where_one_stranger_in_a_hundred_is(found: float | None, within: bool | None) -> None:
    assert FOUND_LIMIT == 0.9
    item = Identified(1, 57, 400, 450, 1.0, (1.0, 1.0), 0.9, 0.9, found, None)
    assert (item.found_within, item.as_dict()["found_limit"]) == (within, 0.9)


def test_the_share_found_is_taken_where_one_stranger_in_a_hundred_passes() -> None:
    """200 strangers at 0, 1, 2 ...: two may be named, so that only scores below the third pass."""
    outside = np.arange(200.0)
    inside, right = np.array([-1.0, 1.5, 1.9, 2.0, 50.0]), np.array([True, True, False, True, True])
    assert _found(inside, right, outside) == 2 / 5
