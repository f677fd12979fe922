"""Where things stand on the drawn score scale, in per cent of its width. Left is alike, right is not."""

from __future__ import annotations

import math
from dataclasses import dataclass

# How much of the scale lies beyond each threshold, in widths of the zone between them.
_BEYOND = 1.5
_NARROWEST = 0.5
_EDGE = 2.0


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
    between = max(t_no_match - t_match, _NARROWEST)
    low, high = t_match - _BEYOND * between, t_no_match + _BEYOND * between
    place = 100 * (score - low) / (high - low) if math.isfinite(score) else 100.0
    drawn = min(max(place, _EDGE), 100 - _EDGE)
    return Scale(
        match=round(100 * (t_match - low) / (high - low), 2),
        no_match=round(100 * (t_no_match - low) / (high - low), 2),
        score=round(drawn, 2),
        outside=drawn != place,
    )
