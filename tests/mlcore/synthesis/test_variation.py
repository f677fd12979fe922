"""Genuine signatures, forgeries and what tells them apart, measured on rendered pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.synthesis import RenderStyle, Trajectory, counter_style, genuine, make_signer, render, skilled_forgery
from mlcore.synthesis.motor import Hand
from mlcore.synthesis.plan import Part, Plan
from mlcore.synthesis.variation import Spread, varied, with_omissions
from tests.mlcore.synthesis.likeness import area_under_curve, canvas, distance, ink_of

SIGNERS = range(300, 316)
PLAIN = RenderStyle(dpi=150)


_signer = cache(make_signer)


@cache
def _genuine() -> dict[int, list[Trajectory]]:
    return {seed: [genuine(_signer(seed), i) for i in range(5)] for seed in SIGNERS}


@cache
def _forged(skill: float) -> dict[int, list[Trajectory]]:
    return {seed: [skilled_forgery(_signer(seed), i, skill) for i in range(3)] for seed in SIGNERS}


def _distances(others: dict[int, list[Trajectory]]) -> list[float]:
    """The mean distance of each questioned signature to the first three genuine ones."""
    result = []
    for seed, questioned in others.items():
        specimens = [canvas(render(t, PLAIN)) for t in _genuine()[seed][:3]]
        for trajectory in questioned:
            ink = canvas(render(trajectory, PLAIN))
            result.append(float(np.mean([distance(ink, specimen) for specimen in specimens])))
    return result


def test_a_signature_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    signer = make_signer(5)
    one, again, other = genuine(signer, 1), genuine(signer, 1), genuine(signer, 2)
    assert np.array_equal(one.x, again.x)
    assert one.x.shape != other.x.shape or not np.array_equal(one.x, other.x)


def test_a_forgery_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    signer = make_signer(5)
    one, again, other = (skilled_forgery(signer, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.x, again.x)
    assert one.x.shape != other.x.shape or not np.array_equal(one.x, other.x)


@pytest.mark.parametrize("skill", [-0.1, 1.1, float("nan")])
def test_a_skill_out_of_range_is_refused(skill: float) -> None:
    with pytest.raises(ValueError, match="Skill"):
        skilled_forgery(make_signer(1), 1, skill)


def test_genuine_signatures_are_closer_than_forgeries_and_these_closer_than_strangers() -> None:
    own = _distances({seed: written[3:] for seed, written in _genuine().items()})
    skilled, clumsy = _distances(_forged(0.8)), _distances(_forged(0.2))
    written = list(_genuine().values())
    strangers = _distances({seed: written[i - 1][:2] for i, seed in enumerate(SIGNERS)})
    assert np.median(own) < np.median(skilled) < np.median(clumsy) < np.median(strangers)
    assert 0.53 < area_under_curve(own, skilled) < 0.85
    assert area_under_curve(own, clumsy) > 0.7
    assert area_under_curve(own, strangers) > 0.93


@pytest.mark.parametrize(
    "measure",
    [
        lambda page: float(ink_of(page).sum()),
        lambda page: float(page[ink_of(page)].mean()),
        lambda page: float(page.shape[1]),
        lambda page: float(page.shape[0]),
        lambda page: float(page.shape[1] / page.shape[0]),
    ],
    ids=["ink", "grey", "width", "height", "aspect"],
)
def test_neither_ink_nor_size_gives_a_forgery_away(measure: Callable[[NDArray[np.uint8]], float]) -> None:
    def measured(written: dict[int, list[Trajectory]], salt: int) -> list[float]:
        return [
            measure(render(t, counter_style(np.random.default_rng([seed, i, salt])), i))
            for seed, trajectories in written.items()
            for i, t in enumerate(trajectories[:3])
        ]

    assert 0.38 < area_under_curve(measured(_genuine(), 0), measured(_forged(0.7), 1)) < 0.62


def test_forgers_write_more_slowly_and_less_smoothly() -> None:
    own = [np.median(t.speed()[t.pen]) for written in _genuine().values() for t in written[:3]]
    forged = [np.median(t.speed()[t.pen]) for written in _forged(0.5).values() for t in written]
    assert np.median(forged) < 0.7 * np.median(own)
    lifts = sum(len(t.strokes) for written in _forged(0.2).values() for t in written)
    assert lifts > sum(len(t.strokes) for written in _genuine().values() for t in written[:3])


def test_rendered_signatures_lie_within_the_range_of_scans() -> None:
    share, aspect = [], []
    for written in _genuine().values():
        ink = ink_of(render(written[0], RenderStyle()))
        rows, columns = np.nonzero(ink)
        high, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
        share.append(ink.sum() / (high * wide))
        aspect.append(wide / high)
    assert 0.06 < np.median(share) < 0.16
    assert 1.5 < np.median(aspect) < 4.5
    assert min(share) > 0.02 and max(share) < 0.35


def test_no_spread_leaves_the_plan_where_it_was() -> None:
    plan = make_signer(3).plan
    still = varied(plan, Spread().times(0.0), np.random.default_rng(0))
    assert still.stacked() == pytest.approx(plan.stacked())


def test_more_spread_moves_the_targets_further() -> None:
    plan = make_signer(3).plan

    def moved(factor: float) -> float:
        rng = np.random.default_rng(1)
        return float(np.abs(varied(plan, Spread().times(factor), rng).stacked() - plan.stacked()).mean())

    assert 0 < moved(0.5) < moved(1.0) < moved(2.0)


def test_an_omitted_part_never_empties_the_plan() -> None:
    part = Part(np.zeros((2, 2)), np.zeros(2, np.bool_), np.zeros(2, np.int64), omission=1.0)
    plan = with_omissions(Plan((part, part)), np.random.default_rng(0))
    assert len(plan.parts) == 1
    assert Hand().tremor < 0.05


def test_now_and_then_a_signer_signs_in_a_rarer_form() -> None:
    signer = next(s for s in map(make_signer, range(100)) if s.rare_form > 0.03)
    lengths = {len(genuine(signer, seed).strokes) for seed in range(60)}
    assert len(lengths) > 1
