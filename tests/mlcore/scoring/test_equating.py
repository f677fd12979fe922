"""Scores carried over: what lay where on average lies there again, and nothing else is promised."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.scoring.cohort import Cohort
from mlcore.scoring.equating import Equating, equate, equated_head, equated_scorer, moved_bounds
from mlcore.scoring.logistic import FitError, LogisticHead
from tests.mlcore.bundles import make_scorer

GENUINE, FORGED = np.array([-3.0, -1.0, -2.0]), np.array([2.0, 4.0, 3.0])


def test_both_averages_come_to_lie_where_they_lay() -> None:
    new = (10 + 2 * GENUINE, 10 + 2 * FORGED)
    found = equate((GENUINE, new[0]), (FORGED, new[1]))
    assert (found.stretch, found.shift) == pytest.approx((0.5, -5.0))


def test_a_network_that_separates_better_errs_less_at_the_same_threshold() -> None:
    rng = np.random.default_rng(1)
    old = rng.normal(-2, 2, 4000), rng.normal(2, 2, 4000)
    new = rng.normal(-2, 1, 4000), rng.normal(2, 1, 4000)
    found = equate((old[0], new[0]), (old[1], new[1]))
    threshold = np.quantile(old[1], 0.01)
    far = (found.stretch * new[1] + found.shift <= threshold).mean()
    assert far < 0.005


def test_refused_images_are_left_out_on_both_sides() -> None:
    holes = np.array([np.inf, -1.0, -2.0])
    found = equate((GENUINE, holes), (FORGED, FORGED))
    alone = equate((GENUINE[1:], GENUINE[1:]), (FORGED, FORGED))
    assert (found.stretch, found.shift) == pytest.approx((alone.stretch, alone.shift))


@pytest.mark.parametrize(
    ("genuine", "forged"),
    [
        ((GENUINE, np.full(3, np.inf)), (FORGED, FORGED)),
        ((GENUINE, GENUINE), (np.zeros(0), np.zeros(0))),
        ((GENUINE, GENUINE), (FORGED, GENUINE)),
        ((GENUINE, FORGED), (FORGED, GENUINE)),
    ],
)
def test_nothing_to_go_by_and_a_network_that_tells_nothing_are_refused(
    genuine: tuple[np.ndarray, np.ndarray], forged: tuple[np.ndarray, np.ndarray]
) -> None:
    with pytest.raises(FitError):
        equate(genuine, forged)


def test_the_equated_head_scores_as_the_equating_says() -> None:
    scorer = make_scorer()
    for count in (1, 5):
        head = scorer.heads[count]
        rows = np.random.default_rng(count).normal(size=(6, len(head.weights)))
        equated = equated_head(head, Equating(1.7, 0.4))
        assert -equated.log_odds(rows) == pytest.approx(1.7 * -head.log_odds(rows) + 0.4)


def test_calibrations_stay_and_the_cohort_is_the_new_one() -> None:
    scorer, cohort = make_scorer(), Cohort(np.eye(128, dtype=np.float32)[:3])
    made = equated_scorer(scorer, cohort, {count: Equating(1.0, 0.0) for count in scorer.heads})
    assert made.calibrations is scorer.calibrations
    assert made.cohort is cohort


def test_bounds_move_with_the_figures_that_they_hold() -> None:
    rng = np.random.default_rng(1)
    old = rng.normal([0.6, 0.35], [0.2, 0.02], (500, 2))
    new = 0.1 + 0.5 * old  # a network that draws everything closer together
    bounds = np.array([-np.inf, 0.3]), np.array([np.inf, 0.4])
    head = LogisticHead(np.zeros(2), np.ones(2), np.ones(2), 0.0, *bounds)
    moved = moved_bounds(head, old, new)
    assert moved.lowest == pytest.approx([-np.inf, 0.25])
    assert moved.highest == pytest.approx([np.inf, 0.3])
    held_before = (old[:, 1] < 0.3) | (old[:, 1] > 0.4)
    held_now = (new[:, 1] < moved.lowest[1]) | (new[:, 1] > moved.highest[1])
    assert np.array_equal(held_before, held_now)
    assert held_now.any()
    unbound = make_scorer().heads[3]
    assert moved_bounds(unbound, np.zeros((5, 8)), np.ones((5, 8))) is unbound
