"""The logistic head against what is known of logistic regression."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mlcore.scoring.logistic import FitError, LogisticHead, fit_logistic, sigmoid


def data(seed: int = 1, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(count) < 0.3).astype(float)
    rows = rng.normal(size=(count, 3)) * [1.0, 5.0, 0.2] + labels[:, None] * [1.0, -3.0, 0.0]
    return rows, labels


def test_the_fit_is_the_minimum_of_the_penalised_likelihood() -> None:
    rows, labels = data()
    head = fit_logistic(rows, labels, np.ones(len(rows)), ridge=1.0)
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    balance = np.where(labels == 1, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))

    def cost(beta: np.ndarray) -> float:
        odds = beta[0] + scaled @ beta[1:]
        return float((balance * (np.logaddexp(0, odds) - labels * odds)).sum() + 0.5 * (beta[1:] ** 2).sum())

    found = np.concatenate([[head.intercept], head.weights])
    for step in np.eye(4) * 0.01:
        assert cost(found) < cost(found + step)
        assert cost(found) < cost(found - step)
        slope = (cost(found + step) - cost(found - step)) / 0.02
        assert slope == pytest.approx(0.0, abs=1e-3)


def test_priors_are_equal_whatever_the_counts() -> None:
    rows, labels = np.zeros((100, 1)), np.array([1.0] * 90 + [0.0] * 10)
    head = fit_logistic(rows, labels, np.ones(100))
    assert sigmoid(head.log_odds(rows[:1]))[0] == pytest.approx(0.5, abs=1e-6)


def test_it_survives_a_trip_through_json() -> None:
    rows, labels = data()
    head = fit_logistic(rows, labels, np.ones(len(rows)))
    again = LogisticHead.from_dict(json.loads(json.dumps(head.as_dict())))
    assert np.array_equal(head.log_odds(rows), again.log_odds(rows))


def test_a_figure_counts_no_further_than_it_is_held() -> None:
    bounds = np.array([-np.inf, 0.2]), np.array([np.inf, 0.4])
    head = LogisticHead(np.zeros(2), np.ones(2), np.array([1.0, 10.0]), 0.5, *bounds)
    odds = head.log_odds(np.array([[7.0, 0.3], [7.0, 0.9], [7.0, -5.0], [-7.0, 0.4]]))
    assert np.allclose(odds, [10.5, 11.5, 9.5, -2.5])
    again = LogisticHead.from_dict(json.loads(json.dumps(head.as_dict(), allow_nan=False)))
    assert np.array_equal(again.lowest, head.lowest)
    assert np.array_equal(again.highest, head.highest)


def test_a_head_written_before_figures_were_held_decides_as_it_did() -> None:
    written = {"centre": [0.0], "scale": [1.0], "weights": [2.0], "intercept": 1.0}
    assert np.array_equal(LogisticHead.from_dict(written).log_odds(np.array([[-50.0], [50.0]])), [-99.0, 101.0])


@pytest.mark.parametrize(
    ("lowest", "highest"),
    [([0.5], [0.5]), ([0.1, None], []), ([], [0.1, None]), ([0.3, None], [0.2, None]), ([float("nan")] * 2, [1.0] * 2)],
)
def test_bounds_that_can_not_be_are_refused(lowest: list[float | None], highest: list[float | None]) -> None:
    head = LogisticHead(np.zeros(2), np.ones(2), np.ones(2), 0.0).as_dict()
    with pytest.raises(ValueError, match="bounds"):
        LogisticHead.from_dict({**head, "lowest": lowest, "highest": highest})


def test_separable_classes_do_not_run_away() -> None:
    rows = np.concatenate([np.full((50, 1), -1.0), np.full((50, 1), 1.0)])
    head = fit_logistic(rows, np.repeat([0.0, 1.0], 50), np.ones(100))
    assert np.isfinite(head.weights).all()
    assert sigmoid(head.log_odds(rows))[-1] > 0.9


@pytest.mark.parametrize(
    ("rows", "labels", "sentence"),
    [
        (np.zeros((0, 2)), np.zeros(0), "no finite figures"),
        (np.full((4, 2), np.nan), np.array([0.0, 1, 0, 1]), "no finite figures"),
        (np.zeros((4, 2)), np.ones(4), "only one kind was given"),
    ],
)
def test_what_can_not_be_fitted_is_a_sentence(rows: np.ndarray, labels: np.ndarray, sentence: str) -> None:
    with pytest.raises(FitError, match=sentence):
        fit_logistic(rows, labels, np.ones(len(rows)))


def test_the_sigmoid_does_not_overflow() -> None:
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
