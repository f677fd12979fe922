"""From features to a verdict: distances, evidence, logistic head, calibration, decision."""

from __future__ import annotations

from mlcore.scoring.scorer import MAX_REFERENCES, Scorer
from mlcore.scoring.types import (
    POLICY_VERSION,
    Comparison,
    Judgement,
    Reason,
    Rules,
    Share,
    SpecimenDistance,
    Verdict,
)

__all__ = [
    "MAX_REFERENCES",
    "POLICY_VERSION",
    "Comparison",
    "Judgement",
    "Reason",
    "Rules",
    "Scorer",
    "Share",
    "SpecimenDistance",
    "Verdict",
]
