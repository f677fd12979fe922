"""Comparison with a set: order does not matter, numbers do."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.imaging.hinge import HINGE_SIZE
from mlcore.runtime import Features
from mlcore.scoring import Scorer
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.distances import FeatureStack
from mlcore.scoring.evidence import (
    EXPECTED,
    HINGE_SEVERAL,
    OF_THE_SET,
    ONE,
    SEVERAL,
    OwnSpread,
    bounds_of_sets,
    evidence,
    names_of_figures,
)
from tests.mlcore.bundles import make_scorer


def features(seed: int) -> Features:
    rng = np.random.default_rng(seed)

    def unit(*shape: int) -> np.ndarray:
        values = rng.normal(size=shape).astype(np.float32)
        return values / np.linalg.norm(values, axis=-1, keepdims=True)

    hinge = np.sqrt(rng.dirichlet(np.full(HINGE_SIZE, 0.5))).astype(np.float32)
    return Features(unit(128), unit(6, 12, 32), rng.uniform(0, 0.3, (6, 12)).astype(np.float32), hinge)


SCORER = make_scorer()


@settings(max_examples=20, deadline=None)
@given(st.permutations([1, 2, 3, 4, 5]))
def test_the_order_of_the_specimens_does_not_matter(order: list[int]) -> None:
    straight = SCORER.compare(features(9), [features(seed) for seed in (1, 2, 3, 4, 5)])
    shuffled = SCORER.compare(features(9), [features(seed) for seed in order])
    assert shuffled.score == pytest.approx(straight.score, abs=1e-5)
    by_seed = dict(zip((1, 2, 3, 4, 5), straight.distances, strict=True))
    for seed, distance in zip(order, shuffled.distances, strict=True):
        assert distance.vector == pytest.approx(by_seed[seed].vector, abs=1e-5)
        assert distance.local == pytest.approx(by_seed[seed].local, abs=1e-5)


@pytest.mark.parametrize("count", [0, 8])
def test_none_and_more_than_seven_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 7 specimens"):
        SCORER.compare(features(9), [features(seed) for seed in range(count)])


def test_a_lone_specimen_has_no_spread_of_its_own() -> None:
    cohort = Cohort(np.eye(3, 128, dtype=np.float32))
    spread = OwnSpread.of(FeatureStack.of([features(1)]), cohort)
    assert (spread.vector, spread.local) == (0.0, 0.0)
    assert 0 < spread.cohort < 2
    rows = evidence(np.array([[0.4]], np.float32), np.array([[0.1]], np.float32), np.array([1.1]), spread)
    assert rows.shape == (1, len(ONE))


def test_the_evidence_of_several_is_minimum_mean_and_spread() -> None:
    spread = OwnSpread(vector=0.3, local=0.05, cohort=1.2)
    vector, local = np.array([[0.2, 0.6]], np.float32), np.array([[0.1, 0.3]], np.float32)
    rows = evidence(vector, local, np.array([1.1], np.float32), spread)
    assert rows.shape == (1, len(SEVERAL))
    assert rows[0].tolist() == pytest.approx([0.2, 0.4, 0.1, 0.2, 0.3, 0.05, 1.1, 1.2])


def test_what_is_expected_of_the_specimens_counts_where_the_model_tells() -> None:
    learnt = make_scorer(learnt=True)
    known = [features(seed) for seed in (1, 2, 3)]
    expected = learnt.cohort.expectation
    assert expected is not None
    mean = expected.of(FeatureStack.of(known)).mean()
    plain = SCORER.compare(features(9), known).score
    assert learnt.compare(features(9), known).score == pytest.approx(plain - 3.0 * mean, abs=1e-6)
    assert learnt.compare(features(9), known[::-1]).score == pytest.approx(plain - 3.0 * mean, abs=1e-5)


def test_the_evidence_of_the_hinge_comes_last_where_all_have_one() -> None:
    spread = OwnSpread(vector=0.3, local=0.05, cohort=1.2, expected=0.4, hinge=0.25)
    vector, hinge = np.array([[0.2, 0.6]], np.float32), np.array([[0.3, 0.4]], np.float32)
    without = evidence(vector, vector, np.array([1.1], np.float32), spread)
    rows = evidence(vector, vector, np.array([1.1], np.float32), spread, hinge)
    assert rows.shape == (1, len((*SEVERAL, EXPECTED, *HINGE_SEVERAL)))
    assert rows[0, :-3].tolist() == without[0].tolist()
    assert rows[0, -3:].tolist() == pytest.approx([0.3, 0.35, 0.25])


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("learnt", [False, True])
def test_the_hinge_counts_for_a_model_that_was_fitted_with_it_alone(count: int, learnt: bool) -> None:
    known = [features(seed) for seed in range(1, count + 1)]
    older = make_scorer(learnt=learnt).compare(features(9), known)
    newer = make_scorer(learnt=learnt, hinge=True).compare(features(9), known)
    assert older.distances == newer.distances
    hinges = [distance.hinge for distance in newer.distances if distance.hinge is not None]
    assert len(hinges) == count
    assert newer.score == pytest.approx(older.score + 2.0 * np.mean(hinges), abs=1e-5)


def test_a_model_older_than_the_hinge_judges_specimens_without_one() -> None:
    bare = [Features(whole.vector, whole.local, whole.ink) for whole in map(features, (1, 2, 3))]
    found = SCORER.compare(features(9), bare)
    assert {distance.hinge for distance in found.distances} == {None}
    assert found.score == SCORER.compare(features(9), [features(seed) for seed in (1, 2, 3)]).score


def test_the_probability_is_that_of_the_score() -> None:
    compared = SCORER.compare(features(9), [features(1), features(2), features(3)])
    assert compared.probability == pytest.approx(1 / (1 + np.exp(compared.score)), abs=1e-9)


def test_it_survives_a_trip_through_json() -> None:
    again = Scorer.from_dict(json.loads(json.dumps(SCORER.as_dict())), SCORER.cohort)
    first = SCORER.compare(features(9), [features(1), features(2)])
    assert again.compare(features(9), [features(1), features(2)]) == first
    assert again.decide(first).t_match == SCORER.decide(first).t_match


def test_the_cohort_is_near_what_resembles_it() -> None:
    cohort = Cohort(np.eye(8, 128, dtype=np.float32), nearest=1)
    near, far = cohort.nearness(np.stack([np.eye(128, dtype=np.float32)[3], np.eye(128, dtype=np.float32)[100]]))
    assert near == pytest.approx(0.0, abs=1e-6)
    assert far == pytest.approx(np.sqrt(2), abs=1e-6)
    assert Cohort(np.zeros((0, 128), np.float32)).nearness(np.eye(2, 128, dtype=np.float32)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("references", [1, 5])
@pytest.mark.parametrize("expected", [False, True])
@pytest.mark.parametrize("hinge", [False, True])
def test_only_what_is_known_of_the_set_alone_is_held(references: int, expected: bool, hinge: bool) -> None:
    names = names_of_figures(references, expected=expected, hinge=hinge)
    rows = np.random.default_rng(1).normal(size=(50, len(names)))
    lowest, highest = bounds_of_sets(rows, names)
    for column, name in enumerate(names):
        held = (rows[:, column].min(), rows[:, column].max()) if name in OF_THE_SET else (-np.inf, np.inf)
        assert (lowest[column], highest[column]) == held
