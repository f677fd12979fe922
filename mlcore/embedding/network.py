"""The network: one canvas in, a unit vector and a grid of local descriptors out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from mlcore.imaging.types import CANVAS_HEIGHT, CANVAS_WIDTH
from mlcore.runtime import CELL
from mlcore.scoring.distances import INK_FULL

VECTOR_SIZE = 128
LOCAL_CHANNELS = 32
STAGES = ((24, 1), (48, 2), (96, 4))  # (channels, residual blocks) after each halving

_STAGE = re.compile(r"stage(\d+)(?:_block(\d+))?_")

Tensor = Any


def build_network(
    stages: tuple[tuple[int, int], ...] = STAGES, *, stem: int = 16, vector_size: int = VECTOR_SIZE
) -> keras.Model:
    """A small residual network (He et al. 2016) with squeeze-excite (Hu et al. 2018) in its last stage.

    Input: float32 (N, 96, 192, 1), 0 paper .. 1 ink. Outputs: `vector` (N, 128), L2-normalised; `local`
    (N, 6, 12, 32), L2-normalised per cell. The vector's head keeps the spatial layout (1x1 convolution, flatten,
    dense): global pooling forgets where the strokes are. Residual blocks begin as the identity (Goyal et al. 2017).
    """
    canvas = keras.Input((CANVAS_HEIGHT, CANVAS_WIDTH, 1), name="canvas")
    x = _convolve(canvas, stem, "stage0_stem", stride=2)
    for index, (channels, blocks) in enumerate(stages, start=1):
        x = _convolve(x, channels, f"stage{index}_down", stride=2)
        for block in range(1, blocks + 1):
            x = _residual(x, channels, f"stage{index}_block{block}", squeeze=index == len(stages))
    local = layers.Conv2D(LOCAL_CHANNELS, 1, name="local_projection")(x)
    local = layers.UnitNormalization(axis=-1, name="local")(local)
    head = layers.Conv2D(16, 1, use_bias=False, name="head_convolution")(x)
    head = layers.BatchNormalization(name="head_norm")(head)
    head = layers.Activation("relu", name="head_relu")(head)
    head = layers.Dense(vector_size, name="projection")(layers.Flatten(name="head_flat")(head))
    vector = layers.UnitNormalization(axis=-1, name="vector")(head)
    return keras.Model(canvas, {"vector": vector, "local": local}, name="sigweb")


def with_expectation(model: keras.Model) -> keras.Model:
    """The same network with a third output for the loss, `expected` (N, 1): the distance at which a writer's own
    signatures and forgeries of them part, told from one specimen.

    It is linear in the mean of the local descriptors over the ink, so that mlcore.scoring.expectation can read the
    same from stored descriptors; only `vector` and `local` are exported. Begins at 0 for everybody.
    """
    ink = layers.AveragePooling2D(CELL, name="expected_ink")(model.input)
    weights = keras.ops.clip(ink / INK_FULL, 0.0, 1.0)
    total = keras.ops.sum(weights, axis=(1, 2))
    mean = keras.ops.sum(model.output["local"] * weights, axis=(1, 2)) / keras.ops.maximum(total, 1e-6)
    expected = layers.Dense(1, kernel_initializer="zeros", name="expected")(mean)
    return keras.Model(model.input, {**model.output, "expected": expected}, name="learner")


def freeze_stages(model: keras.Model, count: int) -> None:
    """Let the first `count` stages keep their weights and statistics (the stem is one); the others learn."""
    for layer in model.layers:
        if found := _STAGE.match(layer.name):
            layer.trainable = int(found[1]) >= count


def grow_into(model: keras.Model, smaller: keras.Model) -> bool:
    """Give `model` the weights of one with fewer residual blocks; it then computes the same, since new ones are zero.

    Returns False, with `model` unchanged, when `smaller` differs in more than the number of blocks.
    """
    had = _blocks(smaller)
    kept = [layer for layer in model.layers if layer.weights and not _is_new(layer, had)]
    given = [layer for layer in smaller.layers if layer.weights]
    if [shapes_of(layer.get_weights()) for layer in kept] != [shapes_of(layer.get_weights()) for layer in given]:
        return False
    for layer, source in zip(kept, given, strict=True):
        layer.set_weights(source.get_weights())
    return True


def _blocks(model: keras.Model) -> Counter[int]:
    """Residual blocks of each stage, told by the halvings before them: older models name no stages."""
    found: Counter[int] = Counter()
    stage = -1
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D) and layer.strides == (2, 2):
            stage += 1
        elif isinstance(layer, layers.Add):
            found[stage] += 1
    return found


def _is_new(layer: keras.Layer, had: Counter[int]) -> bool:
    found = _STAGE.match(layer.name)
    return bool(found and found[2] and int(found[2]) > had[int(found[1])])


def shapes_of(weights: Sequence[Any]) -> list[tuple[int, ...]]:
    """The shapes of weights, by which networks are told apart."""
    return [tuple(value.shape) for value in weights]


def _convolve(x: Tensor, channels: int, name: str, *, stride: int = 1, last: bool = False) -> Tensor:
    x = layers.Conv2D(
        channels, 3, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}_conv"
    )(x)
    x = layers.BatchNormalization(momentum=0.98, gamma_initializer="zeros" if last else "ones", name=f"{name}_norm")(x)
    return x if last else layers.Activation("relu", name=f"{name}_relu")(x)


def _residual(x: Tensor, channels: int, name: str, *, squeeze: bool) -> Tensor:
    y = _convolve(x, channels, f"{name}_first")
    y = _convolve(y, channels, f"{name}_second", last=True)
    if squeeze:
        y = _squeeze_excite(y, channels, name)
    return layers.Activation("relu", name=f"{name}_relu")(layers.Add(name=f"{name}_add")([x, y]))


def _squeeze_excite(x: Tensor, channels: int, name: str, ratio: int = 8) -> Tensor:
    gate = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_pool")(x)
    gate = layers.Conv2D(max(channels // ratio, 4), 1, activation="relu", name=f"{name}_squeeze")(gate)
    gate = layers.Conv2D(channels, 1, activation="sigmoid", name=f"{name}_excite")(gate)
    return layers.Multiply(name=f"{name}_gate")([x, gate])
