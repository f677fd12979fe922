"""A deeper network takes over what a shallower one has learnt and begins as its equal."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from mlcore.embedding.network import build_network, freeze_stages, grow_into, with_expectation
from mlcore.runtime import cell_ink
from mlcore.scoring.distances import FeatureStack
from mlcore.scoring.expectation import mean_descriptors

SHALLOW, DEEP = ((8, 1), (8, 0), (12, 1)), ((8, 1), (8, 2), (12, 3))
CANVASES = np.random.default_rng(1).random((2, 96, 192, 1)).astype(np.float32)

pytestmark = pytest.mark.slow


def learnt(stages: tuple[tuple[int, int], ...]) -> keras.Model:
    """A network whose weights and statistics are all away from their beginnings."""
    model = build_network(stages, stem=8)
    rng = np.random.default_rng(2)
    model.set_weights([np.abs(value + rng.normal(0, 0.1, value.shape)) for value in model.get_weights()])
    return model


def test_more_blocks_change_nothing_until_they_are_trained() -> None:
    small, large = learnt(SHALLOW), build_network(DEEP, stem=8)
    assert grow_into(large, small)
    expected, found = (model(CANVASES, training=False) for model in (small, large))
    for name in ("vector", "local"):
        assert np.allclose(expected[name], found[name], atol=1e-6)
    assert large.count_params() > small.count_params()


def test_the_same_network_is_copied() -> None:
    source, copy = learnt(SHALLOW), build_network(SHALLOW, stem=8)
    assert grow_into(copy, source)
    assert all(np.array_equal(a, b) for a, b in zip(source.get_weights(), copy.get_weights(), strict=True))


@pytest.mark.parametrize(
    "other", [((8, 1), (8, 0), (16, 1)), ((8, 2), (8, 2), (12, 1)), DEEP], ids=["channels", "blocks", "deeper"]
)
def test_what_does_not_fit_is_left_alone(other: tuple[tuple[int, int], ...]) -> None:
    model = build_network(((8, 1), (8, 2), (12, 1)), stem=8)
    before = model.get_weights()
    assert not grow_into(model, learnt(other))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_frozen_stages_do_not_learn_and_can_be_thawed() -> None:
    model = build_network(SHALLOW, stem=8)
    everything = len(model.trainable_variables)
    freeze_stages(model, 2)
    frozen = {layer.name for layer in model.layers if not layer.trainable}
    assert frozen
    assert all(name.startswith(("stage0_", "stage1_")) for name in frozen)
    assert len(model.trainable_variables) < everything
    freeze_stages(model, 0)
    assert len(model.trainable_variables) == everything


def test_the_expectation_is_linear_in_the_descriptors_over_the_ink_as_scoring_reads_it() -> None:
    model = learnt(SHALLOW)
    learner = with_expectation(model)
    weights = np.random.default_rng(3).normal(size=(32, 1)).astype(np.float32)
    learner.get_layer("expected").set_weights([weights, np.array([0.25], np.float32)])
    canvases = (CANVASES > 0.9).astype(np.float32)
    outputs = learner(canvases, training=False)
    local, ink = np.asarray(outputs["local"]), cell_ink(canvases[..., 0])
    stack = FeatureStack(np.asarray(outputs["vector"]), local, ink)
    assert np.asarray(outputs["expected"])[:, 0] == pytest.approx(
        (mean_descriptors(stack) @ weights)[:, 0] + 0.25, abs=1e-4
    )
    assert set(model.output_names) == {"vector", "local"}
