"""The head: strangers count in its direction, its log odds are of genuine against skilled alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.embedding.sources import Row
from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.fitting import fit_head
from mlcore.evaluation.protocol import WriterTrials
from mlcore.scoring.distances import FeatureStack
from mlcore.scoring.logistic import fit_logistic

EACH = 60
FIGURES = ("vector_min", "local_min", "vector_own")


def data(refused: tuple[int, ...] = ()) -> EmbeddedSet:
    """Three kinds of images after one another; of their features only the number matters here."""
    count = 3 * EACH
    stack = FeatureStack(
        np.zeros((count, 128), np.float32),
        np.zeros((count, 6, 12, 32), np.float32),
        np.zeros((count, 6, 12), np.float32),
    )
    rows = tuple(Row(Path(f"{i}.png"), "made", "w", i < EACH, "validation") for i in range(count))
    return EmbeddedSet(rows, stack, np.isin(np.arange(count), refused), ((),) * count)


def trial(seed: int = 1) -> WriterTrials:
    """Skilled forgeries lie off in the first figure, strangers in the second alone; the third is noise."""
    rng = np.random.default_rng(seed)
    centres = {"genuine": (0.0, 0.0, 0.0), "skilled": (1.5, 0.0, 0.0), "random": (0.0, 1.5, 0.0)}
    images = {kind: np.arange(EACH) + EACH * index for index, kind in enumerate(centres)}
    rows = {kind: rng.normal(centre, 1.0, (EACH, 3)) for kind, centre in centres.items()}
    return WriterTrials("made", "w", np.zeros(0, np.int64), FIGURES, images, rows)  # type: ignore[arg-type]


def test_strangers_are_kept_far_as_well_as_forgeries() -> None:
    weights = fit_head([trial()], data()).weights
    assert weights[0] < -0.5
    assert weights[1] < -0.5
    assert abs(weights[2]) < 0.3


def test_what_is_known_of_the_set_alone_counts_no_further_than_it_went() -> None:
    head = fit_head([trial()], data())
    assert np.isinf(head.lowest).tolist() == np.isinf(head.highest).tolist() == [True, True, False]


def test_the_log_odds_are_those_of_genuine_against_skilled() -> None:
    found = trial()
    head = fit_head([found], data())
    odds = np.concatenate([head.log_odds(found.evidence[kind]) for kind in ("genuine", "skilled")])
    again = fit_logistic(odds[:, None], np.repeat([1.0, 0.0], EACH), np.ones(2 * EACH), ridge=0.0)
    slope = again.weights[0] / again.scale[0]
    assert slope == pytest.approx(1.0, abs=0.15)  # so few rows feel the ridge
    assert again.intercept - slope * again.centre[0] == pytest.approx(0.0, abs=0.1)


def test_refused_images_teach_nothing() -> None:
    spoilt = trial()
    spoilt.evidence["genuine"][:5] = 100.0
    head = fit_head([spoilt], data(refused=tuple(range(5))))
    assert np.allclose(head.weights, _without_first(5).weights, atol=1e-9)


def _without_first(count: int):  # type: ignore[no-untyped-def]
    kept = trial()
    kept.images["genuine"] = kept.images["genuine"][count:]
    kept.evidence["genuine"] = kept.evidence["genuine"][count:]
    # The data set's weight counts all images, refused ones too, but alike for every row.
    return fit_head([kept], data())
