"""May a candidate take the champion's place? Both are measured on the same frozen trials.

Writers are drawn anew with replacement, and each draw gives both networks' error and so their difference: a paired
bootstrap by writer (Efron and Tibshirani 1993; Bolle, Ratha and Pankanti 2004 for biometrics). The candidate passes
where no difference may well be a loss of a whole point of equal error rate (the upper 95 % bound stays below it:
non-inferiority) and at least one is an improvement beyond chance, however many are looked at (Bonferroni). Forgeries
made as those of the candidate's training can hold it back and are no improvement: it was trained on the like.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.evaluating import KINDS, Outcome, calibrated
from mlcore.evaluation.figures import crossing, equal_error_rate, error_rates, frr_at_far
from mlcore.evaluation.fitting import score_trial
from mlcore.evaluation.protocol import Kind, Measured, measure, trials
from mlcore.scoring.scorer import Scorer

Floats = npt.NDArray[np.float64]

MOST_LOSS = 0.01  # of equal error rate, that the upper bound of a difference may reach
ROUNDS = 1000
FEWEST_WRITERS = 8  # of a set of trials: of fewer, the bootstrap says nothing
_HISTOGRAM = np.linspace(-12.0, 12.0, 49)
_DET_POINTS = 60


@dataclass(frozen=True, slots=True)
class Contestant:
    """A network's features of each set of trials, by its name, and its scorer."""

    sets: Mapping[str, EmbeddedSet]
    scorer: Scorer


def gate(
    champion: Contestant,
    candidate: Contestant,
    references: Mapping[str, Sequence[int]],
    *,
    made: Collection[str] = (),
) -> dict[str, Any]:
    """The comparison as a JSON-ready report.

    references: for each set of trials, with how many specimens. made: sets whose forgeries are made as those that the
    candidate was trained on. Keys: promotable; findings (what: worse, better,
    missing or nothing; of the first two the trial, of the third its set) and the same as English sentences; trials
    (set, references, kind, writers, champion and candidate {eer, frr_at_far_1}, difference with low and high,
    fractions; below 0 the candidate is better); shown_references, det, histograms, calibration: of the first set that
    could be measured, with its largest number of specimens.
    """
    trials: list[dict[str, Any]] = []
    looked_at = sum((1 if name in made else 2) * len(counts) for name, counts in references.items())
    shown: dict[str, Any] = {}
    for name, counts in references.items():
        if name not in champion.sets:
            continue
        measured = [measure(side.sets[name], side.scorer.cohort) for side in (champion, candidate)]
        for count in sorted(counts):
            old = _scored(champion, name, measured[0], count)
            new = _scored(candidate, name, measured[1], count)
            if len(old) < FEWEST_WRITERS:
                continue
            trials += [_compared(name, count, kind, old, new, looked_at) for kind in ("skilled", "random")]
            if not shown or trials[0]["set"] == name:
                shown = _shown(count, old, new, champion, candidate)
    return {**_verdict(trials, references, made), "trials": trials, **shown}


def _scored(side: Contestant, name: str, measured: Sequence[Measured], count: int) -> list[Outcome]:
    """Every writer's scores; verdicts, which take most of the time of judging, are not asked for."""
    found: dict[tuple[str, str], Outcome] = {}
    for trial in trials(measured, count):
        outcome = found.setdefault((trial.dataset, trial.writer), Outcome(trial.dataset, trial.writer))
        for kind in KINDS:
            outcome.scores[kind].append(score_trial(trial, kind, side.scorer.heads[count], side.sets[name]))
    return list(found.values())


def _compared(
    name: str, count: int, kind: Kind, old: Sequence[Outcome], new: Sequence[Outcome], looked_at: int
) -> dict[str, Any]:
    pairs = [_pairs(outcomes, kind) for outcomes in (old, new)]
    low, high, beyond_chance = paired_interval(*pairs, looked_at=looked_at)
    champion, candidate = (_figures(part) for part in pairs)
    return {
        "set": name,
        "references": count,
        "kind": kind,
        "writers": len(old),
        "champion": champion,
        "candidate": candidate,
        "difference": candidate["eer"] - champion["eer"],
        "low": low,
        "high": high,
        "improved": beyond_chance < 0,
    }


def _pairs(outcomes: Sequence[Outcome], kind: Kind) -> list[tuple[Floats, Floats]]:
    return [(outcome.all_scores("genuine"), outcome.all_scores(kind)) for outcome in outcomes]


def _figures(pairs: Sequence[tuple[Floats, Floats]]) -> dict[str, float]:
    genuine, forged = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    return {"eer": equal_error_rate(genuine, forged), "frr_at_far_1": frr_at_far(genuine, forged, 0.01)}


