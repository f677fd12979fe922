"""Drift in words: a report's sentences, in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import Specimen
from mlcore.evaluation.drift import LEAST_BEFORE, LEAST_LATELY
from mlcore.retraining.drift_rows import SEVERAL

Finding = Mapping[str, Any]


def sentences(report: Mapping[str, Any]) -> list[str]:
    """What a report says: each change, then what it comes from and what would help."""
    drifted = [finding for finding in report["findings"] if finding["drifted"]]
    return [*(change_in_words(finding) for finding in drifted), *advice(report), *caveats(report)]


def advice(report: Mapping[str, Any]) -> list[str]:
    """What the changes come from and what would help."""
    said = []
    # Where a branch is named, what it does to all of them needs no sentence of its own.
    desks = [found for found in report["scanners"] if found[0] == "branch"]
    for group, name in desks or report["scanners"]:
        said.append(
            _(
                "%(where)s: the pictures themselves have changed. Look at the scanner and its settings first; a "
                "network retrained on such pictures would learn the scanner."
            )
            % {"where": group_in_words(group, name)}
        )
    for group, name in report["retrain"]:
        said.append(
            _(
                "%(where)s: signatures that people accepted lie farther from their specimens than before, on pictures "
                "that are as they were. Retraining is likely to help."
            )
            % {"where": group_in_words(group, name)}
        )
    if report["suggestion"] == "look":
        said.append(
            _(
                "The pictures are as they were, and accepted signatures do not lie farther away: retraining would not "
                "help. Look at what is asked and who decides."
            )
        )
    return said


def caveats(report: Mapping[str, Any]) -> list[str]:
    """How much was compared, and what there was too little of."""
    said = []
    if not report["alarm"] and report["comparisons"]:
        said.append(_("Nothing has changed beyond what chance explains."))
    if report["comparisons"] == 0:
        said.append(
            _(
                "Too few signatures to say anything: %(lately)s in the last 7 days, %(before)s in the month before. A "
                "comparison takes %(least_lately)d and %(least_before)d."
            )
            % {
                "lately": number_format(report["lately"]),
                "before": number_format(report["before"]),
                "least_lately": LEAST_LATELY,
                "least_before": LEAST_BEFORE,
            }
        )
    elif report["too_few"]:
        said.append(
            ngettext(
                "%(n)d comparison had too few signatures to say anything.",
                "%(n)d comparisons had too few signatures to say anything.",
                report["too_few"],
            )
            % {"n": report["too_few"]}
        )
    return said


def change_in_words(finding: Finding) -> str:
    """One change, with its figures."""
    where = group_in_words(finding["group"], finding["name"])
    if finding["version"]:
        where = _("%(where)s, model %(model)s") % {"where": where, "model": finding["version"]}
    said = {
        "where": where,
        "what": measure_in_words(finding["measure"]),
        "days": finding["days"],
        "lately": number_format(finding["lately"]),
        "before": number_format(finding["before"]),
    }
    if "rate" in finding:
        before, lately = finding["rate"]
        return _(
            "%(where)s: %(what)s went from %(from)s to %(to)s in the last %(days)d days (%(lately)s signatures; "
            "%(before)s in the month before)."
        ) % {**said, "from": _per_cent(before["value"]), "to": _per_cent(lately["value"])}
    said |= {"index": figure(finding["value"]), "limit": figure(max(finding["limit"], 0.1))}
    if "centre" in finding:
        before, lately = finding["centre"]
        return _(
            "%(where)s: %(what)s changed, from %(from)s to %(to)s for the middle one, in the last %(days)d days "
            "(%(lately)s signatures; stability index %(index)s, limit %(limit)s)."
        ) % {**said, "from": figure(before), "to": figure(lately)}
    return (
        _(
            "%(where)s: %(what)s changed in the last %(days)d days (%(lately)s signatures; stability index %(index)s, "
            "limit %(limit)s)."
        )
        % said
    )


def group_in_words(group: str, name: str) -> str:
    """Whose signatures."""
    if group == "branch":
        return _("Branch %s") % name
    if group == "source":
        if name == SEVERAL:
            return _("Specimens from several sources")
        return _("Specimens from: %s") % Specimen.Source(name).label
    return _("All signatures")


def measure_in_words(measure: str) -> str:
    """What is compared."""
    return {
        "score": _("the score"),
        "accepted": _("the score of accepted signatures"),
        "refer": _("the share referred"),
        "override": _("the share decided against the verdict"),
        "remarks": _("remarks on the pictures"),
        "sharpness": _("the sharpness of the pictures"),
        "contrast": _("the contrast of the pictures"),
        "size": _("the size of signatures in pixels"),
    }[measure]


def remarks_in_words(codes: Sequence[str]) -> str:
    """A set of remarks; none is good."""
    known = {
        "small": _("small"),
        "pale": _("pale"),
        "soft": _("a little blurred"),
        "touches_border": _("cut at the edge"),
    }
    return ", ".join(known.get(code, code) for code in codes) or _("none")


def suggestion_in_words(suggestion: str) -> str:
    """What would help, in a word or two."""
    return {
        "retrain": _("Retrain"),
        "scanner": _("Look at the scanner"),
        "look": _("Look at what is asked"),
        "none": _("Nothing to do"),
    }[suggestion]


def figure(value: float) -> str:
    """Two decimals, fewer for what is large."""
    return number_format(value, 2 if abs(value) < 10 else 0).replace("-", "−")


def _per_cent(share: float) -> str:
    return f"{number_format(100 * share, 1)} %"
