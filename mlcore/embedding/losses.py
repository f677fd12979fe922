"""The triplet loss (Schroff, Kalenichenko, Philbin: FaceNet, 2015), as the mean over the triplets that violate it."""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

Tensor = Any


class TripletLoss(NamedTuple):
    """loss: scalar. violating: share of the valid triplets whose loss is above zero, 0..1."""

    loss: Tensor
    violating: Tensor


def triplet_loss(distances: Tensor, positives: Tensor, negatives: Tensor, margin: float) -> TripletLoss:
    """max(d(a, p) - d(a, n) + margin, 0), averaged over the violating triplets of the batch.

    distances: (B, B), row = anchor. positives: bool (B, B), where column is a positive of the row. negatives: float
    (B, B), the weight with which the column is a negative of the row, 0 where it is none (skilled forgeries weigh
    more than strangers). Batch-hard mining collapses from scratch; the mean over all that violate does not.
    A batch without a violating triplet has loss 0 and a zero gradient.
    """
    excess = distances[:, :, None] - distances[:, None, :] + margin
    weights = tf.cast(positives, distances.dtype)[:, :, None] * negatives[:, None, :]
    violates = tf.cast(excess > 0.0, distances.dtype) * weights
    total = tf.reduce_sum(violates)
    loss = tf.math.divide_no_nan(tf.reduce_sum(violates * excess), total)
    return TripletLoss(loss, tf.math.divide_no_nan(total, tf.reduce_sum(weights)))


def across_writers_loss(distances: Tensor, positives: Tensor, forgeries: Tensor, margin: float) -> Tensor:
    """max(d(a, p) - d(b, f) + margin, 0) over genuine pairs and forged pairs of any two writers, mean of the violating.

    The triplet loss orders the distances of each anchor; one threshold for all customers needs the distances of all
    writers in one order (the second term of the quadruplet loss, Chen et al. 2017, here with skilled forgeries).
    distances: (B, B), row = anchor. positives, forgeries: bool (B, B), which pairs are genuine and which are a
    genuine anchor with a skilled forgery of it. Scalar; 0 where either kind is missing.
    """
    return _ordered(tf.boolean_mask(distances, positives), tf.boolean_mask(distances, forgeries), margin)


def across_sets_loss(
    distances: Tensor,
    writers: Tensor,
    genuine: Tensor,
    margin: float,
    expected: Tensor | None = None,
    own_share: float = 0.5,
) -> Tensor:
    """max(x(q) - x(f) + margin, 0) over genuine q and forged f of any two writers, mean of the violating.

    x is the statistic on which a set of specimens decides: the mean distance of the questioned signature to the
    writer's other genuine signatures of the batch, less `own_share` of their mean distance to each other and less what
    is expected of them. So the network learns distances that the customer's own spread puts in one order (trained as
    it is used, the episodes of Vinyals et al. 2016). distances: (B, B). writers, genuine: (B,). expected: (B,), the
    distance expected of each as a specimen. Scalar; 0 where either kind is missing.
    """
    same = writers[:, None] == writers[None, :]
    other = ~tf.eye(tf.shape(writers)[0], dtype=tf.bool)
    specimens = tf.cast(same & other & genuine[None, :], distances.dtype)  # row: questioned, column: its specimens
    count = tf.reduce_sum(specimens, axis=1)
    reach = tf.reduce_sum(specimens * distances, axis=1)
    of_writer = tf.cast(same & genuine[None, :], distances.dtype)
    within = 0.5 * tf.linalg.matvec(of_writer, reach) - tf.where(genuine, reach, tf.zeros_like(reach))
    pairs = 0.5 * count * (count - 1.0)
    usual = tf.linalg.matvec(specimens, expected) if expected is not None else tf.zeros_like(reach)
    statistic = tf.math.divide_no_nan(reach - usual, count) - own_share * tf.math.divide_no_nan(within, pairs)
    near = tf.boolean_mask(statistic, genuine & (pairs > 0.0))
    far = tf.boolean_mask(statistic, ~genuine & (pairs > 0.0))
    return _ordered(near, far, margin)


def _ordered(near: Tensor, far: Tensor, margin: float) -> Tensor:
    excess = near[:, None] - far[None, :] + margin
    violates = tf.cast(excess > 0.0, excess.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(violates * excess), tf.reduce_sum(violates))


def forged_pairs(writers: Tensor, genuine: Tensor) -> Tensor:
    """bool (B, B): the row is genuine and the column a skilled forgery of the same writer."""
    return (writers[:, None] == writers[None, :]) & genuine[:, None] & ~genuine[None, :]


def batch_relations(writers: Tensor, genuine: Tensor, forgery_weight: float) -> tuple[Tensor, Tensor]:
    """Who is positive and who is negative to whom.

    writers: int (B,), whose signature it shows (a forgery: the victim's). genuine: bool (B,). Returns (positives bool
    (B, B), negatives float32 (B, B)): anchors and positives are genuine; negatives are the anchor's skilled forgeries
    (weight `forgery_weight`) and everything of other writers (weight 1).
    """
    same = writers[:, None] == writers[None, :]
    both = genuine[:, None] & genuine[None, :]
    other = ~tf.eye(tf.shape(writers)[0], dtype=tf.bool)
    positives = same & both & other
    strangers = tf.cast(~same & genuine[:, None], tf.float32)
    forged = tf.cast(same & genuine[:, None] & ~genuine[None, :], tf.float32)
    return positives, strangers + forgery_weight * forged
