"""Trials on signatures that are at hand as canvases instead of files: customers' specimens, synthetic signers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mlcore.embedding.sources import Row, SignatureSet
from mlcore.evaluation.embedded import Embed, EmbeddedSet
from mlcore.imaging.normalisation import to_canvas
from mlcore.scoring.distances import FeatureStack

_CHUNK = 64


def embed_signatures(signatures: SignatureSet, embed: Embed, name: str) -> EmbeddedSet:
    """The set embedded as one data set `name`; nothing of it is refused, since what was refused is not in it."""
    rows = tuple(
        Row(Path(str(index)), name, signatures.names[writer], bool(genuine), "")
        for index, (writer, genuine) in enumerate(zip(signatures.writers.tolist(), signatures.genuine, strict=True))
    )
    features = []
    for start in range(0, len(rows), _CHUNK):
        features += embed(np.stack([to_canvas(fine) for fine in signatures.fine[start : start + _CHUNK]]))
    return EmbeddedSet(rows, FeatureStack.of(features), np.zeros(len(rows), dtype=np.bool_), ((),) * len(rows))
