"""Fitting the scorer on validation writers: a logistic head and a calibration for each number of references."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.protocol import WriterTrials, measure, trials
from mlcore.scoring.calibration import Calibration, calibrate
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.logistic import FitError, LogisticHead, fit_logistic
from mlcore.scoring.scorer import MAX_REFERENCES, Scorer

Floats = npt.NDArray[np.float64]

FOLDS = 10
LEAST_WRITERS = 5


def fit_scorer(validation: EmbeddedSet, cohort: Cohort) -> Scorer:
    """Fit and calibrate for 1 to 7 references. Raises FitError when there are too few writers or no forgeries.

    The calibration's scores come from heads fitted without the writer they judge (cross-fitting by writer), so that
    they are not flattered; the head that ships is fitted on all.
    """
    heads: dict[int, LogisticHead] = {}
    calibrations: dict[int, Calibration] = {}
    measured = measure(validation, cohort)
    for references in range(1, MAX_REFERENCES + 1):
        found = [t for t in trials(measured, references) if len(t.images["skilled"])]
        if len({(t.dataset, t.writer) for t in found}) < LEAST_WRITERS:
            raise FitError(
                f"Fewer than {LEAST_WRITERS} validation writers have forgeries and {references + 1} genuine signatures."
            )
        heads[references] = fit_head(found, validation)
        calibrations[references] = _calibrate(found, validation)
    return Scorer(heads, calibrations, cohort)


def fit_head(found: Sequence[WriterTrials], data: EmbeddedSet) -> LogisticHead:
    """Genuine against skilled forgeries, every data set with the same weight; refused images teach nothing."""
    rows, labels, weights = [], [], []
    counts = _images_by_dataset(found)
    for trial in found:
        for kind, label in (("genuine", 1.0), ("skilled", 0.0)):
            usable = ~data.refused[trial.images[kind]]  # type: ignore[index]
            part = trial.evidence[kind][usable]  # type: ignore[index]
            rows.append(part)
            labels.append(np.full(len(part), label))
            weights.append(np.full(len(part), 1.0 / counts[trial.dataset]))
    return fit_logistic(np.concatenate(rows), np.concatenate(labels), np.concatenate(weights))


def score_trial(trial: WriterTrials, kind: str, head: LogisticHead, data: EmbeddedSet) -> Floats:
    """Scores (T,) of one kind of trials; a refused image scores +inf, it is rejected."""
    scores = -head.log_odds(trial.evidence[kind])  # type: ignore[index]
    scores[data.refused[trial.images[kind]]] = np.inf  # type: ignore[index]
    return scores


def _calibrate(found: Sequence[WriterTrials], data: EmbeddedSet) -> Calibration:
    writers = list(dict.fromkeys((t.dataset, t.writer) for t in found))
    folds = min(FOLDS, len(writers))
    fold_of = {writer: index % folds for index, writer in enumerate(sorted(writers))}
    genuine: dict[tuple[str, str], list[Floats]] = {writer: [] for writer in writers}
    skilled: dict[tuple[str, str], list[Floats]] = {writer: [] for writer in writers}
    for fold in range(folds):
        head = fit_head([t for t in found if fold_of[t.dataset, t.writer] != fold], data)
        for trial in found:
            key = (trial.dataset, trial.writer)
            if fold_of[key] == fold:
                genuine[key].append(_finite(score_trial(trial, "genuine", head, data)))
                skilled[key].append(_finite(score_trial(trial, "skilled", head, data)))
    return calibrate(
        [np.concatenate(genuine[writer]) for writer in writers],
        [np.concatenate(skilled[writer]) for writer in writers],
    )


def _finite(scores: Floats) -> Floats:
    return scores[np.isfinite(scores)]


def _images_by_dataset(found: Sequence[WriterTrials]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for trial in found:
        size = len(trial.images["genuine"]) + len(trial.images["skilled"])
        counts[trial.dataset] = counts.get(trial.dataset, 0) + size
    return counts
