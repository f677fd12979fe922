"""The likelihood ratio of a score: how much better genuine explains it than skilled forgery does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.scoring.logistic import fit_logistic

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """log LR = intercept + slope x score, kept between two bounds; slope <= 0, natural logarithms."""

    intercept: float
    slope: float
    lowest: float
    highest: float

    def log_at(self, scores: Floats) -> Floats:
        """Scores (N,) -> log LR (N,); large speaks for genuine. A score of +inf gets the lowest, -inf the highest."""
        ratios = self.intercept + self.slope * np.clip(scores, -1e12, 1e12)
        return np.asarray(np.clip(ratios, self.lowest, self.highest), dtype=np.float64)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "intercept": self.intercept,
            "slope": self.slope,
            "lowest": self.lowest,
            "highest": self.highest,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LikelihoodRatio:
        """The inverse of as_dict."""
        return cls(float(data["intercept"]), float(data["slope"]), float(data["lowest"]), float(data["highest"]))


def fit_ratio(genuine: Floats, skilled: Floats, *, worth_genuine: float, worth_skilled: float) -> LikelihoodRatio:
    """Logistic calibration of scores at equal priors (Bruemmer and du Preez 2006), bounded by what the trials support.

    worth_genuine, worth_skilled: how many independent trials the scores are worth. Had one more forgery been tried and
    passed, p(score | skilled) would be 1 / (worth + 1): no ratio above worth_skilled + 1 is supported, and none below
    1 / (worth_genuine + 1). Scores that order nothing, or the wrong way, give a ratio of 1 throughout.
    """
    scores = np.concatenate([genuine, skilled])
    labels = np.concatenate([np.ones(len(genuine)), np.zeros(len(skilled))])
    head = fit_logistic(scores[:, None], labels, np.ones(len(scores)))
    slope = float(head.weights[0] / head.scale[0])
    lowest, highest = -float(np.log1p(worth_genuine)), float(np.log1p(worth_skilled))
    if slope >= 0:
        return LikelihoodRatio(0.0, 0.0, lowest, highest)
    return LikelihoodRatio(head.intercept - slope * float(head.centre[0]), slope, lowest, highest)


def support(ratio: float) -> str:
    """How strongly a likelihood ratio, or its inverse below 1, speaks for one side (ENFSI guideline 2015).

    "none" below 2, "weak" below 10, "moderate" below 100, "moderately_strong" below 1,000, then "strong".
    """
    strength = max(ratio, 1.0 / max(ratio, 1e-300))
    for limit, word in ((2, "none"), (10, "weak"), (100, "moderate"), (1000, "moderately_strong")):
        if strength < limit:
            return word
    return "strong"
