"""Thresholds and error rates on scores whose rates are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mlcore.scoring.calibration import Calibration, calibrate


def by_writer(values: np.ndarray, writers: int = 10) -> list[np.ndarray]:
    return [values[index::writers] for index in range(writers)]


def calibrated(*, cautious: bool = False) -> Calibration:
    rng = np.random.default_rng(3)
    genuine, skilled = rng.normal(-2, 1, 4000), rng.normal(2, 1, 4000)
    return calibrate(by_writer(genuine), by_writer(skilled), cautious=cautious)


def test_thresholds_stand_where_the_targets_are() -> None:
    genuine, skilled = np.arange(-1000.0, 0.0), np.arange(-100.0, 900.0)
    found = calibrate(by_writer(genuine), by_writer(skilled), cautious=False)
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
    found = calibrate(by_writer(genuine), by_writer(skilled), cautious=False)
    assert found.t_match <= found.t_no_match


def test_cautious_thresholds_are_further_apart() -> None:
    plain, cautious = calibrated(), calibrated(cautious=True)
    assert cautious.t_match < plain.t_match
    assert cautious.t_no_match > plain.t_no_match


def test_it_survives_a_trip_through_json() -> None:
    found = calibrated()
    again = Calibration.from_dict(json.loads(json.dumps(found.as_dict())))
    assert again.t_match == found.t_match
    assert again.far(0.3) == pytest.approx(found.far(0.3), abs=1e-4)
    assert (again.writers, again.n_genuine, again.n_skilled) == (10, 4000, 4000)
