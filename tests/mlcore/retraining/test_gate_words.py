from __future__ import annotations

from typing import Any

from django.utils import translation

from mlcore.evaluation.gate import _verdict
from mlcore.retraining.gate_words import gate_in_words


def trial(name: str, low: float, high: float) -> dict[str, Any]:
    return {
        "set": name,
        "references": 2,
        "kind": "skilled",
        "difference": (low + high) / 2,
        "low": low,
        "high": high,
        "improved": high < 0,
    }


def test_every_finding_of_the_gate_is_told_in_both_languages() -> None:
    trials = [trial("customers", -0.03, -0.01), trial("synthetic signers", 0.01, 0.02)]
    report = _verdict(trials, {"customers": [2], "synthetic signers": [2], "elsewhere": [2]}, ())
    assert not report["promotable"]
    told = gate_in_words(report)
    assert told == (
        "The candidate may be worse. Synthetic signers, 2 specimens, against skilled forgeries: +1.5 points of error "
        "(+1.0 to +2.0).",
        "The candidate is better. Customers held out, 2 specimens, against skilled forgeries: −2.0 points of error "
        "(−3.0 to −1.0).",
        "There are too few writers to compare on: elsewhere.",
    )
    assert len(report["sentences"]) == len(told)
    with translation.override("hi"):
        hindi = gate_in_words(report)
    assert hindi[0].startswith("प्रत्याशी बदतर हो सकता है।")
    assert "+1.5" in hindi[0]
    assert hindi[1].startswith("प्रत्याशी बेहतर है।")
    assert "elsewhere" in hindi[2]


def test_a_gate_without_an_improvement_says_so() -> None:
    report = _verdict([trial("customers", -0.005, 0.005)], {"customers": [2]}, ())
    assert gate_in_words(report) == ("Nothing has improved beyond chance.",) == tuple(report["sentences"])


def test_a_report_from_before_the_findings_keeps_its_sentences() -> None:
    assert gate_in_words({"sentences": ["The candidate is better."]}) == ("The candidate is better.",)
    assert gate_in_words({}) == gate_in_words({"sentences": None}) == ()
