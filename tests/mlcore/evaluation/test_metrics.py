"""Error rates against counts made the long way, one pair and one threshold at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.evaluation.figures import area_under_curve, equal_error_rate, error_rates, frr_at_far

# Few different values, so that ties are common; +inf is a refused image.
SCORES = st.lists(st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0, np.inf]), min_size=1, max_size=12)
MANY = settings(max_examples=150, deadline=None, derandomize=True)


@MANY
@given(genuine=SCORES, forged=SCORES)
def test_every_point_of_the_curve_is_a_count(genuine: list[float], forged: list[float]) -> None:
    thresholds, far, frr = error_rates(np.array(genuine), np.array(forged))
    assert thresholds[0] == -np.inf
    for threshold, accepted, rejected in zip(thresholds, far, frr, strict=True):
        assert accepted == pytest.approx(sum(score <= threshold for score in forged) / len(forged))
        assert rejected == pytest.approx(sum(score > threshold for score in genuine) / len(genuine))
    assert (np.diff(far) >= 0).all()
    assert (np.diff(frr) <= 0).all()


@MANY
@given(genuine=SCORES, forged=SCORES)
def test_the_area_is_the_share_of_pairs_that_stand_in_order(genuine: list[float], forged: list[float]) -> None:
    won = sum((g < f) + 0.5 * (g == f) for g in genuine for f in forged)
    area = area_under_curve(np.array(genuine), np.array(forged))
    assert area == pytest.approx(won / (len(genuine) * len(forged)))
    assert area_under_curve(np.array(forged), np.array(genuine)) == pytest.approx(1 - area)


@MANY
@given(genuine=SCORES, forged=SCORES)
def test_the_equal_error_rate_lies_between_the_points_around_the_crossing(
    genuine: list[float], forged: list[float]
) -> None:
    rate = equal_error_rate(np.array(genuine), np.array(forged))
    _, far, frr = error_rates(np.array(genuine), np.array(forged))
    # No point of the curve has both rates below it, and some point has neither above the worse of the two.
    assert np.maximum(far, frr).min() >= rate - 1e-12
    assert np.minimum(far, frr).max() <= rate + 1e-12


@MANY
@given(genuine=SCORES, forged=SCORES, target=st.floats(0, 1))
def test_the_frr_at_a_far_is_the_best_that_keeps_it(genuine: list[float], forged: list[float], target: float) -> None:
    _, far, frr = error_rates(np.array(genuine), np.array(forged))
    allowed = [r for a, r in zip(far, frr, strict=True) if a <= target]
    assert frr_at_far(np.array(genuine), np.array(forged), target) == min(allowed)


@MANY
@given(genuine=SCORES, forged=SCORES)
def test_only_the_order_of_scores_counts(genuine: list[float], forged: list[float]) -> None:
    left, right = np.array(genuine), np.array(forged)
    for figure in (equal_error_rate, area_under_curve):
        assert figure(np.exp(left), np.exp(right)) == pytest.approx(figure(left, right))


def test_the_crossing_between_two_thresholds_is_interpolated() -> None:
    """At 2 FAR is 0 and FRR 1/3; at 3 FAR is 1/2 and FRR 1/3: they cross where FAR has risen to 1/3."""
    assert equal_error_rate(np.array([1.0, 2.0, 5.0]), np.array([3.0, 6.0])) == pytest.approx(1 / 3)


def test_two_known_normal_distributions_have_the_error_rate_of_the_textbook() -> None:
    """Unit normals two apart cross halfway, at Phi(-1) = 0.1587; the area is Phi(2 / sqrt 2) = 0.9214."""
    rng = np.random.default_rng(1)
    genuine, forged = rng.normal(0, 1, 40_000), rng.normal(2, 1, 40_000)
    assert equal_error_rate(genuine, forged) == pytest.approx(0.1587, abs=0.004)
    assert area_under_curve(genuine, forged) == pytest.approx(0.9214, abs=0.004)
    assert frr_at_far(genuine, forged, 0.01) == pytest.approx(0.6278, abs=0.02)  # Phi(0.3263)