def paired_interval(
    old: Sequence[tuple[Floats, Floats]],
    new: Sequence[tuple[Floats, Floats]],
    *,
    looked_at: int = 1,
    rounds: int = ROUNDS,
    seed: int = 1,
) -> tuple[float, float, float]:
    """95 % interval of the new EER minus the old one, and its upper bound where so many differences are looked at.

    old, new: (genuine, forged) scores by writer, the same writers in both.
    """
    drawn = np.random.default_rng(seed).integers(len(old), size=(rounds, len(old)))
    differences = _drawn_eers(new, drawn) - _drawn_eers(old, drawn)
    low, high, beyond_chance = np.quantile(differences, (0.025, 0.975, 1 - 0.025 / looked_at))
    return float(low), float(high), float(beyond_chance)


def _drawn_eers(by_writer: Sequence[tuple[Floats, Floats]], drawn: npt.NDArray[np.int64]) -> Floats:
    """The EER of each row of writers drawn; sorted once, a draw is then a matter of counting."""
    parts = [side for pair in by_writer for side in pair]
    scores = np.concatenate(parts)
    order = np.argsort(scores, kind="stable")
    owner, forged = (
        np.repeat(values, [len(part) for part in parts])[order]
        for values in (np.arange(len(parts)) // 2, np.arange(len(parts)) % 2 == 1)
    )
    ordered = scores[order]
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True) & np.isfinite(ordered))
    eers = np.empty(len(drawn))
    for row, writers in enumerate(drawn):
        weights = np.bincount(writers, minlength=len(by_writer))[owner]
        own, others = np.cumsum(weights * ~forged), np.cumsum(weights * forged)
        far = np.append(0.0, others[ends] / max(others[-1], 1))
        frr = np.append(1.0, 1.0 - own[ends] / max(own[-1], 1))
        eers[row] = crossing(far, frr)
    return eers


def _verdict(
    trials: Sequence[Mapping[str, Any]], references: Mapping[str, Sequence[int]], made: Collection[str]
) -> dict[str, Any]:
    worse = [trial for trial in trials if not trial["high"] < MOST_LOSS]
    better = [
        trial for trial in trials if trial["improved"] and (trial["kind"] == "random" or trial["set"] not in made)
    ]
    missing = [name for name in references if not any(trial["set"] == name for trial in trials)]
    findings = [{"what": "worse", **trial} for trial in worse] + [{"what": "better", **trial} for trial in better]
    findings += [{"what": "missing", "set": name} for name in missing]
    if not better:
        findings.append({"what": "nothing"})
    return {
        "promotable": bool(trials) and not worse and bool(better) and not missing,
        "findings": findings,
        "sentences": [_sentence(finding) for finding in findings],
    }


def _sentence(finding: Mapping[str, Any]) -> str:
    """In English; mlcore.retraining.gate_words tells the same in the reader's language."""
    if finding["what"] == "nothing":
        return "Nothing has improved beyond chance."
    if finding["what"] == "missing":
        return f"There are too few writers to compare on: {finding['set']}."
    what = {"worse": "may be worse", "better": "is better"}[finding["what"]]
    return _trial_sentence(what, finding)


def _trial_sentence(what: str, trial: Mapping[str, Any]) -> str:
    against = "skilled forgeries" if trial["kind"] == "skilled" else "other people's signatures"
    specimens = "1 specimen" if trial["references"] == 1 else f"{trial['references']} specimens"
    low, high, difference = (100 * trial[key] for key in ("low", "high", "difference"))
    return (
        f"The candidate {what} on {trial['set']} with {specimens} against {against}: "
        f"{difference:+.1f} points of error ({low:+.1f} to {high:+.1f})."
    )


def _shown(
    count: int, old: Sequence[Outcome], new: Sequence[Outcome], champion: Contestant, candidate: Contestant
) -> dict[str, Any]:
    sides = {"champion": (old, champion.scorer), "candidate": (new, candidate.scorer)}
    pooled = {name: _pooled(outcomes) for name, (outcomes, _) in sides.items()}
    return {
        "shown_references": count,
        "det": {name: _det(*scores) for name, scores in pooled.items()},
        "histograms": {
            "edges": _HISTOGRAM.tolist(),
            **{name: {"genuine": _counts(own), "skilled": _counts(forged)} for name, (own, forged) in pooled.items()},
        },
        "calibration": {
            name: calibrated(outcomes, scorer.calibrations[count]) for name, (outcomes, scorer) in sides.items()
        },
    }


def _pooled(outcomes: Sequence[Outcome]) -> tuple[Floats, Floats]:
    pairs = _pairs(outcomes, "skilled")
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])


def _det(genuine: Floats, forged: Floats) -> dict[str, list[float]]:
    _, far, frr = error_rates(genuine, forged)
    kept = np.unique(np.linspace(0, len(far) - 1, _DET_POINTS).round().astype(int))
    return {"far": far[kept].tolist(), "frr": frr[kept].tolist()}


def _counts(scores: Floats) -> list[int]:
    inside = np.clip(scores, _HISTOGRAM[0], _HISTOGRAM[-1])
    return [int(count) for count in np.histogram(inside, _HISTOGRAM)[0]]
