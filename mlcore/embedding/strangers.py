"""What a model keeps of the people it was trained on: a cohort of vectors, and what distances to expect."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mlcore.embedding.sources import SignatureSet
from mlcore.imaging.normalisation import to_canvas
from mlcore.runtime import Features
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.distances import FeatureStack
from mlcore.scoring.expectation import (
    FEWEST_FORGED,
    FEWEST_GENUINE,
    Expectation,
    fit_expectation,
    mean_descriptors,
    writer_middle,
)

COHORT_SIZE = 256
EXPECTATION_WRITERS = 900
_IMAGES = 8  # genuine and forged ones of a writer, at most, that tell what to expect

Embed = Callable[[npt.NDArray[np.uint8]], list[Features]]
Indices = npt.NDArray[np.int64]


def pick_cohort(corpus: SignatureSet, embed: Embed) -> Cohort:
    """One genuine signature's vector each of up to 256 training writers, and what to expect; data sets alike."""
    chosen = _evenly(np.unique(corpus.writers[corpus.genuine]), np.array(corpus.datasets), COHORT_SIZE)
    firsts = np.array([_images(corpus, writer, genuine=True)[0] for writer in chosen])
    vectors = np.stack([features.vector for features in embed(_canvases(corpus, firsts))])
    return Cohort(vectors, expectation=learn_expectation(corpus, embed))


def learn_expectation(corpus: SignatureSet, embed: Embed) -> Expectation | None:
    """The expectation of up to 900 writers with genuine signatures and forgeries; None where there are too few.

    A writer weighs the same whatever the number of his images.
    """
    counts = [np.bincount(corpus.writers[corpus.genuine == own], minlength=len(corpus.names)) for own in (True, False)]
    able = np.flatnonzero((counts[0] >= FEWEST_GENUINE) & (counts[1] >= FEWEST_FORGED))
    if len(able) == 0:
        return None
    descriptors, middles, weights = [], [], []
    for writer in _evenly(able, np.array(corpus.datasets), EXPECTATION_WRITERS):
        genuine = _images(corpus, writer, genuine=True)[:_IMAGES]
        forged = _images(corpus, writer, genuine=False)[:_IMAGES]
        features = FeatureStack.of(embed(_canvases(corpus, np.concatenate([genuine, forged]))))
        own = np.arange(len(genuine))
        middle = writer_middle(features, own, np.arange(len(genuine), len(features)))
        if middle is not None:
            descriptors.append(mean_descriptors(features.take(own)))
            middles.append(np.full(len(genuine), middle))
            weights.append(np.full(len(genuine), 1.0 / len(genuine)))
    return fit_expectation(np.concatenate(descriptors), np.concatenate(middles), np.concatenate(weights))


def _images(corpus: SignatureSet, writer: int, *, genuine: bool) -> Indices:
    return np.flatnonzero((corpus.writers == writer) & (corpus.genuine == genuine))


def _canvases(corpus: SignatureSet, indices: Indices) -> npt.NDArray[np.uint8]:
    return np.stack([to_canvas(corpus.fine[index]) for index in indices])


def _evenly(writers: npt.NDArray[np.integer], datasets: npt.NDArray[np.str_], most: int) -> list[int]:
    """Up to `most` writers; a small data set gives all it has, the others share the rest, each spread over its own."""
    groups = [writers[datasets[writers] == name] for name in dict.fromkeys(datasets[writers])]
    chosen: list[int] = []
    for left, group in zip(range(len(groups), 0, -1), sorted(groups, key=len), strict=True):
        count = min(len(group), (most - len(chosen)) // left)
        chosen += group[np.linspace(0, len(group) - 1, count).round().astype(int)].tolist()
    return sorted(chosen)
