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
