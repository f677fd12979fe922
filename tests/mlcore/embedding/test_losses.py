"""The triplet loss against distances and sums worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from mlcore.embedding.distances import vector_distances
from mlcore.embedding.distillation import distance_loss
from mlcore.embedding.losses import (
    across_sets_loss,
    across_writers_loss,
    batch_relations,
    forged_pairs,
    triplet_loss,
)


def on_the_circle(*degrees: float) -> tf.Tensor:
    angles = [math.radians(value) for value in degrees]
    return tf.constant([[math.cos(a), math.sin(a)] for a in angles], tf.float32)


def chord(degrees: float) -> float:
    return 2.0 * math.sin(math.radians(degrees) / 2.0)


def test_distances_of_known_angles_are_their_chords() -> None:
    found = vector_distances(on_the_circle(0, 60, 180)).numpy()
    assert found[0, 1] == pytest.approx(1.0, abs=1e-6)
    assert found[0, 2] == pytest.approx(2.0, abs=1e-6)
    assert found[1, 2] == pytest.approx(chord(120), abs=1e-6)
    assert found[0, 0] == pytest.approx(0.0, abs=2e-4)


def test_one_violating_triplet_gives_its_own_excess() -> None:
    """Anchors at 0 and 30 degrees, a forgery at 45: both anchors violate, each by its own amount."""
    writers, genuine = tf.constant([1, 1, 1]), tf.constant([True, True, False])
    positives, negatives = batch_relations(writers, genuine, 4.0)
    distances = vector_distances(on_the_circle(0, 30, 45))
    first = chord(30) - chord(45) + 0.3
    second = chord(30) - chord(15) + 0.3
    loss, violating = triplet_loss(distances, positives, negatives, 0.3)
    assert float(loss) == pytest.approx((first + second) / 2, abs=1e-6)
    assert float(violating) == pytest.approx(1.0)


def test_the_mean_is_over_violating_triplets_only() -> None:
    """The stranger at 180 degrees violates nothing and must not dilute the mean."""
    writers, genuine = tf.constant([1, 1, 1, 2]), tf.constant([True, True, False, True])
    positives, negatives = batch_relations(writers, genuine, 1.0)
    loss, violating = triplet_loss(vector_distances(on_the_circle(0, 30, 45, 180)), positives, negatives, 0.3)
    expected = (chord(30) - chord(45) + 0.3 + chord(30) - chord(15) + 0.3) / 2
    assert float(loss) == pytest.approx(expected, abs=1e-6)
    assert float(violating) == pytest.approx(0.5)


def test_distances_are_compared_within_and_between_writers_by_halves() -> None:
    """Two signatures of one writer and one of another: one pair within, two between; nothing of a signature itself."""
    writers = tf.constant([1, 1, 2])
    taught = tf.constant([[9.0, 0.2, 1.0], [0.2, 9.0, 1.0], [1.0, 1.0, 9.0]])
    found = tf.constant([[0.0, 0.5, 1.0], [0.5, 0.0, 1.6], [1.0, 1.6, 0.0]])
    within, between = (0.3 / 0.3) ** 2, (0.0 + (0.6 / 0.3) ** 2) / 2
    assert float(distance_loss(found, taught, writers, 0.3)) == pytest.approx((within + between) / 2, rel=1e-5)
    assert float(distance_loss(found, taught, tf.constant([1, 1, 1]), 0.3)) == pytest.approx(
        (1 + 0 + 4) / 3 / 2, rel=1e-5
    )
    assert float(distance_loss(taught, taught, writers, 0.3)) == 0.0


def test_a_forgery_weighs_as_often_as_it_is_told_to() -> None:
    writers, genuine = tf.constant([1, 1, 1, 2]), tf.constant([True, True, False, True])
    positives, negatives = batch_relations(writers, genuine, 4.0)
    loss, _ = triplet_loss(vector_distances(on_the_circle(0, 30, 45, 60)), positives, negatives, 0.3)
    forged = [chord(30) - chord(45) + 0.3, chord(30) - chord(15) + 0.3]
    stranger = [chord(30) - chord(60) + 0.3, chord(30) - chord(30) + 0.3]
    stranger = [value for value in stranger if value > 0]
    expected = (4 * sum(forged) + sum(stranger)) / (4 * len(forged) + len(stranger))
    assert float(loss) == pytest.approx(expected, abs=1e-6)


def test_well_separated_writers_have_no_loss_and_no_gradient() -> None:
    writers, genuine = tf.constant([1, 1, 2, 2]), tf.constant([True] * 4)
    positives, negatives = batch_relations(writers, genuine, 4.0)
    vectors = tf.Variable(on_the_circle(0, 5, 170, 175))
    with tf.GradientTape() as tape:
        loss, violating = triplet_loss(vector_distances(vectors), positives, negatives, 0.3)
    assert float(loss) == 0.0
    assert float(violating) == 0.0
    assert np.all(np.isfinite(tape.gradient(loss, vectors).numpy()))


def test_a_collapsed_batch_has_the_margin_as_loss_and_a_finite_gradient() -> None:
    """The trap that a margin alone does not close: everything on one point looks like a loss of exactly the margin."""
    writers, genuine = tf.constant([1, 1, 2, 2]), tf.constant([True] * 4)
    positives, negatives = batch_relations(writers, genuine, 4.0)
    vectors = tf.Variable(on_the_circle(10, 10, 10, 10))
    with tf.GradientTape() as tape:
        loss, _ = triplet_loss(vector_distances(vectors), positives, negatives, 0.3)
    assert float(loss) == pytest.approx(0.3, abs=1e-5)
    assert np.all(np.isfinite(tape.gradient(loss, vectors).numpy()))


def test_who_is_positive_and_negative_to_whom() -> None:
    writers, genuine = tf.constant([1, 1, 1, 2]), tf.constant([True, True, False, True])
    positives, negatives = batch_relations(writers, genuine, 4.0)
    assert positives.numpy().astype(int).tolist() == [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert negatives.numpy().tolist() == [[0, 0, 4, 1], [0, 0, 4, 1], [0, 0, 0, 0], [1, 1, 1, 0]]


def test_forged_pairs_join_a_genuine_signature_with_forgeries_of_the_same_writer() -> None:
    found = forged_pairs(tf.constant([1, 1, 2, 2]), tf.constant([True, False, True, False])).numpy()
    assert found.tolist() == [[False, True, False, False], [False] * 4, [False, False, False, True], [False] * 4]


def test_across_writers_the_far_genuine_pair_of_one_meets_the_near_forgery_of_another() -> None:
    """Each writer alone is in order; one threshold for both is not: 0.9 of the first against 0.5 of the second."""
    distances = tf.constant([[0.0, 0.9, 0.4, 9.0], [0.9, 0.0, 9.0, 9.0], [0.4, 9.0, 0.0, 0.5], [9.0, 9.0, 0.5, 0.0]])
    near = tf.constant(np.array([[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], bool))
    forged = tf.constant(np.array([[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], bool))
    assert float(across_writers_loss(distances, near, forged, 0.1)) == pytest.approx(0.9 - 0.5 + 0.1, abs=1e-6)


def test_without_forgeries_nothing_is_ordered_across_writers() -> None:
    distances, genuine = tf.zeros((2, 2)), tf.constant([[False, True], [True, False]])
    assert float(across_writers_loss(distances, genuine, ~genuine & genuine, 0.1)) == 0.0


def test_sets_are_ordered_by_distance_less_half_the_own_spread() -> None:
    """Worked out by hand: a steady writer at 0, 10, 20 degrees, forged at 40; another, with two genuine, counts not."""
    writers = tf.constant([1, 1, 1, 1, 2, 2])
    genuine = tf.constant([True, True, True, False, True, True])
    distances = vector_distances(on_the_circle(0, 10, 20, 40, 180, 190))
    c = chord
    near = [(c(10) + c(20)) / 2 - c(10) / 2, c(10) - c(20) / 2, (c(10) + c(20)) / 2 - c(10) / 2]
    forged = (c(40) + c(30) + c(20)) / 3 - (2 * c(10) + c(20)) / 3 / 2
    excess = [value for value in (x - forged + 0.5 for x in near) if value > 0]
    assert excess
    found = across_sets_loss(distances, writers, genuine, 0.5)
    assert float(found) == pytest.approx(sum(excess) / len(excess), abs=1e-5)
    assert float(across_sets_loss(distances, writers, genuine, -5.0)) == 0.0


def test_what_is_expected_of_the_specimens_moves_a_writers_whole_order() -> None:
    """A generous expectation of a writer's specimens lowers all of his, genuine and forged, by the same."""
    writers = tf.constant([1, 1, 1, 1, 2, 2, 2, 2])
    genuine = tf.constant([True, True, True, False] * 2)
    distances = vector_distances(on_the_circle(0, 10, 20, 40, 180, 190, 200, 220))
    none = tf.zeros(8)
    same = across_sets_loss(distances, writers, genuine, 0.3, tf.fill([8], 0.2))
    assert float(same) == pytest.approx(float(across_sets_loss(distances, writers, genuine, 0.3, none)), abs=1e-6)
    one_only = tf.constant([0.2] * 4 + [0.0] * 4)
    assert float(across_sets_loss(distances, writers, genuine, 0.3, one_only)) != pytest.approx(float(same), abs=1e-3)


def test_sets_without_forgeries_or_spread_have_no_loss_and_a_finite_gradient() -> None:
    points = tf.Variable(on_the_circle(0, 10, 200, 210))
    with tf.GradientTape() as tape:
        loss = across_sets_loss(
            vector_distances(points), tf.constant([1, 1, 2, 2]), tf.constant([True, True, True, True]), 0.3
        )
    assert float(loss) == 0.0
    gradient = tape.gradient(loss, points)
    assert gradient is None or bool(tf.reduce_all(tf.math.is_finite(gradient)))
