"""Giving a trained network its decision, and the figures that ship with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlcore.embedding.sources import DataError, Progress, Row, read_manifest
from mlcore.evaluation.embedded import embed_rows
from mlcore.evaluation.evaluating import evaluate
from mlcore.evaluation.fitting import fit_scorer
from mlcore.runtime import Features, Network
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.scorer import Scorer

REFERENCES = (1, 3, 5)


def fit_and_measure(
    validation_rows: Sequence[Row], images: Path, network: Network, cohort: Cohort, tell: Progress | None = None
) -> tuple[Scorer, dict[str, dict[str, Any]]]:
    """Fit on validation writers, then measure; test writers are looked at once everything is frozen.

    images: the folder whose test writers are measured where it has any, a data set that was left out among them: so it
    is told how unseen ones fare. Figures are of the splits `validation` and `test`. Raises FitError, DataError.
    """

    def embed(canvases: Any) -> list[Features]:
        return [features.stored() for features in network.embed(canvases)]

    validation = embed_rows(validation_rows, embed, tell)
    scorer = fit_scorer(validation, cohort)
    figures = {"validation": evaluate(validation, scorer, REFERENCES)}
    try:
        rows = read_manifest(images, split="test")
    except DataError:
        return scorer, figures
    return scorer, {**figures, "test": evaluate(embed_rows(rows, embed, tell), scorer, REFERENCES)}
