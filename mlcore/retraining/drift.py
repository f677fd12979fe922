"""Drift: do scores, pictures and decisions still come out as in the month before? One report a day.

Scores, referrals and overrides are compared within one model version only: another version has another scale and
other thresholds. Pictures are compared across versions, since no network has touched them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mlcore.evaluation.drift import ALARMS_BY_CHANCE, Change, Sample, compare
from mlcore.models import DriftReport, ModelVersion
from mlcore.retraining.drift_rows import BEFORE, SHORT, Mask, Rows, asked_until, rows_until
from mlcore.retraining.drift_words import sentences
from mlcore.retraining.locks import drift_lock
from sigweb.accounts.models import Branch
from sigweb.audit.services import audit_record

if TYPE_CHECKING:
    from sigweb.accounts.models import User

logger = logging.getLogger(__name__)

TASK = "mlcore.retraining.tasks.drift_nightly"
FORMAT = 1
MOST_AT_ONCE = 20_000  # verifications of sixty days that a request looks at itself: about a second
# Of one model version each, and across all of them.
JUDGED = {"score": "number", "accepted": "number", "refer": "rate", "override": "rate"}
PICTURES = {"remarks": "category", "sharpness": "number", "contrast": "number", "size": "number"}
FEWEST_A_DAY = 5  # signatures of a day that its quartiles are drawn from


class DriftUnasked(RuntimeError):
    """The look could not be asked for; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared: a measure of a group's signatures, of one model version or (version is "") of all.

    group: "all", "branch" or "source", with its name. days: how many are lately.
    """

    group: str
    name: str
    version: str
    measure: str
    days: int
    sample: Sample


def drift_look(*, actor: User | None = None, again: bool = False, until: datetime | None = None) -> DriftReport:
    """The report of the day that ends at `until` (now), made when it is missing or asked for again.

    Idempotent: the same verifications give the same report, and two processes at once make one.
    """
    until = until or timezone.now()
    day = timezone.localdate(until)
    with transaction.atomic():
        drift_lock()
        made = DriftReport.objects.filter(day=day).first()
        if made is not None and not again:
            return made
        report = drift_report(until)
        made, _new = DriftReport.objects.update_or_create(
            day=day, defaults={"alarm": report["alarm"], "report": report}
        )
        audit_record(
            actor=actor,
            action="drift.looked",
            details={"day": str(day), "alarm": made.alarm, "suggestion": report["suggestion"]},
        )
    if made.alarm:
        logger.warning("Drift on %s: %d of %d comparisons; it helps to: %s.", day, *_told(made.report))
    return made


def drift_ask(*, actor: User) -> DriftReport | None:
    """Look now: here where that takes a few seconds, else by a worker, and None. Raises DriftUnasked."""
    if asked_until(timezone.now()).count() <= MOST_AT_ONCE:
        return drift_look(actor=actor, again=True)
    try:
        current_app.send_task(TASK, kwargs={"again": True, "actor": str(actor.public_id)}, queue="embed", retry=False)
    except Exception as error:  # whatever the broker's client raises
        logger.warning("The look at drift could not be sent.", exc_info=True)
        raise DriftUnasked(
            _("No worker can be reached now. The look of this night will be made all the same.")
        ) from error
    return None


def _told(report: dict[str, Any]) -> tuple[int, int, str]:
    return sum(one["drifted"] for one in report["findings"]), report["comparisons"], report["suggestion"]


def drift_report(until: datetime) -> dict[str, Any]:
    """Compare, and say what came of it; JSON-ready. Reads the verifications of sixty days, changes nothing."""
    rows = rows_until(until)
    compared = list(_comparisons(rows))
    changes = compare([part.sample for part in compared])
    findings = [_finding(part, change, rows) for part, change in zip(compared, changes, strict=True)]
    report: dict[str, Any] = {
        "format": FORMAT,
        "until": until.isoformat(),
        "before_days": BEFORE,
        "chance": ALARMS_BY_CHANCE,
        "comparisons": sum(change is not None for change in changes),
        "too_few": sum(change is None for change in changes),
        "lately": int((rows.age <= SHORT).sum()),
        "before": int(((rows.age > SHORT) & (rows.age <= SHORT + BEFORE)).sum()),
        "alarm": any(finding["drifted"] for finding in findings),
        "findings": findings,
        "days": _days(rows, until),
    }
    report |= causes(findings)
    with translation.override(settings.LANGUAGE_CODE):
        report["sentences"] = sentences(report)
    return report


def causes(findings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Why things changed, by group, and what would help: "retrain", "scanner", "look" or "none".

    A group whose pictures changed has a scanner to look at, and training on those pictures would teach the network the
    scanner. Where they did not, while signatures that a person accepted lie farther from their specimens than before,
    hands have changed or were never learnt: retraining helps. All else a person has to look at.
    """
    drifted = [finding for finding in findings if finding["drifted"]]
    scanners = _groups(finding for finding in drifted if finding["measure"] in PICTURES)
    told = _groups(finding for finding in findings if finding["measure"] in PICTURES and not finding["too_few"])
    retrain = []
    for finding in drifted:
        farther = finding["measure"] == "accepted" and finding["centre"][1] > finding["centre"][0]
        if farther and not _explained((finding["group"], finding["name"]), scanners, told):
            retrain.append((finding["group"], finding["name"]))
    if retrain:
        suggestion = "retrain"
    elif scanners:
        suggestion = "scanner"
    else:
        suggestion = "look" if drifted else "none"
    return {
        "suggestion": suggestion,
        "retrain": [list(group) for group in dict.fromkeys(retrain)],
        "scanners": scanners,
    }


