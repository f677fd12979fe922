"""Giving a fine-tuned network its decision: the parent's, carried over on trials that both have judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.embedding.synthetic import Crowd
from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.fitting import score_trial
from mlcore.evaluation.protocol import WriterTrials, measure, trials
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.equating import Equating, equate, equated_scorer, moved_bounds
from mlcore.scoring.logistic import LogisticHead
from mlcore.scoring.scorer import Scorer

# Synthetic signers that neither base nor fine-tuning trains on; the gate measures forgetting on the same.
EQUATED_ON = Crowd(signers=100, genuine=10, forged=6, seed=90_002)

Floats = npt.NDArray[np.float64]


def refit_scorer(
    parent: Scorer, old: EmbeddedSet, new: EmbeddedSet, cohort: Cohort
) -> tuple[Scorer, dict[int, Equating]]:
    """The scorer of the new network, with the cohort that it embedded, and how scores were carried over.

    old, new: the same images, embedded by the parent's network and by the new one; writers with at least 8 genuine
    signatures and forgeries. Raises FitError.
    """
    by_old, by_new = measure(old, parent.cohort), measure(new, cohort)
    equatings, moved = {}, {}
    for count, head in parent.heads.items():
        before, after = list(trials(by_old, count)), list(trials(by_new, count))
        moved[count] = moved_bounds(head, _rows(before), _rows(after))
        genuine, forged = (
            (_scores(before, kind, head, old), _scores(after, kind, moved[count], new))
            for kind in ("genuine", "skilled")
        )
        equatings[count] = equate(genuine, forged)
    return equated_scorer(replace(parent, heads=moved), cohort, equatings), equatings


def carried_over(parent: Mapping[str, Any], equatings: Mapping[int, Equating]) -> dict[str, Any]:
    """Facts for the manifest of a model whose decision is its parent's: what that was fitted on, and how it was moved.

    parent: the manifest of the parent.
    """
    fitted = {key: parent[key] for key in ("decision",) if key in parent}
    return {**fitted, "equated": {str(count): [found.stretch, found.shift] for count, found in equatings.items()}}


def _rows(found: Sequence[WriterTrials]) -> Floats:
    parts = [trial.evidence["genuine"] for trial in found]
    return np.concatenate(parts) if parts else np.zeros((0, 0))


def _scores(found: Sequence[WriterTrials], kind: str, head: LogisticHead, data: EmbeddedSet) -> Floats:
    parts = [score_trial(trial, kind, head, data) for trial in found]
    return np.concatenate(parts) if parts else np.zeros(0)
