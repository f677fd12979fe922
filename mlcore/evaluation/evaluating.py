"""The figures of design and model card: measured through the product's own comparison and decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.evaluation.calibration_check import check_calibration
from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.figures import (
    area_under_curve,
    bootstrap_interval,
    equal_error_rate,
    frr_at_far,
    least_cost,
    log_likelihood_ratio_cost,
)
from mlcore.evaluation.protocol import Kind, Measured, WriterTrials, measure, trials
from mlcore.scoring.calibration import Calibration
from mlcore.scoring.decision import decide
from mlcore.scoring.logistic import sigmoid
from mlcore.scoring.scorer import Scorer
from mlcore.scoring.types import Comparison, SpecimenDistance, Verdict

Floats = npt.NDArray[np.float64]
KINDS: tuple[Kind, ...] = ("genuine", "skilled", "random")


@dataclass(slots=True)
class Outcome:
    """Scores and verdicts of one writer over all repetitions."""

    dataset: str
    writer: str
    scores: dict[Kind, list[Floats]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    verdicts: dict[Kind, list[Verdict]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def all_scores(self, kind: Kind) -> Floats:
        """All scores of a kind, (T,)."""
        return np.concatenate(self.scores[kind]) if self.scores[kind] else np.zeros(0)


def evaluate(data: EmbeddedSet, scorer: Scorer, references: Sequence[int]) -> dict[str, Any]:
    """The figures of every data set and of all pooled, as the JSON form of design describes (fractions)."""
    datasets = list(dict.fromkeys(row.dataset for row in data.rows))
    measured = measure(data, scorer.cohort)
    outcomes = {count: judge_all(data, measured, scorer, count) for count in references}
    by_dataset = {name: _summary(data, outcomes, scorer, name) for name in datasets}
    return {"datasets": by_dataset, "all": _summary(data, outcomes, scorer, None)}


def judge_all(data: EmbeddedSet, measured: Sequence[Measured], scorer: Scorer, references: int) -> list[Outcome]:
    """Every writer's scores and verdicts with `references` specimens."""
    found: dict[tuple[str, str], Outcome] = {}
    for trial in trials(measured, references):
        outcome = found.setdefault((trial.dataset, trial.writer), Outcome(trial.dataset, trial.writer))
        for kind in KINDS:
            scores, verdicts = _judge(trial, kind, data, scorer, references)
            outcome.scores[kind].append(scores)
            outcome.verdicts[kind] += verdicts
    return list(found.values())


def _judge(
    trial: WriterTrials, kind: Kind, data: EmbeddedSet, scorer: Scorer, references: int
) -> tuple[Floats, list[Verdict]]:
    odds = scorer.heads[references].log_odds(trial.evidence[kind])
    blank = (SpecimenDistance(0.0, 0.0),) * references
    scores, verdicts = -odds, []
    for position, image in enumerate(trial.images[kind]):
        if data.refused[image]:
            scores[position] = np.inf
            verdicts.append(Verdict.NO_MATCH)
            continue
        comparison = Comparison(blank, float(scores[position]), float(sigmoid(odds[position])))
        verdicts.append(decide(comparison, scorer.calibrations[references], remarks=data.remarks[image]).verdict)
    return scores, verdicts


def _summary(
    data: EmbeddedSet, outcomes: Mapping[int, list[Outcome]], scorer: Scorer, dataset: str | None
) -> dict[str, Any]:
    chosen = [i for i, row in enumerate(data.rows) if dataset in (None, row.dataset)]
    writers = {(data.rows[i].dataset, data.rows[i].writer) for i in chosen}
    refused = {
        label: _share([bool(data.refused[i]) for i in chosen if data.rows[i].genuine is genuine])
        for label, genuine in (("genuine", True), ("forged", False))
    }
    figures = {}
    for count, found in outcomes.items():
        kept = [outcome for outcome in found if dataset in (None, outcome.dataset)]
        figures[str(count)] = {
            "writers_left_out": len(writers) - len(kept),
            **summarise(kept),
            **calibrated(kept, scorer.calibrations[count]),
        }
    return {"writers": len(writers), "refused": refused, "references": figures}


def summarise(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """EER with interval, FRR at FAR 1 %, AUC and the rates of the verdicts; None where a kind of trial is missing."""
    genuine, skilled, random = (
        np.concatenate([outcome.all_scores(kind) for outcome in outcomes]) if outcomes else np.zeros(0)
        for kind in KINDS
    )
    pairs = [(outcome.all_scores("genuine"), outcome.all_scores("skilled")) for outcome in outcomes]
    against_skilled, against_random = len(genuine) and len(skilled), len(genuine) and len(random)
    return {
        "trials": {"genuine": len(genuine), "skilled": len(skilled), "random": len(random)},
        "skilled_eer": equal_error_rate(genuine, skilled) if against_skilled else None,
        "skilled_eer_ci": list(bootstrap_interval(pairs, equal_error_rate)) if against_skilled else None,
        "random_eer": equal_error_rate(genuine, random) if against_random else None,
        "frr_at_far_1": frr_at_far(genuine, skilled, 0.01) if against_skilled else None,
        "auc": area_under_curve(genuine, skilled) if against_skilled else None,
        "match_rate_genuine": _rate(outcomes, "genuine", Verdict.MATCH),
        "refer_rate_genuine": _rate(outcomes, "genuine", Verdict.REFER),
        "match_rate_skilled": _rate(outcomes, "skilled", Verdict.MATCH),
        "match_rate_random": _rate(outcomes, "random", Verdict.MATCH),
    }


def calibrated(outcomes: Sequence[Outcome], calibration: Calibration) -> dict[str, Any]:
    """Cllr and its minimum in bits, over the images that were judged, and stated beside measured error rates."""
    pairs = [(outcome.all_scores("genuine"), outcome.all_scores("skilled")) for outcome in outcomes]
    pooled = [np.concatenate(part) if part else np.zeros(0) for part in ([p[0] for p in pairs], [p[1] for p in pairs])]
    # To a refused image neither ratio nor rate is given; EER and verdicts count it as rejected, tables show the share.
    genuine, skilled = (scores[np.isfinite(scores)] for scores in pooled)
    both = len(genuine) and len(skilled)
    ratios = [calibration.log_ratios(scores) for scores in (genuine, skilled)]
    return {
        "cllr": log_likelihood_ratio_cost(*ratios) if both else None,
        "cllr_min": least_cost(genuine, skilled) if both else None,
        "calibration": [check.as_dict() for check in check_calibration(pairs, calibration)],
    }


def _rate(outcomes: Sequence[Outcome], kind: Kind, verdict: Verdict) -> float | None:
    found = [given for outcome in outcomes for given in outcome.verdicts[kind]]
    return _share([given is verdict for given in found]) if found else None


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
