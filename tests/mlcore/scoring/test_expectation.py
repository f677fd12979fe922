"""What to expect of a specimen: a line through known middles, shrunk where little is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mlcore.runtime import Features
from mlcore.scoring.distances import FeatureStack, local_distances
from mlcore.scoring.expectation import Expectation, fit_expectation, mean_descriptors, writer_middle


def grid(value: np.ndarray) -> np.ndarray:
    return np.broadcast_to(value, (6, 12, len(value))).astype(np.float32)


def signature(direction: np.ndarray, ink: float = 0.2) -> Features:
    """The same descriptor in every cell, and as much ink."""
    return Features(np.eye(1, 128, dtype=np.float32)[0], grid(direction), np.full((6, 12), ink, np.float32))


def turned(degrees: float) -> np.ndarray:
    return np.concatenate([[np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.zeros(30)])


def test_descriptors_are_averaged_over_the_ink_alone() -> None:
    local, ink = grid(turned(0)).copy(), np.zeros((6, 12), np.float32)
    local[2, 3], ink[2, 3] = turned(90), 0.05  # half as much as counts fully
    local[2, 4], ink[2, 4] = turned(0), 0.10
    stack = FeatureStack.of([Features(np.zeros(128, np.float32), local, ink), signature(turned(90), ink=0.0)])
    mean = mean_descriptors(stack)
    assert mean[0] == pytest.approx(turned(90) / 3 + turned(0) * 2 / 3, abs=1e-6)
    assert not mean[1].any()


def test_the_middle_is_halfway_between_genuine_and_forged_pairs() -> None:
    stack = FeatureStack.of([signature(turned(degrees)) for degrees in (0, 10, 20, 60, 80)])
    distances = local_distances(stack, stack)
    near = (distances[0, 1] + distances[0, 2] + distances[1, 2]) / 3
    far = distances[:3, 3:].mean()
    assert distances[0, 1] == pytest.approx(1 - np.cos(np.radians(10)), abs=1e-6)
    middle = writer_middle(stack, np.arange(3), np.arange(3, 5))
    assert middle == pytest.approx((near + far) / 2, abs=1e-6)


@pytest.mark.parametrize(("genuine", "forged"), [(2, 3), (3, 1)])
def test_a_writer_with_too_few_signatures_teaches_nothing(genuine: int, forged: int) -> None:
    stack = FeatureStack.of([signature(turned(degrees)) for degrees in (0, 10, 20, 60, 80, 90)])
    assert writer_middle(stack, np.arange(genuine), np.arange(3, 3 + forged)) is None


def test_one_descriptor_is_fitted_as_ridge_regression_by_hand() -> None:
    """Standardised to -1, 1 with equal weights, a penalty of 1 halves the slope: gram 1 + 1, response 0.1."""
    learnt = fit_expectation(np.array([[2.0], [6.0]]), np.array([0.3, 0.5]), np.array([1.0, 1.0]))
    assert learnt is not None
    assert learnt.typical == pytest.approx(0.4)
    assert learnt.centre == pytest.approx([4.0])
    assert learnt.weights * 2.0 == pytest.approx([0.05])


def test_weights_are_repetitions() -> None:
    rng = np.random.default_rng(1)
    rows, middles = rng.normal(size=(6, 3)), rng.random(6)
    counts = np.array([1, 2, 1, 3, 1, 1])
    weighted = fit_expectation(rows, middles, counts.astype(float))
    repeated = fit_expectation(np.repeat(rows, counts, axis=0), np.repeat(middles, counts), np.ones(counts.sum()))
    assert weighted is not None
    assert repeated is not None
    assert weighted.weights == pytest.approx(repeated.weights)
    assert weighted.typical == pytest.approx(repeated.typical)


def test_a_lone_row_teaches_nothing() -> None:
    assert fit_expectation(np.ones((1, 3)), np.array([0.3]), np.array([1.0])) is None


def test_it_is_read_from_signatures_and_survives_json() -> None:
    learnt = Expectation(turned(0), turned(90) * 0.2, 0.4)
    stack = FeatureStack.of([signature(turned(0)), signature(turned(90))])
    assert learnt.of(stack) == pytest.approx([0.4, 0.6], abs=1e-6)
    again = Expectation.from_dict(json.loads(json.dumps(learnt.as_dict())))
    assert again.of(stack) == pytest.approx(learnt.of(stack))
