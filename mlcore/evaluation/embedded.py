"""A whole data set turned into features, once, by the same functions that the product uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlcore.embedding.sources import Progress, Row
from mlcore.imaging import ImageRefused, prepare
from mlcore.runtime import Features
from mlcore.scoring.distances import FeatureStack

_CHUNK = 64
Embed = Callable[[npt.NDArray[np.uint8]], list[Features]]


@dataclass(frozen=True, slots=True)
class EmbeddedSet:
    """Features of N images. refused: bool (N,), their features are zeros. remarks: quality codes of each image."""

    rows: tuple[Row, ...]
    features: FeatureStack
    refused: npt.NDArray[np.bool_]
    remarks: tuple[tuple[str, ...], ...]

    def of_writer(self, dataset: str, writer: str) -> npt.NDArray[np.int64]:
        """Indices of one writer's images, genuine and forged."""
        return np.array(
            [i for i, row in enumerate(self.rows) if row.dataset == dataset and row.writer == writer], dtype=np.int64
        )


def embed_rows(rows: Sequence[Row], embed: Embed, progress: Progress | None = None) -> EmbeddedSet:
    """Prepare and embed every image of a manifest; images that imaging refuses are marked, not dropped."""
    features: list[Features] = []
    refused, remarks = np.zeros(len(rows), dtype=np.bool_), []
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        canvases = []
        for offset, row in enumerate(chunk):
            canvas, codes, bad = _prepared(row)
            canvases.append(canvas)
            remarks.append(codes)
            refused[start + offset] = bad
        features += embed(np.stack(canvases))
        if progress:
            progress("images", min(start + _CHUNK, len(rows)), len(rows))
    return EmbeddedSet(tuple(rows), FeatureStack.of(features), refused, tuple(remarks))


def _prepared(row: Row) -> tuple[npt.NDArray[np.uint8], tuple[str, ...], bool]:
    try:
        signature = prepare(row.path.read_bytes())
    except (ImageRefused, OSError) as error:
        return np.zeros((96, 192), np.uint8), (getattr(error, "code", "unreadable"),), True
    return signature.canvas, tuple(remark.code for remark in signature.quality.remarks), signature.quality.refused
