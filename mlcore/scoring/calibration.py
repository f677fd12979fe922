"""From a score to error rates: the calibration writers' own distributions, for a number of references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TARGET_FAR = 0.01  # skilled forgeries that may pass as a match
TARGET_FRR = 0.02  # genuine signatures that may be called no match
_GRID = 401


@dataclass(frozen=True, slots=True)
class Calibration:
    """Score distributions as quantiles at evenly spaced shares 0..1, thresholds, and what they rest on.

    genuine, skilled: ascending scores, (401,). t_match, t_no_match: thresholds on the score, t_match <= t_no_match.
    writers, n_genuine, n_skilled: how many writers and trials were counted.
    """

    genuine: Floats
    skilled: Floats
    t_match: float
    t_no_match: float
    writers: int
    n_genuine: int
    n_skilled: int

    def far(self, score: float) -> float:
        """Share of skilled forgeries with a score <= this one."""
        return _share_below(self.skilled, score)

    def frr(self, score: float) -> float:
        """Share of genuine signatures with a score > this one."""
        return 1.0 - _share_below(self.genuine, score)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form; scores to five decimals."""
        return {
            "genuine": np.round(self.genuine, 5).tolist(),
            "skilled": np.round(self.skilled, 5).tolist(),
            "t_match": self.t_match,
            "t_no_match": self.t_no_match,
            "writers": self.writers,
            "n_genuine": self.n_genuine,
            "n_skilled": self.n_skilled,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Calibration:
        """The inverse of as_dict."""
        return cls(
            np.asarray(data["genuine"], dtype=np.float64),
            np.asarray(data["skilled"], dtype=np.float64),
            float(data["t_match"]),
            float(data["t_no_match"]),
            int(data["writers"]),
            int(data["n_genuine"]),
            int(data["n_skilled"]),
        )


def calibrate(
    genuine: list[Floats], skilled: list[Floats], *, cautious: bool, seed: int = 1, rounds: int = 200
) -> Calibration:
    """Calibrate on scores by writer (one array a writer, genuine and skilled in the same order).

    cautious: take the wide end of each threshold's 95 % bootstrap interval over writers, for sets that are thin.
    """
    all_genuine, all_skilled = np.concatenate(genuine), np.concatenate(skilled)
    t_match, t_no = _thresholds(all_genuine, all_skilled)
    if cautious:
        rng = np.random.default_rng(seed)
        drawn = [rng.integers(len(genuine), size=len(genuine)) for _ in range(rounds)]
        spread = np.array(
            [
                _thresholds(np.concatenate([genuine[i] for i in d]), np.concatenate([skilled[i] for i in d]))
                for d in drawn
            ]
        )
        t_match, t_no = float(np.quantile(spread[:, 0], 0.025)), float(np.quantile(spread[:, 1], 0.975))
    shares = np.linspace(0, 1, _GRID)
    return Calibration(
        genuine=np.quantile(all_genuine, shares),
        skilled=np.quantile(all_skilled, shares),
        t_match=t_match,
        t_no_match=max(t_no, t_match),
        writers=len(genuine),
        n_genuine=len(all_genuine),
        n_skilled=len(all_skilled),
    )


def _thresholds(genuine: Floats, skilled: Floats) -> tuple[float, float]:
    ordered = np.sort(skilled)
    passing = int(np.floor(TARGET_FAR * len(ordered)))
    # Just below the first forgery too many, so that the share at the threshold does not exceed the target.
    t_match = float(np.nextafter(ordered[passing], -np.inf))
    return t_match, float(np.quantile(genuine, 1.0 - TARGET_FRR))


def _share_below(quantiles: Floats, score: float) -> float:
    if score < quantiles[0]:
        return 0.0
    if score >= quantiles[-1]:
        return 1.0
    return float(np.interp(score, quantiles, np.linspace(0, 1, len(quantiles))))
