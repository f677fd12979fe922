"""Pairwise distances of a batch, differentiable: Euclidean between vectors, local between descriptor grids."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from mlcore.scoring.distances import INK_FULL

Tensor = Any


def vector_distances(vectors: Tensor) -> Tensor:
    """Euclidean distances of L2-normalised vectors (B, D) -> (B, B), in [0, 2]."""
    cosine = tf.linalg.matmul(vectors, vectors, transpose_b=True)
    # The square root has no slope at 0, where every vector meets itself.
    return tf.sqrt(tf.maximum(2.0 - 2.0 * cosine, 1e-8))


def ink_weights(ink: Tensor) -> Tensor:
    """Weight of each cell, (B, 6, 12) ink density 0..1 -> (B, 72), summing to 1 (all 0 for an empty canvas)."""
    clipped = tf.clip_by_value(ink / INK_FULL, 0.0, 1.0)
    flat = tf.reshape(clipped, (tf.shape(ink)[0], -1))
    return tf.math.divide_no_nan(flat, tf.reduce_sum(flat, axis=1, keepdims=True))


def local_distances(local: Tensor, ink: Tensor) -> Tensor:
    """1 - mean over the ink of the cosine of each cell with the best of its 3 x 3 neighbours, both ways averaged.

    local: (B, 6, 12, C) L2-normalised per cell. ink: (B, 6, 12) density 0..1. Returns (B, B) in [0, 2].
    """
    rows, columns, channels = local.shape[1:]
    cells = tf.transpose(tf.reshape(local, (-1, rows * columns, channels)), (1, 0, 2))
    padded = tf.pad(local, ((0, 0), (1, 1), (1, 1), (0, 0)))
    best = None
    for down in range(3):
        for across in range(3):
            shifted = padded[:, down : down + rows, across : across + columns]
            other = tf.transpose(tf.reshape(shifted, (-1, rows * columns, channels)), (1, 2, 0))
            cosine = tf.linalg.matmul(cells, other)
            best = cosine if best is None else tf.maximum(best, cosine)
    one_way = tf.einsum("ic,cij->ij", ink_weights(ink), best)
    return 1.0 - 0.5 * (one_way + tf.transpose(one_way))
