from __future__ import annotations

import pytest

from mlcore.models import ModelVersion
from mlcore.retraining.rates import IMAGES_PER_STEP, SHIPPED, curve_rate, training_rate
from tests.mlcore.retraining.making import CURVES, make_run, succeeded

pytestmark = pytest.mark.django_db


def test_before_the_first_run_the_shipped_figure_is_used() -> None:
    make_run(state="failed", curves=CURVES)
    assert training_rate() == SHIPPED
    assert SHIPPED.runs == 0


def test_the_last_runs_of_this_installation_are_the_measure() -> None:
    succeeded(seconds=100)
    rate = training_rate()
    assert (rate.images_per_second, rate.runs) == (190.0, 1)
    assert rate.overhead == pytest.approx(100 - 40 * IMAGES_PER_STEP / 190, abs=0.01)
    assert rate.seconds(40) == pytest.approx(100, abs=0.01)


def test_only_three_runs_count_and_none_that_was_interrupted() -> None:
    succeeded(curves={**CURVES, "images_per_second": [1.0, 9999.0]})
    for rate in (100.0, 110.0, 130.0):
        succeeded(curves={**CURVES, "images_per_second": [1.0, rate]})
    succeeded(curves={**CURVES, "images_per_second": [1.0, 7.0]}, attempts=2)
    assert (training_rate().images_per_second, training_rate().runs) == (110.0, 3)


def test_runs_that_only_measure_do_not_push_trainings_out_of_sight(champion: ModelVersion) -> None:
    succeeded(seconds=100)
    for _ in range(3):
        succeeded(curves={}, measured=champion)
    assert (training_rate().images_per_second, training_rate().runs) == (190.0, 1)


def test_the_first_point_holds_the_tracing_and_is_left_out() -> None:
    assert curve_rate({"images_per_second": [5.0, 100.0, 120.0]}) == 110.0
    assert curve_rate({"images_per_second": [5.0]}) == 5.0
    assert curve_rate({}) is None
