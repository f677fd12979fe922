"""A candidate beside the champion, as the administrator sees them; from the gate's report and the models' cards.

What a report lacks is left out here and said to be missing on the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from mlcore.models import GateReport, ModelVersion
from mlcore.retraining.gate_words import gate_in_words, trial_in_words


@dataclass(frozen=True, slots=True)
class Trial:
    """Both on the same trials; shares are fractions, below 0 in a difference the candidate is better.

    low, high: 95 % interval of the difference of the equal error rates.
    """

    on: str
    writers: int
    champion_eer: float
    candidate_eer: float
    difference: float
    low: float
    high: float
    champion_frr: float | None
    candidate_frr: float | None

    @property
    def frr_difference(self) -> float | None:
        if self.champion_frr is None or self.candidate_frr is None:
            return None
        return self.candidate_frr - self.champion_frr

    @property
    def is_better(self) -> bool:
        """Beyond chance."""
        return self.high < 0

    @property
    def is_worse(self) -> bool:
        """Beyond chance."""
        return self.low > 0


@dataclass(frozen=True, slots=True)
class Stated:
    """A rate that a model states, and what was measured (low, high: 95 %); fractions. holds: they agree."""

    what: str
    stated: float
    measured: float
    low: float
    high: float
    holds: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure of both, None where it was not measured."""

    what: str
    champion: float | None
    candidate: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """A verification that would have come out otherwise; verdicts in words."""

    public_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CardFigure:
    """From a model's card: error rates as fractions, with so many specimens; low, high: 95 % of the first."""

    references: int
    skilled_eer: float
    low: float | None
    high: float | None
    random_eer: float | None
    frr_at_far_1: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """gate: None where the two were never measured on the same trials; against_current: its champion still reigns.

    det, histograms: as the gate reports them, empty where missing. shadow: None where it was not looked at.
    """

    candidate: ModelVersion
    champion: ModelVersion | None
    gate: GateReport | None
    against_current: bool
    sentences: tuple[str, ...]
    trials: tuple[Trial, ...]
    det: Mapping[str, Any]
    histograms: Mapping[str, Any]
    calibration: Mapping[str, tuple[Stated, ...]]
    speed: Pair | None
    size: Pair | None
    shadowed: int | None
    changes: tuple[Change, ...]
    change_counts: tuple[tuple[str, str, int], ...]
    cards: tuple[tuple[ModelVersion, tuple[CardFigure, ...]], ...]

    @property
    def promotable(self) -> bool:
        return self.gate is not None and self.gate.promotable and self.against_current


def comparison_of(candidate: ModelVersion) -> Comparison:
    """A version beside the champion that it was measured against, the reigning one where it was."""
    reigning = ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION).first()
    gates = GateReport.objects.filter(candidate=candidate).select_related("champion").order_by("-created_at")
    gate = gates.filter(champion=reigning).first() or gates.first()
    champion = gate.champion if gate else reigning
    report, shadow = (gate.report, gate.shadow) if gate else ({}, {})
    return Comparison(
        candidate=candidate,
        champion=champion,
        gate=gate,
        against_current=gate is not None and gate.champion == reigning,
        sentences=gate_in_words(report),
        trials=tuple(_trials(report)),
        det=report.get("det") or {},
        histograms=report.get("histograms") or {},
        calibration={side: tuple(_stated(report, side)) for side in ("champion", "candidate")},
        speed=_pair(report, "speed", _("Network, ms a signature")),
        size=_pair(report, "size", _("Size of its files")),
        shadowed=shadow.get("verifications"),
        changes=tuple(_changes(shadow)),
        change_counts=tuple(_change_counts(shadow)),
        cards=tuple((version, card_figures(version)) for version in (champion, candidate) if version is not None),
    )


def card_figures(version: ModelVersion) -> tuple[CardFigure, ...]:
    """What a model's card says of it, by number of specimens; of the test writers where there are such."""
    found = version.figures.get("test") or version.figures.get("validation") or version.figures
    references = (found.get("all") or {}).get("references") or {}
    return tuple(
        CardFigure(
            int(count),
            figures["skilled_eer"],
            low,
            high,
            figures.get("random_eer"),
            figures.get("frr_at_far_1"),
        )
        for count, figures in sorted(references.items(), key=lambda item: int(item[0]))
        if figures.get("skilled_eer") is not None
        for low, high in [figures.get("skilled_eer_ci") or (None, None)]
    )


def _trials(report: Mapping[str, Any]) -> Iterator[Trial]:
    for trial in report.get("trials") or ():
        champion, candidate = trial["champion"], trial["candidate"]
        yield Trial(
            on=trial_in_words(trial["set"], trial["references"], trial["kind"]),
            writers=trial["writers"],
            champion_eer=champion["eer"],
            candidate_eer=candidate["eer"],
            difference=trial["difference"],
            low=trial["low"],
            high=trial["high"],
            champion_frr=champion.get("frr_at_far_1"),
            candidate_frr=candidate.get("frr_at_far_1"),
        )


def _stated(report: Mapping[str, Any], side: str) -> Iterator[Stated]:
    checks: Sequence[Mapping[str, Any]] = ((report.get("calibration") or {}).get(side) or {}).get("calibration") or ()
    names = {
        ("far", "t_match"): _("FAR at the threshold of a match"),
        ("frr", "t_no_match"): _("FRR at the threshold of no match"),
    }
    for check in checks:
        stated, rate = check["stated"], check["rate"]
        what = names.get((rate, check["at"])) or f"{rate.upper()} {100 * stated:.0f} %"
        low, high = check["measured_ci"]
        yield Stated(what, stated, check["measured"], low, high, check["holds"])


def _pair(report: Mapping[str, Any], key: str, what: str) -> Pair | None:
    found = report.get(key)
    return Pair(what, found.get("champion"), found.get("candidate")) if found else None


def _changes(shadow: Mapping[str, Any]) -> Iterator[Change]:
    for change in shadow.get("changed") or ():
        yield Change(change["public_id"], _verdict(change["before"]), _verdict(change["after"]))


def _change_counts(shadow: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    for key, count in sorted((shadow.get("counts") or {}).items(), key=lambda item: -item[1]):
        before, _arrow, after = key.partition("->")
        if before != after:
            yield _verdict(before), _verdict(after), count


def _verdict(name: str) -> str:
    return {"match": _("match"), "refer": _("refer"), "no_match": _("no match")}.get(name, name)
