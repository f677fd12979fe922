"""The network: one canvas in, a unit vector and a grid of local descriptors out."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from mlcore.imaging.types import CANVAS_HEIGHT, CANVAS_WIDTH

VECTOR_SIZE = 128
LOCAL_CHANNELS = 32
STAGES = ((24, 1), (48, 1), (96, 2))  # (channels, residual blocks) after each halving

Tensor = Any


def build_network(
    stages: tuple[tuple[int, int], ...] = STAGES, *, stem: int = 16, vector_size: int = VECTOR_SIZE
) -> keras.Model:
    """A small residual network (He et al. 2016) with squeeze-excite (Hu et al. 2018) in its last stage.

    Input: float32 (N, 96, 192, 1), 0 paper .. 1 ink. Outputs: `vector` (N, 128), L2-normalised; `local`
    (N, 6, 12, 32), L2-normalised per cell. The vector's head keeps the spatial layout (1x1 convolution, flatten,
    dense): global pooling forgets where the strokes are.
    """
    canvas = keras.Input((CANVAS_HEIGHT, CANVAS_WIDTH, 1), name="canvas")
    x = _convolve(canvas, stem, stride=2)
    for index, (channels, blocks) in enumerate(stages):
        x = _convolve(x, channels, stride=2)
        for _ in range(blocks):
            x = _residual(x, channels, squeeze=index == len(stages) - 1)
    local = layers.Conv2D(LOCAL_CHANNELS, 1, name="local_projection")(x)
    local = layers.UnitNormalization(axis=-1, name="local")(local)
    head = layers.Conv2D(16, 1, use_bias=False)(x)
    head = layers.BatchNormalization()(head)
    head = layers.Activation("relu")(head)
    head = layers.Dense(vector_size, name="projection")(layers.Flatten()(head))
    vector = layers.UnitNormalization(axis=-1, name="vector")(head)
    return keras.Model(canvas, {"vector": vector, "local": local}, name="sigweb")


def _convolve(x: Tensor, channels: int, *, stride: int = 1, activate: bool = True) -> Tensor:
    x = layers.Conv2D(channels, 3, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=0.98)(x)
    return layers.Activation("relu")(x) if activate else x


def _residual(x: Tensor, channels: int, *, squeeze: bool) -> Tensor:
    y = _convolve(x, channels)
    y = _convolve(y, channels, activate=False)
    if squeeze:
        y = _squeeze_excite(y, channels)
    return layers.Activation("relu")(layers.Add()([x, y]))


def _squeeze_excite(x: Tensor, channels: int, ratio: int = 8) -> Tensor:
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(max(channels // ratio, 4), 1, activation="relu")(gate)
    gate = layers.Conv2D(channels, 1, activation="sigmoid")(gate)
    return layers.Multiply()([x, gate])
