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
