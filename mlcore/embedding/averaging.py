"""Two trained networks made into one by the mean of their weights.

Networks that went on from the same weights lie in one valley of the loss, and between them it is flatter than at
either (Izmailov et al. 2018; Wortsman et al. 2022, "model soups"). The normalisation's statistics belong to neither
and are measured anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import keras

from mlcore.embedding.checkpoint import warm_start
from mlcore.embedding.network import freeze_stages

BATCHES = 60  # after which statistics with a momentum of 0.98 are 70 % new, from halfway between two good ones


def average_with(model: keras.Model, other: Path, canvases: Iterable[Any]) -> str:
    """Give `model` the mean of its weights and those of a model folder or .keras file; returns that one's SHA-256.

    other: of the same architecture, or with fewer residual blocks. canvases: batches (B, 96, 192, 1) as in training, of
    which 60 are used to measure the statistics. Raises CheckpointError.
    """
    mine = model.get_weights()
    digest = warm_start(model, other)
    model.set_weights([0.5 * (left + right) for left, right in zip(mine, model.get_weights(), strict=True)])
    freeze_stages(model, 0)  # frozen ones would keep their statistics
    for batch in islice(canvases, BATCHES):
        model(batch, training=True)
    return digest
