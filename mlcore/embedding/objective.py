"""What training makes small: the losses of one batch, weighed and added up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from mlcore.embedding.distances import local_distances, vector_distances
from mlcore.embedding.distillation import Taught, distance_loss
from mlcore.embedding.losses import (
    across_sets_loss,
    across_writers_loss,
    batch_relations,
    forged_pairs,
    triplet_loss,
)
from mlcore.embedding.plan import TrainingPlan

Tensor = Any


class BatchLoss(NamedTuple):
    """Scalars. loss: all of them, weighed; vector, local: the triplet losses in it; violating: share of the valid
    local triplets whose loss is above zero; spread: mean distance between vectors of different writers, in [0, 2].
    """

    loss: Tensor
    vector: Tensor
    local: Tensor
    violating: Tensor
    spread: Tensor


def batch_loss(
    outputs: Mapping[str, Tensor],
    ink: Tensor,
    writers: Tensor,
    genuine: Tensor,
    plan: TrainingPlan,
    taught: Taught | None = None,
) -> BatchLoss:
    """The loss of one batch of B signatures.

    outputs: `vector` (B, 128), `local` (B, 6, 12, 32) and `expected` (B, 1) of the network with expectation. ink:
    (B, 6, 12). writers: (B,). genuine: bool (B,). taught: what the teachers measure on the same batch.
    """
    positives, negatives = batch_relations(writers, genuine, plan.forgery_weight)
    forged = forged_pairs(writers, genuine)
    apart = vector_distances(outputs["vector"])
    detail = local_distances(outputs["local"], ink)
    vector = triplet_loss(apart, positives, negatives, plan.vector_margin)
    local = triplet_loss(detail, positives, negatives, plan.local_margin)
    expected = outputs["expected"][:, 0]  # of the specimen, which is the row
    across = across_writers_loss(apart, positives, forged, plan.vector_margin)
    across += plan.local_weight * across_writers_loss(detail - expected[:, None], positives, forged, plan.local_margin)
    sets = across_sets_loss(apart, writers, genuine, plan.vector_margin)
    sets += plan.local_weight * across_sets_loss(detail, writers, genuine, plan.local_margin, expected)
    loss = vector.loss + plan.local_weight * local.loss
    loss += plan.across_weight * across + plan.sets_weight * sets
    if taught is not None:
        learnt = distance_loss(apart, taught.vector, writers, plan.vector_margin)
        learnt += plan.local_weight * distance_loss(detail, taught.local, writers, plan.local_margin)
        loss += plan.taught_weight * learnt
    return BatchLoss(loss, vector.loss, local.loss, local.violating, _spread(apart, writers))


def _spread(apart: Tensor, writers: Tensor) -> Tensor:
    strangers = tf.cast(writers[:, None] != writers[None, :], tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(apart * strangers), tf.reduce_sum(strangers))
