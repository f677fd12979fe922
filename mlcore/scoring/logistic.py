"""Logistic regression by iteratively re-weighted least squares, small enough to ship as a few numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class FitError(ValueError):
    """There is nothing to fit: no rows, one class only, or figures that are not numbers."""


@dataclass(frozen=True, slots=True)
class LogisticHead:
    """log odds = intercept + weights . (x - centre) / scale, x held between lowest and highest.

    lowest, highest: (F,), infinite where a figure is not held; empty where none is.
    """

    centre: Floats
    scale: Floats
    weights: Floats
    intercept: float
    lowest: Floats = field(default_factory=lambda: np.zeros(0))
    highest: Floats = field(default_factory=lambda: np.zeros(0))

    def known_figures(self, rows: Floats) -> Floats:
        """The figures that the head was fitted on: newer ones come last (see mlcore.scoring.evidence)."""
        return rows[:, : len(self.weights)]

    def log_odds(self, rows: Floats) -> Floats:
        """(N, F) -> (N,), log odds of class 1.

        Rows may have more figures than the head knows (see known_figures).
        """
        rows = self.known_figures(rows)
        held = np.clip(rows, self.lowest, self.highest) if len(self.lowest) else rows
        return np.asarray(self.intercept + ((held - self.centre) / self.scale) @ self.weights, dtype=np.float64)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
            "lowest": _or_none(self.lowest),
            "highest": _or_none(self.highest),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LogisticHead:
        """The inverse of as_dict; reads what was written before figures were held (formats 2 and 3).

        Raises ValueError for bounds that are not one pair a figure, the lower first.
        """
        weights = np.asarray(data["weights"], dtype=np.float64)
        lowest, highest = _or_infinite(data.get("lowest", []), -np.inf), _or_infinite(data.get("highest", []), np.inf)
        if len(lowest) not in (0, len(weights)) or len(highest) != len(lowest) or not (lowest <= highest).all():
            raise ValueError("The bounds of a head are not one pair a figure.")
        centre, scale = (np.asarray(data[name], dtype=np.float64) for name in ("centre", "scale"))
        return cls(centre, scale, weights, float(data["intercept"]), lowest, highest)


def _or_none(bounds: Floats) -> list[float | None]:
    """JSON knows no infinity."""
    return [float(value) if np.isfinite(value) else None for value in bounds]


def _or_infinite(bounds: list[float | None], none: float) -> Floats:
    return np.array([none if value is None else value for value in bounds], dtype=np.float64)


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(values, dtype=np.float64))), dtype=np.float64)


def fit_logistic(rows: Floats, labels: Floats, weights: Floats, *, ridge: float = 1.0) -> LogisticHead:
    """Fit class 1 against class 0.

    rows: (N, F). labels: (N,) of 0 and 1. weights: (N,), each class is brought to the same total, so that the
    priors are equal. ridge: penalty on the standardised weights, in units of rows. Raises FitError.
    """
    if len(rows) == 0 or not np.isfinite(rows).all():
        raise FitError("There are no finite figures to fit the decision on.")
    if len(np.unique(labels)) < 2:
        raise FitError("The decision needs genuine signatures and forgeries; only one kind was given.")
    centre, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
    design = np.column_stack([np.ones(len(rows)), (rows - centre) / scale])
    balanced = _balanced(labels, weights)
    penalty = ridge * np.diag([0.0] + [1.0] * rows.shape[1])
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        probability = sigmoid(design @ beta)
        curvature = balanced * np.maximum(probability * (1 - probability), 1e-9)
        gradient = design.T @ (balanced * (labels - probability)) - penalty @ beta
        step = np.linalg.solve(design.T @ (curvature[:, None] * design) + penalty, gradient)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return LogisticHead(centre, scale, beta[1:], float(beta[0]))


def _balanced(labels: Floats, weights: Floats) -> Floats:
    balanced = np.asarray(weights, dtype=np.float64).copy()
    for label in (0, 1):
        chosen = labels == label
        balanced[chosen] *= 0.5 * len(labels) / max(float(balanced[chosen].sum()), 1e-12)
    return balanced
