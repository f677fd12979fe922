from __future__ import annotations

import math

import numpy as np
import pytest

from mlcore.scoring.calibration import Calibration
from verification.scale import score_curves, score_scale
from verification.templatetags.verification_format import figure, share


@pytest.mark.parametrize(("score", "place"), [(-1.0, 37.5), (1.0, 62.5), (0.0, 50.0), (-2.0, 25.0)])
def test_score_and_thresholds_stand_where_they_belong(score: float, place: float) -> None:
    scale = score_scale(score=score, t_match=-1.0, t_no_match=1.0)
    assert (scale.match, scale.no_match, scale.score, scale.outside) == (37.5, 62.5, place, False)
    assert scale.match + scale.refer_width + scale.no_match_width == 100


@pytest.mark.parametrize(("score", "place", "anchor"), [(-50.0, 2, "start"), (50.0, 98, "end"), (math.inf, 98, "end")])
def test_a_score_far_outside_is_drawn_at_the_edge_and_said_to_be(score: float, place: float, anchor: str) -> None:
    scale = score_scale(score=score, t_match=-1.0, t_no_match=1.0)
    assert (scale.score, scale.outside, scale.anchor) == (place, True, anchor)


def test_equal_thresholds_leave_no_room_to_refer() -> None:
    scale = score_scale(score=0.1, t_match=0.0, t_no_match=0.0)
    assert scale.refer_width == 0
    assert scale.match < scale.score
    assert scale.anchor == "middle"


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "< 0.1 %"), (0.0005, "< 0.1 %"), (0.0123, "1.2 %"), (0.5, "50 %"), (0.987, "98.7 %"), (1, "> 99.9 %")],
)
def test_shares_promise_no_more_than_was_measured(value: float, words: str) -> None:
    assert share(value).replace("\u00a0", " ") == words


def test_figures_have_a_true_minus_sign() -> None:
    assert figure(-1.234) == "−1.23"


def test_the_curves_stand_where_the_scores_of_others_lie() -> None:
    calibration = Calibration(
        np.random.default_rng(1).normal(-2, 0.5, 401).round(6),
        np.random.default_rng(2).normal(2, 0.5, 401),
        -1,
        1,
        9,
        9,
        9,
    )
    curves = score_curves(calibration=calibration, t_match=-1.0, t_no_match=1.0)
    peaks = []
    for path in (curves.genuine, curves.skilled):
        numbers = [float(value) for value in path.removeprefix("M0 40L").removesuffix("L100 40Z").split()]
        places = list(zip(numbers[::2], numbers[1::2], strict=True))
        assert all(0 <= x <= 100 and 0 <= y <= 40 for x, y in places)
        peaks.append(min(places, key=lambda place: place[1])[0])
    # The scale runs from -4 to 4, so that -2 and 2 lie at a quarter and at three quarters.
    assert peaks[0] == pytest.approx(25, abs=5)
    assert peaks[1] == pytest.approx(75, abs=5)
