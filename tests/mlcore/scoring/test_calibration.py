"""Thresholds and error rates on scores whose rates are known."""

from __future__ import annotations

import json
from statistics import NormalDist

import numpy as np
import pytest

from mlcore.scoring.calibration import EFFECTIVE_AT, Calibration, _student, calibrate, effective_sizes, wilson_interval


def by_writer(values: np.ndarray, writers: int = 10) -> list[np.ndarray]:
    return [values[index::writers] for index in range(writers)]


def calibrated() -> Calibration:
    rng = np.random.default_rng(3)
    genuine, skilled = rng.normal(-2, 1, 4000), rng.normal(2, 1, 4000)
    return calibrate(by_writer(genuine), by_writer(skilled))


def test_thresholds_stand_where_the_targets_are() -> None:
    genuine, skilled = np.arange(-1000.0, 0.0), np.arange(-100.0, 900.0)
    found = calibrate(by_writer(genuine), by_writer(skilled))
    # Ten of the thousand forgeries may pass: those at -100 .. -91.
    assert (skilled <= found.t_match).sum() == 10
    assert found.t_no_match == pytest.approx(np.quantile(genuine, 0.98))


def test_rates_are_shares_of_the_scores_they_were_fitted_on() -> None:
    found = calibrated()
    assert found.far(found.t_match) == pytest.approx(0.01, abs=0.003)
    assert found.frr(-2.0) == pytest.approx(0.5, abs=0.02)
    assert found.far(-50) == 0.0
    assert found.far(50) == 1.0
    assert found.frr(50) == 0.0
    assert found.frr(-50) == 1.0


def test_well_separated_scores_leave_no_gap_the_wrong_way_round() -> None:
    genuine, skilled = np.linspace(-9, -8, 300), np.linspace(8, 9, 300)
    found = calibrate(by_writer(genuine), by_writer(skilled))
    assert found.t_match <= found.t_no_match


def test_it_survives_a_trip_through_json() -> None:
    found = calibrated()
    again = Calibration.from_dict(json.loads(json.dumps(found.as_dict())))
    assert again.t_match == found.t_match
    assert again.far(0.3) == pytest.approx(found.far(0.3), abs=1e-4)
    assert (again.writers, again.n_genuine, again.n_skilled) == (10, 4000, 4000)
    assert again.skilled_within(-1.0).low == pytest.approx(found.skilled_within(-1.0).low, rel=1e-2)
    assert again.likelihood_ratio(-1.0) == found.likelihood_ratio(-1.0)


