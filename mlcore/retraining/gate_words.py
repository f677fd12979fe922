"""What the gate found, in the language of whoever reads it. The report itself is stored in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def gate_in_words(report: Mapping[str, Any]) -> tuple[str, ...]:
    """A gate report's findings as sentences; a report without findings keeps the sentences it was stored with."""
    findings = report.get("findings")
    if findings is None:
        return tuple(report.get("sentences") or ())
    return tuple(_sentence(finding) for finding in findings)


def trial_in_words(name: str, references: int, kind: str) -> str:
    """On whose signatures, with how many specimens and against what two models were measured."""
    kinds = {"skilled": _("skilled forgeries"), "random": _("strangers' signatures")}
    specimens = ngettext("%(n)d specimen", "%(n)d specimens", references) % {"n": references}
    return _("%(set)s, %(specimens)s, against %(kind)s") % {
        "set": _set_in_words(name),
        "specimens": specimens,
        "kind": kinds.get(kind, kind),
    }


def _set_in_words(name: str) -> str:
    return {"customers": _("Customers held out"), "synthetic signers": _("Synthetic signers")}.get(name, name)


def _sentence(finding: Mapping[str, Any]) -> str:
    what = finding["what"]
    if what == "nothing":
        return _("Nothing has improved beyond chance.")
    if what == "missing":
        return _("There are too few writers to compare on: %s.") % _set_in_words(finding["set"])
    sentence = {
        "worse": _("The candidate may be worse. %(where)s: %(difference)s points of error (%(low)s to %(high)s)."),
        "better": _("The candidate is better. %(where)s: %(difference)s points of error (%(low)s to %(high)s)."),
    }[what]
    points = {name: f"{100 * finding[name]:+.1f}".replace("-", "−") for name in ("difference", "low", "high")}
    return sentence % {"where": trial_in_words(finding["set"], finding["references"], finding["kind"]), **points}
