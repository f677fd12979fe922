"""A gate's report as mlcore.evaluation.gate writes it, with made-up figures."""

from __future__ import annotations

import copy
from typing import Any

from mlcore.models import GateReport, ModelVersion


def _trial(name: str, references: int, kind: str, old: float, new: float, low: float, high: float) -> dict[str, Any]:
    return {
        "set": name,
        "references": references,
        "kind": kind,
        "writers": 42,
        "champion": {"eer": old, "frr_at_far_1": 2.5 * old},
        "candidate": {"eer": new, "frr_at_far_1": 2.5 * new},
        "difference": new - old,
        "low": low,
        "high": high,
    }


def _check(rate: str, at: str, stated: float, measured: float, holds: bool) -> dict[str, Any]:
    return {
        "rate": rate,
        "at": at,
        "score": 0.0,
        "stated": stated,
        "stated_ci": [stated / 2, 2 * stated],
        "measured": measured,
        "measured_ci": [measured / 2, 2 * measured],
        "trials": 900,
        "writers": 42,
        "holds": holds,
        "stated_in_measured": holds,
        "measured_in_stated": holds,
    }


def _bell(middle: float, width: float, count: int) -> list[int]:
    return [round(count * 2.718 ** (-(((-12 + index / 2) - middle) ** 2) / width)) for index in range(48)]


REPORT: dict[str, Any] = {
    "promotable": True,
    "sentences": ["The candidate is better on customers with 2 specimens: -1.5 points of error (-2.4 to -0.6)."],
    "trials": [
        _trial("customers", 1, "skilled", 0.081, 0.069, -0.021, -0.002),
        _trial("customers", 2, "skilled", 0.062, 0.047, -0.024, -0.006),
        _trial("customers", 2, "random", 0.008, 0.0075, -0.002, 0.001),
        _trial("synthetic signers", 5, "skilled", 0.051, 0.053, 0.001, 0.006),
    ],
    "shown_references": 2,
    "det": {
        "champion": {
            "far": [0.0, 0.001, 0.005, 0.02, 0.06, 0.12, 0.3, 1.0],
            "frr": [1.0, 0.4, 0.25, 0.13, 0.062, 0.03, 0.008, 0.0],
        },
        "candidate": {
            "far": [0.0, 0.001, 0.005, 0.02, 0.047, 0.1, 0.3, 1.0],
            "frr": [1.0, 0.31, 0.17, 0.09, 0.047, 0.02, 0.005, 0.0],
        },
    },
    "histograms": {
        "edges": [-12 + index / 2 for index in range(49)],
        "champion": {"genuine": _bell(-4, 6, 130), "skilled": _bell(2.5, 9, 110)},
        "candidate": {"genuine": _bell(-5, 6, 130), "skilled": _bell(3, 8, 110)},
    },
    "calibration": {
        "champion": {
            "cllr": 0.21,
            "cllr_min": 0.19,
            "calibration": [
                _check("far", "t_match", 0.01, 0.024, False),
                _check("frr", "t_no_match", 0.02, 0.018, True),
                _check("far", "score", 0.05, 0.061, True),
            ],
        },
        "candidate": {
            "cllr": 0.17,
            "cllr_min": 0.16,
            "calibration": [
                _check("far", "t_match", 0.01, 0.012, True),
                _check("frr", "t_no_match", 0.02, 0.021, True),
                _check("far", "score", 0.05, 0.047, True),
            ],
        },
    },
    "speed": {"champion": 4.2, "candidate": 4.3},
    "size": {"champion": 3_920_000, "candidate": 3_921_000},
}

SHADOW: dict[str, Any] = {
    "verifications": 500,
    "changed": [
        {"public_id": "5f0c1a0e-7a56-4b0e-9d0c-0d4a1f1f4f01", "before": "refer", "after": "match"},
        {"public_id": "5f0c1a0e-7a56-4b0e-9d0c-0d4a1f1f4f02", "before": "refer", "after": "match"},
        {"public_id": "5f0c1a0e-7a56-4b0e-9d0c-0d4a1f1f4f03", "before": "match", "after": "refer"},
    ],
    "counts": {"refer->match": 2, "match->refer": 1},
}


def make_gate(candidate: ModelVersion, champion: ModelVersion, *, promotable: bool = True, **report: Any) -> GateReport:
    """A report of these two; named parts replace those of REPORT, None removes them."""
    made = {**copy.deepcopy(REPORT), "promotable": promotable, **report}
    return GateReport.objects.create(
        candidate=candidate,
        champion=champion,
        promotable=promotable,
        report={key: value for key, value in made.items() if value is not None},
        shadow=copy.deepcopy(SHADOW),
    )
