"""Whether what a calibration states holds on other writers: stated beside measured error rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mlcore.scoring.calibration import Calibration, wilson_interval
from mlcore.scoring.types import Share

Floats = npt.NDArray[np.float64]
Rate = Literal["far", "frr"]

# Shares at whose scores the check is made beside the two thresholds, whose own 1 % FAR and 2 % FRR are not repeated.
STATED: dict[Rate, tuple[float, ...]] = {"far": (0.02, 0.05, 0.1, 0.2), "frr": (0.01, 0.05, 0.1, 0.2)}


@dataclass(frozen=True, slots=True)
class CalibrationCheck:
    """One stated rate against the one measured; fractions.

    at: "t_match", "t_no_match" or "score". stated_ci: the calibration's own 95 % interval. measured_ci: 95 % by
    bootstrap over the writers measured. holds: stated and measured do not differ by more than both intervals allow
    (the 95 % interval of their difference holds 0). stated_in_measured, measured_in_stated: the stricter readings,
    which take the one for exact and ask whether it lies in the interval of the other.
    """

    rate: Rate
    at: str
    score: float
    stated: float
    stated_ci: tuple[float, float]
    measured: float
    measured_ci: tuple[float, float]
    trials: int
    writers: int

    @property
    def holds(self) -> bool:
        """By the interval of a difference of two rates from the interval of each (Zou and Donner 2008)."""
        if self.measured >= self.stated:
            reach = np.hypot(self.stated_ci[1] - self.stated, self.measured - self.measured_ci[0])
        else:
            reach = np.hypot(self.stated - self.stated_ci[0], self.measured_ci[1] - self.measured)
        return bool(abs(self.measured - self.stated) <= reach)

    @property
    def stated_in_measured(self) -> bool:
        """Whether the stated rate lies in the interval of the measured one."""
        return self.measured_ci[0] <= self.stated <= self.measured_ci[1]

    @property
    def measured_in_stated(self) -> bool:
        """Whether the measured rate lies in the interval that is stated."""
        return self.stated_ci[0] <= self.measured <= self.stated_ci[1]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form with the three answers."""
        return {
            **asdict(self),
            "stated_ci": list(self.stated_ci),
            "measured_ci": list(self.measured_ci),
            "holds": self.holds,
            "stated_in_measured": self.stated_in_measured,
            "measured_in_stated": self.measured_in_stated,
        }


def check_calibration(pairs: Sequence[tuple[Floats, Floats]], calibration: Calibration) -> list[CalibrationCheck]:
    """Check FAR at t_match, FRR at t_no_match, and both at the scores where STATED shares are stated.

    pairs: (genuine, skilled) scores of each writer. +inf is a refused image: no rate is ever stated for it and the
    calibration has seen none, so it is left out here and reported apart. A rate without a trial is left out.
    """
    pairs = [(genuine[np.isfinite(genuine)], skilled[np.isfinite(skilled)]) for genuine, skilled in pairs]
    wanted: list[tuple[Rate, str, float]] = [
        ("far", "t_match", calibration.t_match),
        ("frr", "t_no_match", calibration.t_no_match),
        *(("far", "score", calibration.score_at_far(share)) for share in STATED["far"]),
        *(("frr", "score", calibration.score_at_frr(share)) for share in STATED["frr"]),
    ]
    counted = {"frr": sum(len(genuine) for genuine, _ in pairs), "far": sum(len(skilled) for _, skilled in pairs)}
    return [_check(pairs, calibration, rate, at, score) for rate, at, score in wanted if counted[rate]]


def _check(
    pairs: Sequence[tuple[Floats, Floats]], calibration: Calibration, rate: Rate, at: str, score: float
) -> CalibrationCheck:
    stated: Share = calibration.skilled_within(score) if rate == "far" else calibration.genuine_beyond(score)
    hits, totals = _counts([skilled if rate == "far" else genuine for genuine, skilled in pairs], rate, score)
    return CalibrationCheck(
        rate=rate,
        at=at,
        score=score,
        stated=stated.value,
        stated_ci=(stated.low, stated.high),
        measured=float(hits.sum() / totals.sum()),
        measured_ci=rate_interval(hits, totals),
        trials=int(totals.sum()),
        writers=len(totals),
    )


def rate_interval(hits: Floats, totals: Floats, *, rounds: int = 1000, seed: int = 1) -> tuple[float, float]:
    """95 % interval of a pooled rate by drawing whole writers with replacement.

    hits, totals: (W,), trials of each writer that count and all of them, totals above 0. Never narrower than for as
    many independent trials (Wilson), so that nothing seen is not taken for nothing possible.
    """
    drawn = np.random.default_rng(seed).integers(len(totals), size=(rounds, len(totals)))
    rates = hits[drawn].sum(axis=1) / totals[drawn].sum(axis=1)
    low, high = np.quantile(rates, (0.025, 0.975))
    least = wilson_interval(float(hits.sum() / totals.sum()), float(totals.sum()))
    return float(min(low, least[0])), float(max(high, least[1]))


def _counts(by_writer: Sequence[Floats], rate: Rate, score: float) -> tuple[Floats, Floats]:
    tried = [scores for scores in by_writer if len(scores)]
    wrong = [(scores <= score) if rate == "far" else (scores > score) for scores in tried]
    return np.array([float(part.sum()) for part in wrong]), np.array([float(len(part)) for part in tried])
