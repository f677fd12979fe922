"""Learning from the distances of networks that were trained before, beside the triplet loss.

What several networks measure together is less noisy than what each measures, but asks for the time of all. Relational
knowledge distillation (Park, Kim, Lu, Cho: CVPR 2019) teaches one network the distances between the signatures of a
batch instead of the place of each, so that teachers of different origin can be averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from mlcore.embedding.checkpoint import CheckpointError, open_network
from mlcore.embedding.distances import local_distances, vector_distances
from mlcore.imaging.types import CANVAS_HEIGHT, CANVAS_WIDTH
from mlcore.runtime import GRID

Tensor = Any


class Taught(NamedTuple):
    """What the teachers measure on a batch: mean distances (B, B) of vectors and of local descriptors."""

    vector: Tensor
    local: Tensor


def load_teachers(paths: Sequence[Path]) -> tuple[list[keras.Model], tuple[str, ...]]:
    """The networks of model folders or .keras files, of whatever size, and the SHA-256 of each.

    Raises CheckpointError when one is missing, can not be read, or does not make of a canvas what the network makes.
    """
    models, digests = [], []
    for path in paths:
        model, digest = open_network(path, "to learn from")
        if not _is_alike(model):
            raise CheckpointError(f"The model to learn from, {path}, does not make vectors and grids of canvases.")
        models.append(model)
        digests.append(digest)
    return models, tuple(digests)


def _is_alike(model: keras.Model) -> bool:
    try:
        outputs = model(tf.zeros((1, CANVAS_HEIGHT, CANVAS_WIDTH, 1)), training=False)
        return len(outputs["vector"].shape) == 2 and tuple(outputs["local"].shape[1:3]) == GRID
    except Exception:  # Keras raises whatever a foreign network makes of a canvas
        return False


def taught_distances(teachers: Sequence[keras.Model], canvases: Tensor, ink: Tensor) -> Taught:
    """What one or more teachers measure on canvases (B, 96, 192, 1) with ink (B, 6, 12)."""
    outputs = [teacher(canvases, training=False) for teacher in teachers]
    vector = tf.add_n([vector_distances(output["vector"]) for output in outputs]) / len(outputs)
    local = tf.add_n([local_distances(output["local"], ink) for output in outputs]) / len(outputs)
    return Taught(tf.stop_gradient(vector), tf.stop_gradient(local))


def distance_loss(distances: Tensor, taught: Tensor, writers: Tensor, margin: float) -> Tensor:
    """Mean squared difference of distances (B, B), in units of `margin`; scalar.

    Pairs of one writer's signatures, genuine or forged, count together as much as pairs of different writers do, though
    there are far fewer; a signature and itself do not count. 0 for a kind of which there is no pair.
    """
    squared = tf.square((distances - taught) / margin)
    same = writers[:, None] == writers[None, :]
    itself = tf.eye(tf.shape(writers)[0], dtype=tf.bool)
    return 0.5 * (_mean_over(squared, same & ~itself) + _mean_over(squared, ~same))


def _mean_over(values: Tensor, chosen: Tensor) -> Tensor:
    weights = tf.cast(chosen, values.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(weights * values), tf.reduce_sum(weights))
