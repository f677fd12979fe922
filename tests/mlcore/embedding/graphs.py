"""TensorFlow without its graph optimiser: of a few steps it takes longer than it saves, and computes the same.

Not for every test that trains: tests of the trainer and of several devices run the graphs as they run in production.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def plain_graphs() -> Iterator[None]:
    import tensorflow as tf

    before = tf.config.optimizer.get_experimental_options().get("disable_meta_optimizer", False)
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": before})