def test_wilson_s_interval_is_that_of_the_textbook() -> None:
    """10 of 100: 5.52 % to 17.44 % (Newcombe 1998, method 3); none of 20: up to z^2 / (20 + z^2)."""
    assert wilson_interval(0.1, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson_interval(0.0, 20) == pytest.approx((0.0, 3.8415 / 23.8415), abs=1e-4)
    assert wilson_interval(1.0, 20) == pytest.approx((20 / 23.8415, 1.0), abs=1e-4)


def test_trials_of_writers_who_are_all_one_of_a_kind_are_worth_as_many_as_there_are() -> None:
    """Each writer's trials spread like everybody's: drawing whole writers spreads no more than drawing trials."""
    rng = np.random.default_rng(7)
    scores = [rng.normal(size=40) for _ in range(200)]
    sizes = effective_sizes(scores, rng.integers(200, size=(2000, 200)))
    assert sizes[4:7] == pytest.approx(8000, rel=0.25)


def test_trials_that_a_writer_repeats_are_worth_one() -> None:
    """Every trial of a writer has the same score: 200 writers, 200 independent trials."""
    rng = np.random.default_rng(7)
    scores = [np.full(40, value) for value in rng.normal(size=200)]
    sizes = effective_sizes(scores, rng.integers(200, size=(2000, 200)))
    assert sizes == pytest.approx(200, rel=0.15)
    assert len(sizes) == len(EFFECTIVE_AT)


def test_many_trials_of_a_single_writer_are_worth_one() -> None:
    scores = [np.random.default_rng(7).normal(size=400)]
    assert effective_sizes(scores, np.zeros((100, 1), np.int64)).tolist() == [1.0] * len(EFFECTIVE_AT)


@pytest.mark.parametrize(("freedom", "quantile"), [(4, 2.776), (7, 2.365), (10, 2.228), (42, 2.018)])
def test_student_s_quantile_is_that_of_the_textbook(freedom: int, quantile: float) -> None:
    assert _student(freedom) == pytest.approx(quantile, abs=0.01)


def test_the_interval_covers_the_rate_of_all_writers_there_are() -> None:
    """Of 200 samples of 40 writers who differ, the 95 % interval holds the true rate in about 190.

    It is no wider than it must be: rates of such samples spread by 0.011, so that 1.96 of it both ways are 0.043.
    """
    rng = np.random.default_rng(11)
    held, widths, everybody = 0, [], rng.normal(size=100_000)
    threshold = -2.2
    true = float((everybody * 0.7 + rng.normal(size=100_000) <= threshold).mean())
    for _ in range(200):
        skilled = [0.7 * writer + rng.normal(size=20) for writer in rng.normal(size=40)]
        genuine = [part - 3 for part in skilled]
        within = calibrate(genuine, skilled, rounds=200).skilled_within(threshold)
        held += within.low <= true <= within.high
        widths.append(within.high - within.low)
    assert held >= 180
    assert np.mean(widths) < 1.25 * 0.043


def test_at_the_threshold_fitted_on_the_same_trials_the_interval_still_covers() -> None:
    """The true share below the t_match of each of 150 samples of 43 writers; a fixed score's interval holds 135."""
    rng = np.random.default_rng(5)
    held, widths = 0, []
    for _ in range(150):
        skilled = [0.7 * writer + rng.normal(size=120) for writer in rng.normal(size=43)]
        found = calibrate([part[:10] - 3 for part in skilled], skilled, rounds=200)
        true = NormalDist(0, np.sqrt(1.49)).cdf(found.t_match)
        within = found.skilled_within(found.t_match)
        held += within.low <= true <= within.high
        widths.append(within.high - within.low)
    assert held >= 139
    assert np.mean(widths) < 0.02


def test_more_like_trials_of_the_same_writers_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(2)
    skilled = [rng.normal(writer, 0.3, 10) for writer in rng.normal(0, 1, 30)]
    genuine = [part - 4 for part in skilled]
    once = calibrate(genuine, skilled)
    tenfold = calibrate([np.tile(g, 10) for g in genuine], [np.tile(s, 10) for s in skilled])
    for score in (-1.0, 0.0, 1.0):
        first, second = once.skilled_within(score), tenfold.skilled_within(score)
        assert second.high - second.low == pytest.approx(first.high - first.low, rel=0.1)


def test_nothing_seen_is_not_nothing_possible() -> None:
    found = calibrated()
    none = found.skilled_within(-50)
    assert none.value == none.low == 0.0
    assert 0.0005 < none.high < 0.05
    assert found.genuine_beyond(50).high > 0.0005
    assert found.genuine_beyond(-50).low < 1.0 == found.genuine_beyond(-50).high


def test_a_share_lies_in_its_interval_and_names_its_trials() -> None:
    found = calibrated()
    for score in np.linspace(-6, 6, 41):
        for share in (found.skilled_within(score), found.genuine_beyond(score)):
            assert 0 <= share.low <= share.value <= share.high <= 1
            assert (share.trials, share.writers) == (4000, 10)


def test_the_likelihood_ratio_is_that_of_the_two_densities() -> None:
    """N(-2, 1) against N(2, 1): log LR = -4 x score, as far as the trials reach."""
    found = calibrated()
    for score in (-1.0, -0.5, 0.0, 0.5, 1.0):
        assert np.log(found.likelihood_ratio(score)) == pytest.approx(-4 * score, abs=0.35)


def test_the_likelihood_ratio_falls_with_the_score_and_promises_no_more_than_the_trials_support() -> None:
    found = calibrated()
    ratios = [found.likelihood_ratio(score) for score in np.linspace(-20, 20, 200)]
    assert ratios == sorted(ratios, reverse=True)
    assert found.effective_skilled[0] + 1 <= ratios[0] < 1.6 * found.effective_skilled[0]
    assert found.effective_genuine[-1] + 1 == pytest.approx(1 / ratios[-1])
    assert ratios[0] < found.n_skilled + 1.001


def test_scores_the_wrong_way_round_speak_for_nobody() -> None:
    rng = np.random.default_rng(3)
    found = calibrate(by_writer(rng.normal(2, 1, 400)), by_writer(rng.normal(-2, 1, 400)))
    assert found.likelihood_ratio(-3) == found.likelihood_ratio(3) == 1.0


def test_the_score_of_a_share_is_the_inverse_of_the_share_of_a_score() -> None:
    found = calibrated()
    for share in (0.01, 0.05, 0.2, 0.5):
        assert found.far(found.score_at_far(share)) == pytest.approx(share)
        assert found.frr(found.score_at_frr(share)) == pytest.approx(share)


def test_a_bundle_from_before_counts_every_writer_as_one_trial() -> None:
    data = calibrated().as_dict()
    for key in ("effective_genuine", "effective_skilled", "ratio"):
        del data[key]
    old = Calibration.from_dict(data)
    within = old.skilled_within(0.0)
    assert (within.low, within.high) == pytest.approx(wilson_interval(within.value, 10))
    assert within.high - within.low > calibrated().skilled_within(0.0).high - calibrated().skilled_within(0.0).low
    assert old.likelihood_ratio(-9) == pytest.approx(11)
    assert old.likelihood_ratio(9) == pytest.approx(1 / 11)
    assert np.log(old.likelihood_ratio(0.25)) == pytest.approx(-1.0, abs=0.35)
