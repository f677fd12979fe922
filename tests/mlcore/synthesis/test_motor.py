from __future__ import annotations

import numpy as np
import pytest

from mlcore.synthesis.motor import Hand, execute, strokes_of
from mlcore.synthesis.plan import Part, Plan, bends, joined

ZIGZAG = np.array([(0.0, 0.0), (4.0, -8.0), (8.0, 0.0), (12.0, -8.0), (20.0, -2.0)])
STILL = Hand(timing_noise=0.0, tremor=0.0)


def _part(points: np.ndarray, *, cusps: bool = False) -> Part:
    flags = np.full(len(points), cusps)
    return Part(points, flags, np.zeros(len(points), dtype=np.int64))


def test_the_movement_begins_and_ends_at_its_targets() -> None:
    written = execute(Plan((_part(ZIGZAG),)), STILL, np.random.default_rng(1))
    assert (written.x[0], written.y[0]) == pytest.approx((0.0, 0.0), abs=0.05)
    assert (written.x[-1], written.y[-1]) == pytest.approx((20.0, -2.0), abs=0.15)


def test_a_slow_pace_comes_nearer_to_the_inner_targets_than_a_quick_one() -> None:
    def miss(pace: float) -> float:
        hand = Hand(timing_noise=0.0, tremor=0.0, pace=pace)
        written = execute(Plan((_part(ZIGZAG),)), hand, np.random.default_rng(1))
        path = np.column_stack([written.x, written.y])
        return float(np.linalg.norm(path[:, None] - ZIGZAG[None], axis=2).min(axis=0)[1:-1].mean())

    assert miss(1.1) < 0.1
    assert miss(0.4) > 5 * miss(1.1)


def test_the_pen_is_in_the_air_between_parts_and_time_rises() -> None:
    plan = Plan((_part(ZIGZAG), _part(ZIGZAG + np.array([30.0, 0.0])), _part(np.array([(5.0, 5.0)]))))
    written = execute(plan, Hand(), np.random.default_rng(2))
    assert len(written.strokes) == 3
    assert (np.diff(written.time) > 0).all()
    assert not written.pressure[~written.pen].any()
    assert (written.pressure[written.pen] > 0).all()


def test_a_running_end_lifts_the_pen_while_it_moves() -> None:
    part = _part(ZIGZAG)
    stopped = execute(Plan((part,)), STILL, np.random.default_rng(1))
    running = execute(Plan((Part(part.points, part.cusp, part.letter, ending=0.8),)), STILL, np.random.default_rng(1))
    assert running.speed()[-1] > 5 * stopped.speed()[-1]
    assert running.pressure[-1] < stopped.pressure[-1]


def test_strokes_of_double_length_take_longer_by_the_isochrony() -> None:
    points = np.array([(0.0, 0.0), (4.0, 0.0), (12.0, 0.0)])
    strokes = strokes_of(points, np.zeros(3, dtype=np.bool_), STILL, np.random.default_rng(0))
    lasting = strokes.ends - strokes.begins
    assert lasting[1] / lasting[0] == pytest.approx(2.0**STILL.isochrony)


def test_equal_targets_do_no_harm() -> None:
    points = np.array([(1.0, 1.0), (1.0, 1.0), (5.0, 1.0)])
    written = execute(Plan((_part(points),)), Hand(), np.random.default_rng(0))
    assert np.isfinite(written.x).all()


def test_targets_on_a_circle_give_strokes_that_turn_like_it() -> None:
    angle = np.linspace(0.0, np.pi, 7)
    points = np.column_stack([np.cos(angle), np.sin(angle)])
    assert bends(points, np.zeros(7, dtype=np.bool_))[1:-1] == pytest.approx(np.pi / 6)


def test_a_cusp_leaves_the_strokes_straight() -> None:
    points = np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)])
    assert bends(points, np.array([False, True, False])) == pytest.approx([0.0, 0.0])
    assert abs(bends(points, np.zeros(3, dtype=np.bool_))).min() > 0.5


def test_a_hairpin_does_not_swing_out() -> None:
    points = np.array([(0.0, 0.0), (40.0, 0.1), (0.0, 0.3)])
    assert abs(bends(points, np.zeros(3, dtype=np.bool_))).max() < 0.1


def test_joined_parts_are_written_in_one_go() -> None:
    part = joined([_part(ZIGZAG), _part(ZIGZAG + np.array([25.0, 0.0]))])
    assert len(part.points) == len(part.cusp) == len(part.letter) == 10
    assert len(execute(Plan((part,)), Hand(), np.random.default_rng(0)).strokes) == 1
