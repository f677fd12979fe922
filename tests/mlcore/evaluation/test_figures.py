"""Error rates against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.evaluation.figures import (
    area_under_curve,
    bootstrap_interval,
    equal_error_rate,
    error_rates,
    frr_at_far,
    least_cost,
    log_likelihood_ratio_cost,
    pool_adjacent_violators,
)

GENUINE = np.array([1.0, 2.0, 3.0, 6.0])
FORGED = np.array([4.0, 5.0, 5.5, 7.0])


def test_rates_at_every_threshold() -> None:
    thresholds, far, frr = error_rates(GENUINE, FORGED)
    at = dict(zip(thresholds.tolist(), zip(far.tolist(), frr.tolist(), strict=True), strict=True))
    assert at[-np.inf] == (0.0, 1.0)
    assert at[3.0] == (0.0, 0.25)
    assert at[4.0] == (0.25, 0.25)
    assert at[6.0] == (0.75, 0.0)
    assert at[7.0] == (1.0, 0.0)


def test_the_equal_error_rate_is_where_both_are_equal() -> None:
    assert equal_error_rate(GENUINE, FORGED) == pytest.approx(0.25)
    assert equal_error_rate(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == 0.0
    assert equal_error_rate(np.array([3.0, 4.0]), np.array([1.0, 2.0])) == 1.0
    assert equal_error_rate(np.array([1.0]), np.array([1.0])) == pytest.approx(0.5)


def test_a_refused_image_counts_as_rejected() -> None:
    """Of four genuine one is refused: no threshold can accept it."""
    genuine = np.array([1.0, 1.0, 1.0, np.inf])
    assert error_rates(genuine, FORGED)[2].min() == pytest.approx(0.25)
    assert equal_error_rate(GENUINE, np.array([4.0, 5.0, 5.5, np.inf])) == pytest.approx(0.25)


def test_frr_at_a_far() -> None:
    assert frr_at_far(GENUINE, FORGED, 0.01) == 0.25
    assert frr_at_far(GENUINE, FORGED, 0.75) == 0.0


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    assert area_under_curve(GENUINE, FORGED) == pytest.approx(13 / 16)
    assert area_under_curve(np.array([1.0]), np.array([1.0])) == 0.5


def test_the_interval_draws_whole_writers() -> None:
    same = [(GENUINE, FORGED)] * 5
    assert bootstrap_interval(same, equal_error_rate, rounds=20) == (0.25, 0.25)
    good, bad = (np.array([1.0]), np.array([2.0])), (np.array([2.0]), np.array([1.0]))
    low, high = bootstrap_interval([good] * 8 + [bad] * 2, equal_error_rate, rounds=200)
    assert low < 0.1 < 0.35 < high
    assert bootstrap_interval([(np.zeros(0), np.zeros(0))], equal_error_rate, rounds=5) == (0.0, 1.0)


def test_nothing_to_count_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one genuine"):
        error_rates(np.zeros(0), FORGED)


def test_the_cost_of_likelihood_ratios_is_that_of_the_formula() -> None:
    """Genuine at 3 : 1 and 1 : 1, forged at 1 : 3: half of (log2(4/3) + 1) / 2 and of log2(4/3)."""
    genuine, forged = np.log([3.0, 1.0]), np.log([1 / 3])
    assert log_likelihood_ratio_cost(genuine, forged) == pytest.approx(
        0.5 * (1 + np.log2(4 / 3)) / 2 + 0.5 * np.log2(4 / 3)
    )


def test_a_system_that_says_nothing_costs_one_bit_and_a_perfect_one_none() -> None:
    assert log_likelihood_ratio_cost(np.zeros(7), np.zeros(3)) == pytest.approx(1.0)
    assert log_likelihood_ratio_cost(np.array([np.inf]), np.array([-np.inf])) == 0.0
    assert log_likelihood_ratio_cost(np.array([-5.0]), np.array([5.0])) > 1
    assert log_likelihood_ratio_cost(np.array([-np.inf]), np.array([0.0])) == np.inf


@pytest.mark.parametrize("seed", range(5))
def test_pooled_adjacent_violators_are_the_minimax_of_means(seed: int) -> None:
    """The isotonic fit at i is the largest over a <= i of the smallest over b >= i of the mean of a..b."""
    rng = np.random.default_rng(seed)
    values, weights = rng.integers(0, 4, 25).astype(float), rng.uniform(0.2, 3, 25)

    def mean(first: int, last: int) -> float:
        return float(np.average(values[first : last + 1], weights=weights[first : last + 1]))

    expected = [max(min(mean(a, b) for b in range(i, 25)) for a in range(i + 1)) for i in range(25)]
    assert pool_adjacent_violators(values, weights) == pytest.approx(expected)


def test_the_least_cost_is_that_of_the_best_monotone_ratios() -> None:
    """1, 2, 3 are sure, 7 is sure; 4 to 6 hold one genuine of four and three forged of four, 1 : 3."""
    expected = 0.5 * np.log2(4) / 4 + 0.5 * 3 * np.log2(4 / 3) / 4
    assert least_cost(GENUINE, FORGED) == pytest.approx(expected)
    assert least_cost(np.array([1.0]), np.array([2.0])) == 0.0
    assert least_cost(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == pytest.approx(1.0)
    # Upside down no monotone calibration helps; one bit is what silence costs.
    assert least_cost(np.array([3.0]), np.array([2.0])) == pytest.approx(1.0)


def test_no_monotone_calibration_costs_less_than_the_least() -> None:
    rng = np.random.default_rng(4)
    genuine, forged = rng.normal(-1, 1, 80), rng.normal(1, 1.5, 300)
    least = least_cost(genuine, forged)
    assert least < min(log_likelihood_ratio_cost(-a * genuine - b, -a * forged - b) for a in (1, 2) for b in (-1, 0, 1))


def test_the_cost_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one genuine"):
        log_likelihood_ratio_cost(np.zeros(0), np.zeros(2))
