"""A search names at wider thresholds than a match, narrower ones the more people it searches."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.scoring.calibration import Calibration
from mlcore.scoring.naming import naming_threshold

# One skilled forgery in a hundred for each unit of score: the score is the share in per cent.
EVEN = Calibration(np.linspace(-50, 5, 401), np.linspace(0, 100, 401), 1.0, 4.0, 20, 400, 400)


@pytest.mark.parametrize(
    ("searched", "per_cent"), [(1, 5.0), (25, 5.0), (100, 2.5), (400, 1.25), (625, 1.0), (1_000_000, 1.0)]
)
def test_the_share_falls_with_the_root_of_the_number_searched(searched: int, per_cent: float) -> None:
    assert naming_threshold(EVEN, searched) == pytest.approx(per_cent, abs=0.001)


def test_a_match_is_always_named() -> None:
    wide = Calibration(EVEN.genuine, EVEN.skilled, 7.0, 8.0, 20, 400, 400)
    assert naming_threshold(wide, 1) == 7.0
    assert naming_threshold(wide, 100_000) == 7.0
