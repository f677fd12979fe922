"""Giving a trained network its decision, and the figures that ship with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlcore.embedding.sources import MANIFEST_CSV, DataError, Progress, Row, counted, read_manifest
from mlcore.evaluation.embedded import EmbeddedSet, embed_rows
from mlcore.evaluation.evaluating import evaluate
from mlcore.evaluation.fitting import fit_scorer
from mlcore.evaluation.protocol import Kind
from mlcore.runtime import Network, file_digest
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.scorer import Scorer

REFERENCES = (1, 3, 5)


# Among the facts of a model version; all others tell where its network comes from.
OF_THE_DECISION = ("decision", "figures", "equated")


def fit_and_measure(
    validation_rows: Sequence[Row], images: Path, network: Network, cohort: Cohort, tell: Progress | None = None
) -> tuple[Scorer, dict[str, Any]]:
    """Fit on validation writers, then measure; test writers are looked at once everything is frozen.

    images: the folder whose test writers are measured where it has any, a data set that was left out among them: so it
    is told how unseen ones fare. Returns the scorer and facts for the manifest: `decision`, what it was fitted on, and
    `figures` of the splits `validation` and `test`. Raises FitError, DataError.
    """
    validation = embed_rows(validation_rows, network.embed_stored, tell)
    scorer, trials = fit_scorer(validation, cohort)
    facts = {
        "decision": decision_facts(validation, images, trials),
        "figures": {"validation": evaluate(validation, scorer, REFERENCES)},
    }
    try:
        rows = read_manifest(images, split="test")
    except DataError:
        return scorer, facts
    facts["figures"]["test"] = evaluate(embed_rows(rows, network.embed_stored, tell), scorer, REFERENCES)
    return scorer, facts


def decision_facts(fitted: EmbeddedSet, images: Path, trials: Mapping[int, Mapping[Kind, int]]) -> dict[str, Any]:
    """What a decision was fitted on, for the model card; `trials` by number of specimens.

    manifest: SHA-256 of `images`/manifest.csv, which with the data sets and the split names the rows.
    """
    used = (row for row, refused in zip(fitted.rows, fitted.refused, strict=True) if not refused)
    return {
        "manifest": file_digest(images / MANIFEST_CSV),
        "split": ", ".join(sorted({row.split for row in fitted.rows})),
        "datasets": counted((row.dataset, row.writer, row.genuine) for row in used),
        "refused": int(fitted.refused.sum()),
        "trials": {str(count): dict(found) for count, found in trials.items()},
    }
