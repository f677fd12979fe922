"""Likelihood ratios of scores whose densities are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mlcore.scoring.likelihood import LikelihoodRatio, fit_ratio, support


def test_two_normals_give_their_own_ratio() -> None:
    """N(1, 2) against N(4, 2): log LR = (2.5 - score) x 3 / 4."""
    rng = np.random.default_rng(1)
    found = fit_ratio(rng.normal(1, 2, 20_000), rng.normal(4, 2, 20_000), worth_genuine=1e6, worth_skilled=1e6)
    scores = np.array([0.0, 2.5, 5.0])
    assert found.log_at(scores) == pytest.approx((2.5 - scores) * 0.75, abs=0.1)


def test_how_many_of_each_were_tried_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    genuine, skilled = rng.normal(-1, 1, 3000), rng.normal(1, 1, 3000)
    even = fit_ratio(genuine, skilled, worth_genuine=100, worth_skilled=100)
    uneven = fit_ratio(genuine, np.tile(skilled, 5), worth_genuine=100, worth_skilled=100)
    assert uneven.log_at(np.array([-0.5, 0.7])) == pytest.approx(even.log_at(np.array([-0.5, 0.7])), abs=0.02)


def test_no_ratio_leaves_what_the_trials_support() -> None:
    found = fit_ratio(np.linspace(-3, 0, 50), np.linspace(-1, 3, 50), worth_genuine=19, worth_skilled=49)
    assert np.exp(found.log_at(np.array([-1e9, -np.inf, 1e9, np.inf]))) == pytest.approx([50, 50, 1 / 20, 1 / 20])


def test_it_survives_a_trip_through_json() -> None:
    found = LikelihoodRatio(0.2, -0.9, -5.0, 6.0)
    assert LikelihoodRatio.from_dict(json.loads(json.dumps(found.as_dict()))) == found


@pytest.mark.parametrize(
    ("ratio", "word"),
    [
        (1, "none"),
        (0.51, "none"),
        (2, "weak"),
        (0.1, "moderate"),
        (99, "moderate"),
        (0.002, "moderately_strong"),
        (1e4, "strong"),
    ],
)
def test_support_is_the_same_for_a_ratio_and_its_inverse(ratio: float, word: str) -> None:
    assert support(ratio) == support(1 / ratio) == word
