"""Where things stand on the drawn score scale, in per cent of its width. Left is alike, right is not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mlcore.scoring.calibration import Calibration

# How much of the scale lies beyond each threshold, in widths of the zone between them.
_BEYOND = 1.5
_NARROWEST = 0.5
_EDGE = 2.0
_POINTS, _KERNELS = 81, 201


@dataclass(frozen=True, slots=True)
class Scale:
    """Positions in [0, 100]: both thresholds and the score; `outside` says that the score was drawn at an edge."""

    match: float
    no_match: float
    score: float
    outside: bool

    @property
    def refer_width(self) -> float:
        return round(self.no_match - self.match, 2)

    @property
    def no_match_width(self) -> float:
        return round(100 - self.no_match, 2)

    @property
    def anchor(self) -> str:
        """How the score's label hangs on its mark, so that it never leaves the drawing."""
        return "start" if self.score < 12 else "end" if self.score > 88 else "middle"


def score_scale(*, score: float, t_match: float, t_no_match: float) -> Scale:
    """Place a score and the thresholds it was decided by.

    The thresholds stay where they are for every score of a model, so that two verdicts can be compared by eye; a
    score far outside is drawn at the edge.
    """
    low, high = _ends(t_match, t_no_match)
    place = 100 * (score - low) / (high - low) if math.isfinite(score) else 100.0
    drawn = min(max(place, _EDGE), 100 - _EDGE)
    return Scale(
        match=round(100 * (t_match - low) / (high - low), 2),
        no_match=round(100 * (t_no_match - low) / (high - low), 2),
        score=round(drawn, 2),
        outside=drawn != place,
    )


@dataclass(frozen=True, slots=True)
class Curves:
    """Where scores of others lie: two closed SVG paths in a box 100 wide and 40 high, baseline at the bottom."""

    genuine: str
    skilled: str


def score_curves(*, calibration: Calibration, t_match: float, t_no_match: float) -> Curves:
    """The calibration's distributions of genuine signatures and skilled forgeries over the drawn scale.

    Kernel density with Silverman's width (1986); both have the same area, as if both were as frequent.
    """
    at = np.linspace(*_ends(t_match, t_no_match), _POINTS)
    heights = [_density(scores, at) for scores in (calibration.genuine, calibration.skilled)]
    top = max(float(height.max()) for height in heights) or 1.0
    return Curves(*(_path(height / top) for height in heights))


def _ends(t_match: float, t_no_match: float) -> tuple[float, float]:
    between = max(t_no_match - t_match, _NARROWEST)
    return t_match - _BEYOND * between, t_no_match + _BEYOND * between


def _density(scores: np.ndarray, at: np.ndarray) -> np.ndarray:
    # The outermost quantiles are single signatures far away, which would widen the kernel for all.
    inner = scores[np.linspace(0, len(scores) - 1, _KERNELS).round().astype(int)]
    width = max(0.9 * float(np.diff(np.quantile(scores, [0.25, 0.75]))[0]) / 1.34 * len(scores) ** -0.2, 1e-3)
    return np.asarray(np.exp(-0.5 * ((at[:, None] - inner[None]) / width) ** 2).mean(axis=1) / width)


def _path(heights: np.ndarray) -> str:
    steps = " ".join(
        f"{100 * index / (len(heights) - 1):.1f} {40 - 38 * height:.1f}"
        for index, height in enumerate(heights.tolist())
    )
    return f"M0 40L{steps}L100 40Z"
