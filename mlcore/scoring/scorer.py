"""Comparison with a set of specimens: one logistic head and one calibration for each number of references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlcore.runtime import Features
from mlcore.scoring.calibration import Calibration
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.decision import decide
from mlcore.scoring.distances import FeatureStack, hinge_distances, local_distances, vector_distances
from mlcore.scoring.evidence import OwnSpread, evidence
from mlcore.scoring.logistic import LogisticHead, sigmoid
from mlcore.scoring.types import Comparison, Judgement, Rules, SpecimenDistance

MAX_REFERENCES = 7


@dataclass(frozen=True, slots=True)
class Scorer:
    """Fitted on validation writers and frozen with the model version."""

    heads: Mapping[int, LogisticHead]
    calibrations: Mapping[int, Calibration]
    cohort: Cohort

    def compare(self, questioned: Features, specimens: Sequence[Features]) -> Comparison:
        """Distance to each specimen and score against the set. Raises ValueError without specimens or with over 7."""
        if not 1 <= len(specimens) <= MAX_REFERENCES:
            raise ValueError(f"A signature is compared with 1 to {MAX_REFERENCES} specimens, not {len(specimens)}.")
        known, asked = FeatureStack.of(specimens), FeatureStack.of([questioned])
        vector = vector_distances(asked.vectors, known.vectors)
        local = local_distances(asked, known)
        hinge = hinge_distances(asked, known)
        spread = OwnSpread.of(known, self.cohort)
        rows = evidence(vector, local, self.cohort.nearness(asked.vectors), spread, hinge)
        odds = self.heads[len(specimens)].log_odds(rows)
        hinges = [None] * len(specimens) if hinge is None else hinge[0].tolist()
        return Comparison(
            distances=tuple(
                SpecimenDistance(float(v), float(d), h) for v, d, h in zip(vector[0], local[0], hinges, strict=True)
            ),
            score=-float(odds[0]),
            probability=float(sigmoid(odds)[0]),
        )

    def decide(self, comparison: Comparison, *, remarks: Iterable[str] = (), rules: Rules | None = None) -> Judgement:
        """The verdict on a comparison; see mlcore.scoring.decision.decide."""
        return decide(comparison, self.calibrations[len(comparison.distances)], remarks=remarks, rules=rules)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form of heads and calibrations (the cohort ships as a file of its own)."""
        return {
            str(count): {"head": head.as_dict(), "calibration": self.calibrations[count].as_dict()}
            for count, head in sorted(self.heads.items())
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], cohort: Cohort) -> Scorer:
        """The inverse of as_dict."""
        return cls(
            {int(count): LogisticHead.from_dict(part["head"]) for count, part in data.items()},
            {int(count): Calibration.from_dict(part["calibration"]) for count, part in data.items()},
            cohort,
        )
