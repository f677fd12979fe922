"""A customer's own logistic head: the general one's log odds, stretched and shifted by what his specimens say.

A handful of specimens can not carry a head of nine weights. Two figures can be learnt from them if they are held near
"no change" by a prior (Platt 1999, with the shrinkage of a Gaussian prior; maximum a posteriori). Augmented views and
made forgeries are no independent observations: whatever their number, they weigh as much as there are specimens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.scoring.logistic import FitError, sigmoid

Floats = npt.NDArray[np.float64]

SPREAD_STRETCH = 0.3  # standard deviations of the prior
SPREAD_SHIFT = 1.0
_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class OwnHead:
    """own log odds = stretch * log odds + shift; stretch above 0."""

    stretch: float
    shift: float

    def probability(self, log_odds: float) -> float:
        """That the questioned signature is genuine, equal priors, by this customer's own head."""
        return float(sigmoid(np.array([self.stretch * log_odds + self.shift]))[0])

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"stretch": self.stretch, "shift": self.shift}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> OwnHead:
        """The inverse of as_dict."""
        return cls(float(data["stretch"]), float(data["shift"]))


def fit_own_head(genuine: Floats, forged: Floats, *, specimens: int) -> OwnHead:
    """From the general head's log odds of a customer's genuine signatures and of what is not his, (N,) and (M,).

    specimens: how many there are; each class weighs as much. Raises FitError when one class is missing or a figure is
    no number.
    """
    if not len(genuine) or not len(forged):
        raise FitError("A head of his own needs genuine signatures and others; only one kind was given.")
    odds = np.concatenate([genuine, forged])
    if not np.isfinite(odds).all() or specimens < 1:
        raise FitError("There are no finite figures to fit the customer's head on.")
    labels = np.concatenate([np.ones(len(genuine)), np.zeros(len(forged))])
    weights = np.concatenate([np.full(len(part), specimens / len(part)) for part in (genuine, forged)])
    design = np.column_stack([odds, np.ones(len(odds))])
    start = np.array([1.0, 0.0])
    precision = np.diag([SPREAD_STRETCH**-2, SPREAD_SHIFT**-2])
    beta = start.copy()
    for _ in range(_ROUNDS):
        probability = sigmoid(design @ beta)
        gradient = design.T @ (weights * (labels - probability)) - precision @ (beta - start)
        curvature = (design.T * (weights * np.maximum(probability * (1 - probability), 1e-9))) @ design + precision
        step = np.linalg.solve(curvature, gradient)
        # Newton's step alone may overshoot where all trials are told apart with ease.
        beta += step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    return OwnHead(float(max(beta[0], 0.05)), float(beta[1]))
