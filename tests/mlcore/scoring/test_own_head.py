"""A head of his own: few specimens change little, many and clear ones more; one class alone is refused."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.scoring.logistic import FitError, sigmoid
from mlcore.scoring.own_head import SPREAD_SHIFT, SPREAD_STRETCH, OwnHead, fit_own_head

GENUINE = np.array([0.5, 1.0, 0.0, 1.5])
FORGED = np.array([-4.0, -5.0, -3.0])


def test_the_fit_is_where_the_posterior_is_flat() -> None:
    head = fit_own_head(GENUINE, FORGED, specimens=3)
    odds = np.concatenate([GENUINE, FORGED])
    labels = np.array([1.0] * 4 + [0.0] * 3)
    weights = np.array([3 / 4] * 4 + [3 / 3] * 3)
    residual = weights * (labels - sigmoid(head.stretch * odds + head.shift))
    assert residual @ odds == pytest.approx((head.stretch - 1) / SPREAD_STRETCH**2, abs=1e-6)
    assert residual.sum() == pytest.approx(head.shift / SPREAD_SHIFT**2, abs=1e-6)


def test_genuine_below_even_odds_move_the_shift_up_and_more_so_with_more_specimens() -> None:
    few, many = (fit_own_head(GENUINE - 2, FORGED - 2, specimens=count) for count in (1, 7))
    assert 0 < few.shift < many.shift


def test_how_often_a_view_is_repeated_does_not_matter() -> None:
    once, often = fit_own_head(GENUINE, FORGED, specimens=3), fit_own_head(np.tile(GENUINE, 50), FORGED, specimens=3)
    assert (once.stretch, once.shift) == pytest.approx((often.stretch, often.shift), abs=1e-6)


def test_it_never_turns_the_order_round() -> None:
    head = fit_own_head(np.full(5, -8.0), np.full(5, 8.0), specimens=7)
    assert head.stretch > 0
    assert head.probability(3.0) > head.probability(-3.0)


def test_huge_odds_do_not_upset_it() -> None:
    head = fit_own_head(np.full(4, 400.0), np.full(4, -400.0), specimens=5)
    assert np.isfinite([head.stretch, head.shift]).all()
    assert head.probability(400.0) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("genuine", "forged"),
    [(GENUINE, np.zeros(0)), (np.zeros(0), FORGED), (np.array([np.nan]), FORGED), (GENUINE, np.array([np.inf]))],
)
def test_one_class_or_no_number_is_refused(genuine: np.ndarray, forged: np.ndarray) -> None:
    with pytest.raises(FitError):
        fit_own_head(genuine, forged, specimens=3)


def test_it_survives_being_stored() -> None:
    head = OwnHead(0.9, -0.25)
    assert OwnHead.from_dict(head.as_dict()) == head
    assert head.probability(0.25 / 0.9) == pytest.approx(0.5)