def _explained(group: tuple[str, str], scanners: list[list[str]], told: list[list[str]]) -> bool:
    """Whether changed pictures explain what a group's scores do: its own, or others' where nothing is known of its."""
    if list(group) in scanners:
        return True
    own = group[0] == "branch" and list(group) in told
    return bool(scanners) and not own


def _groups(findings: Iterator[dict[str, Any]]) -> list[list[str]]:
    return [list(group) for group in dict.fromkeys((finding["group"], finding["name"]) for finding in findings)]


def _comparisons(rows: Rows) -> Iterator[Comparison]:
    versions = dict(ModelVersion.objects.filter(pk__in=np.unique(rows.version).tolist()).values_list("pk", "name"))
    lately = [pk for pk in versions if ((rows.version == pk) & (rows.age <= SHORT)).any()]
    for group, name, chosen in _slices(rows):
        for measure, kind in PICTURES.items():
            sample, days = rows.sample(measure, kind, chosen)
            yield Comparison(group, name, "", measure, days, sample)
        for pk in lately:
            for measure, kind in JUDGED.items():
                sample, days = rows.sample(measure, kind, chosen & (rows.version == pk))
                yield Comparison(group, name, versions[pk], measure, days, sample)


def _slices(rows: Rows) -> Iterator[tuple[str, str, Mask]]:
    """All rows, and those of each branch and source where there is more than one."""
    yield "all", "", np.ones(len(rows), dtype=bool)
    branches = Branch.objects.filter(pk__in=np.unique(rows.branch).tolist())
    if len(branches) > 1:
        yield from (("branch", str(branch), rows.branch == branch.pk) for branch in branches)
    sources = np.unique(rows.source).tolist()
    if len(sources) > 1:
        yield from (("source", source, rows.source == source) for source in sources)


def _finding(part: Comparison, change: Change | None, rows: Rows) -> dict[str, Any]:
    finding: dict[str, Any] = {
        "group": part.group,
        "name": part.name,
        "version": part.version,
        "measure": part.measure,
        "days": part.days,
        "lately": len(part.sample.lately),
        "before": len(part.sample.before),
        "too_few": change is None,
        "drifted": change is not None and change.drifted,
    }
    if change is None:
        return finding
    finding |= {"value": _short(change.value), "limit": _short(change.limit), "effect": _short(change.effect)}
    if change.rate_before and change.rate_lately:
        finding["rate"] = [
            {end: _short(value) for end, value in asdict(rate).items()}
            for rate in (change.rate_before, change.rate_lately)
        ]
    if change.centre:
        finding["centre"] = [_short(value) for value in change.centre]
    # Of a hundred branches only what is worth a look.
    if change.before and (part.group == "all" or change.drifted):
        finding["bins"] = {
            "edges": [_short(edge) for edge in change.edges],
            "sets": [list(codes) for codes in rows.sets[: len(change.before)]] if part.measure == "remarks" else [],
            "before": [_short(share) for share in change.before],
            "lately": [_short(share) for share in change.lately],
        }
    return finding


def _days(rows: Rows, until: datetime) -> list[dict[str, Any]]:
    """The last 37 days, oldest first: how many were asked, the share referred, quartiles of scores by model version."""
    names = dict(ModelVersion.objects.filter(pk__in=np.unique(rows.version).tolist()).values_list("pk", "name"))
    days = []
    for age in range(SHORT + BEFORE - 1, -1, -1):
        chosen = (rows.age > age) & (rows.age <= age + 1)
        scores = {}
        for pk, name in names.items():
            own = rows.score[chosen & (rows.version == pk)]
            if len(own) >= FEWEST_A_DAY:
                scores[name] = [_short(float(value)) for value in np.quantile(own, [0.25, 0.5, 0.75])]
        count = int(chosen.sum())
        referred = _short(float(rows.refer[chosen].mean())) if count else None
        day = timezone.localdate(until - timedelta(days=age + 0.5))
        days.append({"day": str(day), "asked": count, "referred": referred, "scores": scores})
    return days


def _short(value: float) -> float:
    return round(value, 4)
