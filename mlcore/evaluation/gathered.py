"""A data set read once for all honesty tests: features, and what a shortcut could be built on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlcore.bundle import Bundle
from mlcore.embedding.sources import Progress, Row
from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.shortcuts import RAW, SEEN, raw_properties, seen_properties
from mlcore.imaging import CANVAS_HEIGHT, CANVAS_WIDTH, ImageRefused, prepare
from mlcore.runtime import Features
from mlcore.scoring.distances import FeatureStack

Floats = npt.NDArray[np.float64]
_CHUNK = 64


@dataclass(frozen=True, slots=True)
class Gathered:
    """N images. raw: (N, len(RAW)), properties of file and page. seen: (N, len(SEEN)), of the canvas; NaN: refused."""

    data: EmbeddedSet
    raw: Floats
    seen: Floats


@dataclass(frozen=True, slots=True)
class _Read:
    canvas: npt.NDArray[np.uint8]
    remarks: tuple[str, ...]
    refused: bool
    raw: Floats
    seen: Floats


def gather(rows: Sequence[Row], bundle: Bundle, tell: Progress | None = None) -> Gathered:
    """Prepare, embed and describe every image of a manifest; what imaging refuses is marked, not dropped."""
    read: list[_Read] = []
    features: list[Features] = []
    for start in range(0, len(rows), _CHUNK):
        chunk = [_read(row) for row in rows[start : start + _CHUNK]]
        features += bundle.embed(np.stack([item.canvas for item in chunk]))
        read += chunk
        if tell:
            tell("images", len(read), len(rows))
    data = EmbeddedSet(
        tuple(rows),
        FeatureStack.of(features),
        np.array([item.refused for item in read], dtype=np.bool_),
        tuple(item.remarks for item in read),
    )
    return Gathered(data, np.stack([item.raw for item in read]), np.stack([item.seen for item in read]))


def _read(row: Row) -> _Read:
    raw, seen = np.full(len(RAW), np.nan), np.full(len(SEEN), np.nan)
    try:
        file = row.path.read_bytes()
        signature = prepare(file)
    except (ImageRefused, OSError) as error:
        blank = np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), np.uint8)
        return _Read(blank, (getattr(error, "code", "unreadable"),), True, raw, seen)
    raw = raw_properties(file, signature.page)
    if not signature.quality.refused:
        seen = seen_properties(signature.canvas)
    remarks = tuple(remark.code for remark in signature.quality.remarks)
    return _Read(signature.canvas, remarks, signature.quality.refused, raw, seen)
