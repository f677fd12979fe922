"""The pairs differ where they say, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.evaluation.altered import ALTERATIONS, Alteration, AlteredPair, alter, altered_pairs
from mlcore.synthesis import Trajectory, genuine, make_signer

SECTION = slice(20, 60)


def movement() -> Trajectory:
    return genuine(make_signer(3), 1)


@pytest.fixture(scope="module")
def pairs() -> list[AlteredPair]:
    return list(altered_pairs(4))


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_only_the_section_changes(alteration: Alteration) -> None:
    before = movement()
    after = alter(before, SECTION, alteration, np.random.default_rng(1))
    outside = np.ones(len(before.x), bool)
    outside[SECTION] = False
    for name in ("x", "y", "pen", "pressure", "time"):
        assert np.array_equal(getattr(before, name)[outside], getattr(after, name)[outside])
    assert not np.array_equal(before.x, after.x) or not np.array_equal(before.pen, after.pen)
    assert np.array_equal(before.x[SECTION], movement().x[SECTION])


def test_left_out_leaves_no_ink_and_doubled_is_twice_as_far_from_its_middle() -> None:
    before = movement()
    assert not alter(before, SECTION, "left out", np.random.default_rng(1)).pen[SECTION].any()
    after = alter(before, SECTION, "doubled", np.random.default_rng(1))
    middle, inner = before.x[SECTION].mean(), slice(SECTION.start + 10, SECTION.stop - 10)
    assert after.x[inner] - middle == pytest.approx(2 * (before.x[inner] - middle), abs=1e-4)


def test_every_alteration_comes_in_turn_and_again_the_same(pairs: list[AlteredPair]) -> None:
    assert [pair.alteration for pair in pairs] == list(ALTERATIONS)
    again = next(iter(altered_pairs(1)))
    assert np.array_equal(again.questioned.canvas, pairs[0].questioned.canvas)
    assert np.array_equal(again.region, pairs[0].region)


def test_the_place_told_is_where_the_ink_is(pairs: list[AlteredPair]) -> None:
    """What is elsewhere is there in the questioned signature; what was left out is not."""
    for pair in pairs:
        ink = pair.questioned.canvas
        assert (ink[pair.elsewhere] > 24).mean() > 0.8
        assert not (pair.elsewhere & pair.region).any()
    left_out = pairs[2]
    assert (left_out.questioned.canvas[left_out.region] > 24).mean() < 0.4
