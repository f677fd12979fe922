"""Which processors train: the graphics card where there is one, several of them together, otherwise the processor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def strategy_for(devices: Sequence[str] | None = None) -> Any:
    """The strategy under whose scope a network is built and trained.

    devices: names such as "GPU:0"; all graphics cards unless given. One or none: TensorFlow's own choice. Several:
    each gets a share of every batch and all keep the same weights (synchronous data parallelism).
    """
    names = (
        list(devices)
        if devices is not None
        else [f"GPU:{i}" for i in range(len(tf.config.list_logical_devices("GPU")))]
    )
    return tf.distribute.MirroredStrategy(names) if len(names) > 1 else tf.distribute.get_strategy()
