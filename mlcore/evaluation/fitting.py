"""Fitting the scorer on validation writers: a logistic head and a calibration for each number of references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.protocol import Kind, WriterTrials, measure, trials
from mlcore.scoring.calibration import Calibration, calibrate
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.evidence import bounds_of_sets
from mlcore.scoring.logistic import FitError, LogisticHead, fit_logistic
from mlcore.scoring.scorer import MAX_REFERENCES, Scorer

Floats = npt.NDArray[np.float64]

FOLDS = 10
FEWEST_DATASETS = 3  # from which on the calibration leaves out whole data sets
LEAST_WRITERS = 5
STRANGERS = 0.5  # of the forgeries' weight in the fit


def fit_scorer(validation: EmbeddedSet, cohort: Cohort) -> tuple[Scorer, dict[int, dict[Kind, int]]]:
    """Fit and calibrate for 1 to 7 references; the scorer, and how many trials of each kind each number rests on.

    Raises FitError when there are too few writers or no forgeries.

    The calibration's scores come from heads fitted without the data set they judge, or without the writer where there
    are too few data sets, so that they are not flattered; the head that ships is fitted on all.
    """
    heads: dict[int, LogisticHead] = {}
    calibrations: dict[int, Calibration] = {}
    counts: dict[int, dict[Kind, int]] = {}
    measured = measure(validation, cohort)
    for references in range(1, MAX_REFERENCES + 1):
        found = [t for t in trials(measured, references) if len(t.images["skilled"])]
        if len({(t.dataset, t.writer) for t in found}) < LEAST_WRITERS:
            raise FitError(
                f"Fewer than {LEAST_WRITERS} validation writers have forgeries and {references + 1} genuine signatures."
            )
        heads[references] = fit_head(found, validation)
        calibrations[references] = _calibrate(found, validation)
        counts[references] = _usable(found, validation)
    return Scorer(heads, calibrations, cohort), counts


def _usable(found: Sequence[WriterTrials], data: EmbeddedSet) -> dict[Kind, int]:
    """Trials of each kind; those with a refused image teach nothing."""
    kinds: tuple[Kind, ...] = ("genuine", "skilled", "random")
    return {kind: sum(int((~data.refused[trial.images[kind]]).sum()) for trial in found) for kind in kinds}


def fit_head(found: Sequence[WriterTrials], data: EmbeddedSet) -> LogisticHead:
    """Genuine against forgeries, every data set with the same weight; refused images teach nothing.

    Half of the forgeries' weight is other people's genuine signatures: they cost nothing against skilled forgeries and
    keep strangers far (ADR 007). The log odds are then brought to what they are of: genuine against skilled alone.
    What is known of a set alone counts no further than the sets fitted on went.
    """
    mixed = fit_logistic(*_gathered(found, data, {"genuine": 1.0, "skilled": 1 - STRANGERS, "random": STRANGERS}))
    rows, labels, weights = _gathered(found, data, {"genuine": 1.0, "skilled": 1.0})
    odds = mixed.log_odds(rows)[:, None]
    scale = fit_logistic(odds, labels, weights)
    slope = float(scale.weights[0] / scale.scale[0])
    shift = scale.intercept - slope * float(scale.centre[0])
    return LogisticHead(
        mixed.centre,
        mixed.scale,
        slope * mixed.weights,
        slope * mixed.intercept + shift,
        *bounds_of_sets(rows, found[0].figures),
    )


def _gathered(
    found: Sequence[WriterTrials], data: EmbeddedSet, kinds: Mapping[Kind, float]
) -> tuple[Floats, Floats, Floats]:
    """Evidence (N, F), labels (N,) and weights (N,) of these kinds; a trial's strangers weigh what its forgeries do."""
    rows, labels, weights = [], [], []
    counts = _images_by_dataset(found)
    for trial in found:
        for kind, share in kinds.items():
            usable = ~data.refused[trial.images[kind]]
            part = trial.evidence[kind][usable]
            alike = len(trial.images["skilled"]) / max(len(part), 1) if kind == "random" else 1.0
            rows.append(part)
            labels.append(np.full(len(part), float(kind == "genuine")))
            weights.append(np.full(len(part), share * alike / counts[trial.dataset]))
    return np.concatenate(rows), np.concatenate(labels), np.concatenate(weights)


def score_trial(trial: WriterTrials, kind: str, head: LogisticHead, data: EmbeddedSet) -> Floats:
    """Scores (T,) of one kind of trials; a refused image scores +inf, it is rejected."""
    scores = -head.log_odds(trial.evidence[kind])  # type: ignore[index]
    scores[data.refused[trial.images[kind]]] = np.inf  # type: ignore[index]
    return scores


def _calibrate(found: Sequence[WriterTrials], data: EmbeddedSet) -> Calibration:
    fold_of = _folds(found)
    genuine: dict[tuple[str, str], list[Floats]] = {writer: [] for writer in fold_of}
    skilled: dict[tuple[str, str], list[Floats]] = {writer: [] for writer in fold_of}
    for fold in sorted(set(fold_of.values())):
        head = fit_head([t for t in found if fold_of[t.dataset, t.writer] != fold], data)
        for trial in found:
            key = (trial.dataset, trial.writer)
            if fold_of[key] == fold:
                genuine[key].append(_finite(score_trial(trial, "genuine", head, data)))
                skilled[key].append(_finite(score_trial(trial, "skilled", head, data)))
    return calibrate(
        [np.concatenate(genuine[writer]) for writer in fold_of],
        [np.concatenate(skilled[writer]) for writer in fold_of],
    )


def _folds(found: Sequence[WriterTrials]) -> dict[tuple[str, str], int]:
    """Which writers are judged by the same head: a data set, for a bank's scans are none that the head was fitted on.

    Where there are too few data sets, or too few writers in the others, a tenth of the writers.
    """
    writers = list(dict.fromkeys((trial.dataset, trial.writer) for trial in found))
    names = sorted({dataset for dataset, _ in writers})
    fewest = min(sum(dataset != name for dataset, _ in writers) for name in names)
    if len(names) >= FEWEST_DATASETS and fewest >= LEAST_WRITERS:
        return {writer: names.index(writer[0]) for writer in writers}
    place = {writer: index for index, writer in enumerate(sorted(writers))}
    return {writer: place[writer] % min(FOLDS, len(writers)) for writer in writers}


def _finite(scores: Floats) -> Floats:
    return scores[np.isfinite(scores)]


def _images_by_dataset(found: Sequence[WriterTrials]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for trial in found:
        size = len(trial.images["genuine"]) + len(trial.images["skilled"])
        counts[trial.dataset] = counts.get(trial.dataset, 0) + size
    return counts
