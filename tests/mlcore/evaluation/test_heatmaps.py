"""Counting of finds, and the pieces that are erased."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.bundle import load_bundle
from mlcore.evaluation.altered import AlteredPair, altered_pairs
from mlcore.evaluation.heatmaps import LIMIT, Deletion, Found, _look, heat_maps, piece_around
from tests.mlcore.bundles import make_bundle


@pytest.fixture(scope="module")
def pair() -> AlteredPair:
    return next(iter(altered_pairs(1)))


def test_a_map_that_shows_the_place_finds_it_and_one_that_shows_the_rest_does_not(pair: AlteredPair) -> None:
    right = _look(pair, pair.region.astype(np.float32))
    assert (right.of_ink, right.of_map, right.chance_of_ink) == (True, True, False)
    wrong = _look(pair, 1.0 - pair.region.astype(np.float32))
    assert (wrong.of_ink, wrong.of_map) == (False, False)
    elsewhere = _look(pair, pair.elsewhere.astype(np.float32))
    assert (elsewhere.of_ink, elsewhere.chance_of_ink, elsewhere.chance_of_map) == (False, True, True)


def test_a_flat_map_finds_nothing(pair: AlteredPair) -> None:
    flat = _look(pair, np.ones((96, 192), np.float32))
    assert not (flat.of_ink or flat.of_map or flat.chance_of_ink or flat.chance_of_map)


@pytest.mark.parametrize(("of_ink", "within"), [(0.9, True), (0.89, False)])
def test_nine_of_ten_must_be_found_among_the_ink(of_ink: float, within: bool) -> None:
    assert LIMIT == 0.9
    shares = {"of_map": 1.0, "of_ink": of_ink, "chance_of_map": 0.1, "chance_of_ink": 0.1}
    assert Found("all", 80, **shares, limit=LIMIT).within is within
    assert Found("moved", 20, **shares).within is None


@pytest.mark.parametrize(
    ("pairs", "further", "hottest", "within"),
    [(80, 0.51, 1.2, True), (80, 0.5, 1.2, False), (80, 0.51, 0.5, False), (0, 0.0, 0.0, None)],
)
def test_the_hottest_place_must_change_the_score_more_in_most_pairs_and_on_average(
    pairs: int, further: float, hottest: float, within: bool | None
) -> None:
    found = Deletion(pairs, further, hottest, 0.5, 0.1, 0.1, 0.2)
    assert found.within is within
    assert (found.as_dict()["limit"], found.as_dict()["within"]) == (0.5, within)


def test_a_piece_holds_its_share_of_the_ink() -> None:
    canvas = np.zeros((96, 192), np.uint8)
    canvas[48, 10:110] = 255
    piece = piece_around(canvas, np.array([48, 60]), 0.1)
    assert canvas[piece].sum() / canvas.sum() == pytest.approx(0.1, abs=0.02)
    assert piece[48, 60] and not piece[48, 75]


def test_the_whole_measurement_runs_on_any_model(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    found = heat_maps(load_bundle(make_bundle(tmp_path / "tiny")), lambda *news: told.append(news), pairs=4)
    assert [item.alteration for item in found.found] == ["moved", "bent", "left out", "doubled", "all"]
    assert [item.limit for item in (*found.found, *found.varied)] == [*[None] * 4, 0.9, *[None] * 5]
    assert found.found[-1].pairs == found.varied[-1].pairs == found.deletion.pairs == 4
    assert found.deletion.hottest > 0 and found.deletion.random > 0
    assert told[-1] == ("heat maps", 8, 8)
