"""Stated rates that hold on other writers, and some that do not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from mlcore.evaluation.calibration_check import STATED, CalibrationCheck, check_calibration, rate_interval
from mlcore.evaluation.evaluating import Outcome, calibrated
from mlcore.scoring.calibration import Calibration, calibrate

Pair = tuple[np.ndarray, np.ndarray]
CHECK = CalibrationCheck("far", "score", 0.0, 0.1, (0.07, 0.14), 0.1, (0.05, 0.16), 400, 20)


def people(writers: int, seed: int, *, skill: float = 0.0) -> list[Pair]:
    """Writers who differ: genuine near -2, forged near 2, nearer by `skill`."""
    rng = np.random.default_rng(seed)
    shifts = rng.normal(0, 0.6, writers)
    return [(rng.normal(-2 + s, 1, 30), rng.normal(2 + s - skill, 1, 30)) for s in shifts]


def fitted(writers: int = 60, seed: int = 1) -> Calibration:
    pairs = people(writers, seed)
    return calibrate([genuine for genuine, _ in pairs], [skilled for _, skilled in pairs])


def test_what_is_checked_are_both_thresholds_and_a_range_of_stated_rates() -> None:
    found = check_calibration(people(40, 2), fitted())
    assert [(check.rate, check.at) for check in found[:2]] == [("far", "t_match"), ("frr", "t_no_match")]
    assert found[0].stated == pytest.approx(0.01, abs=0.002)
    assert found[1].stated == pytest.approx(0.02, abs=0.002)
    for rate, shares in STATED.items():
        assert [c.stated for c in found if (c.rate, c.at) == (rate, "score")] == pytest.approx(list(shares))
    assert {check.trials for check in found} == {1200}
    assert {check.writers for check in found} == {40}


def test_no_stated_rate_is_counted_twice() -> None:
    """1 % FAR is that of t_match and 2 % FRR that of t_no_match."""
    found = check_calibration(people(40, 2), fitted())
    for rate in ("far", "frr"):
        stated = sorted(check.stated for check in found if check.rate == rate)
        assert len(stated) == 5
        assert min(np.diff(stated)) > 0.005


def test_rates_hold_on_other_writers_of_the_same_kind() -> None:
    found = [
        check.holds for seed in range(10, 20) for check in check_calibration(people(50, seed), fitted(seed=seed + 50))
    ]
    assert np.mean(found) > 0.9


def test_rates_do_not_hold_where_forgers_are_better() -> None:
    found = check_calibration(people(50, 2, skill=2.0), fitted())
    far = [check for check in found if check.rate == "far"]
    assert not any(check.holds or check.measured_in_stated or check.stated_in_measured for check in far)
    assert all(check.measured > check.stated for check in far)


def test_the_measured_rate_is_counted_by_hand() -> None:
    """Two of eight forged at or below 0; one of four genuine above 8."""
    pairs = [(np.array([-3.0, -1.0]), np.array([-1.0, 0.0, 1.0, 2.0])), (np.array([-2.0, 9.0]), np.arange(1.0, 5.0))]
    calibration = replace(fitted(), t_match=0.0, t_no_match=8.0)
    far, frr = check_calibration(pairs, calibration)[:2]
    assert (far.measured, far.trials, far.writers) == (0.25, 8, 2)
    assert (frr.measured, frr.trials) == (0.25, 4)


def test_refused_images_change_no_measured_rate() -> None:
    """Calibration has seen none and no rate is stated for them; a writer with nothing else is not counted."""
    judged = people(20, 2)
    some = [(np.append(genuine, [np.inf] * 9), np.append(np.inf, skilled)) for genuine, skilled in judged]
    nothing = (np.array([np.inf]), np.array([np.inf]))
    assert check_calibration([*some, nothing], fitted()) == check_calibration(judged, fitted())
    assert check_calibration([nothing], fitted()) == []


def test_a_difference_within_both_intervals_holds() -> None:
    """0.05 more than stated: the stated interval reaches 0.04 up, the measured one 0.04 down, together 0.057."""
    assert replace(CHECK, measured=0.15, measured_ci=(0.11, 0.2)).holds
    assert not replace(CHECK, measured=0.15, measured_ci=(0.13, 0.2)).holds
    assert replace(CHECK, measured=0.05, measured_ci=(0.02, 0.1)).holds
    assert not replace(CHECK, measured=0.05, measured_ci=(0.03, 0.08)).holds


def test_the_stricter_readings_take_one_side_for_exact() -> None:
    assert replace(CHECK, measured=0.15).measured_in_stated is False
    assert replace(CHECK, measured=0.14).measured_in_stated is True
    assert replace(CHECK, measured_ci=(0.11, 0.16)).stated_in_measured is False
    assert CHECK.stated_in_measured is True


def test_the_interval_of_a_rate_draws_whole_writers() -> None:
    """One writer of ten has all the errors: his being drawn or not moves the rate between none and a third."""
    hits, totals = np.array([20.0] + [0.0] * 9), np.full(10, 20.0)
    low, high = rate_interval(hits, totals)
    assert low == 0.0
    assert high == pytest.approx(0.3, abs=0.05)
    even_low, even_high = rate_interval(np.full(10, 2.0), totals)
    assert 0 < even_low < 0.1 < even_high < 0.2


def test_no_error_seen_leaves_room_for_one() -> None:
    low, high = rate_interval(np.zeros(10), np.full(10, 20.0))
    assert low == 0.0
    assert high == pytest.approx(3.8415 / 203.8415, abs=1e-4)


def test_a_rate_without_trials_is_left_out() -> None:
    pairs = [(genuine, np.zeros(0)) for genuine, _ in people(5, 3)]
    assert {check.rate for check in check_calibration(pairs, fitted())} == {"frr"}
    assert check_calibration([], fitted()) == []


def test_outcomes_get_costs_and_checks_as_json() -> None:
    outcomes = [
        Outcome("made", str(index), {"genuine": [genuine], "skilled": [np.append(skilled, np.inf)], "random": []})
        for index, (genuine, skilled) in enumerate(people(40, 4))
    ]
    figures = json.loads(json.dumps(calibrated(outcomes, fitted())))
    assert 0 < figures["cllr_min"] < figures["cllr"] < 0.5
    assert figures["cllr"] - figures["cllr_min"] < 0.05
    first = figures["calibration"][0]
    assert first["holds"] is True
    assert first["trials"] == 40 * 30
    assert len(first["stated_ci"]) == len(first["measured_ci"]) == 2


def test_outcomes_of_nobody_have_no_cost() -> None:
    assert calibrated([], fitted()) == {"cllr": None, "cllr_min": None, "calibration": []}
