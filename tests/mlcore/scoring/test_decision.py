"""Three verdicts and their reasons."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.scoring import Comparison, Reason, Rules, SpecimenDistance, Verdict
from mlcore.scoring.calibration import Calibration
from mlcore.scoring.decision import decide

SCORES = np.linspace(-5, 5, 401)
CALIBRATION = Calibration(SCORES, SCORES, t_match=-1.0, t_no_match=1.0, writers=9, n_genuine=90, n_skilled=80)


def comparison(score: float, specimens: int = 5) -> Comparison:
    return Comparison((SpecimenDistance(0.5, 0.1),) * specimens, score, 0.5)


@pytest.mark.parametrize(
    ("score", "verdict", "reason"),
    [
        (-3.0, Verdict.MATCH, "within_threshold"),
        (-1.0, Verdict.MATCH, "within_threshold"),
        (-0.999, Verdict.REFER, "between_thresholds"),
        (1.0, Verdict.REFER, "between_thresholds"),
        (1.001, Verdict.NO_MATCH, "beyond_threshold"),
    ],
)
def test_the_score_decides(score: float, verdict: Verdict, reason: str) -> None:
    judged = decide(comparison(score), CALIBRATION)
    assert judged.verdict is verdict
    assert [found.code for found in judged.reasons] == [reason]
    assert judged.far == pytest.approx((score + 5) / 10, abs=0.01)
    assert judged.frr == pytest.approx(1 - (score + 5) / 10, abs=0.01)


def test_a_judgement_carries_intervals_trials_and_the_likelihood_ratio() -> None:
    judged = decide(comparison(-4.0), CALIBRATION)
    assert judged.skilled_within == CALIBRATION.skilled_within(-4.0)
    assert judged.genuine_beyond == CALIBRATION.genuine_beyond(-4.0)
    assert (judged.skilled_within.trials, judged.genuine_beyond.trials) == (80, 90)
    # Genuine and forged lie alike in this calibration: no score speaks for either.
    assert judged.likelihood_ratio == pytest.approx(1.0)


@pytest.mark.parametrize("remark", ["small", "pale", "soft"])
@pytest.mark.parametrize("score", [-3.0, 3.0])
def test_a_poor_image_is_referred_whatever_the_score(remark: str, score: float) -> None:
    judged = decide(comparison(score), CALIBRATION, remarks=[remark])
    assert judged.verdict is Verdict.REFER
    assert "poor_image" in {reason.code for reason in judged.reasons}


def test_ink_at_the_edge_excuses_a_difference_but_not_a_likeness() -> None:
    assert decide(comparison(3.0), CALIBRATION, remarks=["touches_border"]).verdict is Verdict.REFER
    assert decide(comparison(-3.0), CALIBRATION, remarks=["touches_border"]).verdict is Verdict.MATCH


def test_ink_at_the_edge_does_not_excuse_what_no_genuine_signature_ever_scored() -> None:
    assert decide(comparison(5.1), CALIBRATION, remarks=["touches_border"]).verdict is Verdict.NO_MATCH


def test_a_rule_of_the_bank_refers() -> None:
    judged = decide(comparison(-3.0), CALIBRATION, rules=Rules(always_refer=True))
    assert judged.verdict is Verdict.REFER
    assert [reason.code for reason in judged.reasons] == ["within_threshold", "always_refer"]


@pytest.mark.parametrize(("specimens", "thin"), [(1, True), (2, True), (3, False)])
def test_a_thin_set_is_said_to_be_thin(specimens: int, thin: bool) -> None:
    judged = decide(comparison(-3.0, specimens), CALIBRATION)
    assert ("thin_set" in {reason.code for reason in judged.reasons}) is thin
    assert judged.references == specimens


@pytest.mark.parametrize(
    ("score", "always_refer", "verdict"),
    [
        (-3.0, False, Verdict.REFER),
        (0.0, False, Verdict.REFER),
        (3.0, False, Verdict.NO_MATCH),
        (3.0, True, Verdict.REFER),
    ],
)
def test_a_copy_is_never_a_match_and_no_match_stays(score: float, always_refer: bool, verdict: Verdict) -> None:
    copied = Reason("copy_of_specimen", "It coincides.")
    judged = decide(comparison(score), CALIBRATION, rules=Rules(always_refer=always_refer, copied=copied))
    assert judged.verdict is verdict
    assert judged.reasons[0] == copied
    assert decide(comparison(score), CALIBRATION).reasons == judged.reasons[1 : 2 if always_refer else None]
