"""The training distances and the serving distances are twins."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from mlcore.embedding import distances as training
from mlcore.scoring import distances as serving


def stack(count: int, seed: int) -> serving.FeatureStack:
    rng = np.random.default_rng(seed)

    def unit(*shape: int) -> np.ndarray:
        values = rng.normal(size=shape).astype(np.float32)
        return values / np.linalg.norm(values, axis=-1, keepdims=True)

    ink = rng.uniform(0, 0.2, (count, 6, 12)).astype(np.float32)
    return serving.FeatureStack(unit(count, 128), unit(count, 6, 12, 32), ink)


def test_vector_distances_agree() -> None:
    features = stack(7, 1)
    there = training.vector_distances(tf.constant(features.vectors)).numpy()
    here = serving.vector_distances(features.vectors, features.vectors)
    off_diagonal = ~np.eye(7, dtype=bool)
    assert np.abs(there - here)[off_diagonal].max() < 1e-5


def test_local_distances_agree() -> None:
    features = stack(7, 2)
    there = training.local_distances(tf.constant(features.local), tf.constant(features.ink)).numpy()
    assert np.abs(there - serving.local_distances(features, features)).max() < 1e-5


def test_an_empty_canvas_has_no_weights_and_no_nan() -> None:
    empty = tf.zeros((2, 6, 12))
    assert not training.ink_weights(empty).numpy().any()
    features = stack(2, 3)
    there = training.local_distances(tf.constant(features.local), empty).numpy()
    assert np.isfinite(there).all()


def test_both_modules_count_a_cell_as_full_from_the_same_density() -> None:
    assert pytest.approx(serving.INK_FULL) == training.INK_FULL
