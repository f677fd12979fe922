"""A recorded movement given another lean and a tremor: what changes, and what must not."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.synthesis import Habit, Trajectory, rewritten

SLOPE = np.linspace(0.0, 20.0, 400, dtype=np.float32)


def upright() -> Trajectory:
    """A straight stroke of two seconds, 20 mm from top to bottom."""
    time = np.linspace(0.0, 2000.0, 400, dtype=np.float32)
    return Trajectory(np.zeros_like(SLOPE), SLOPE, time, np.full_like(SLOPE, 0.5), np.ones(400, dtype=np.bool_))


def test_a_stroke_leans_to_the_right_at_its_top() -> None:
    leaning = rewritten(upright(), Habit(slant=0.25), np.random.default_rng(1))
    assert leaning.x[0] - leaning.x[-1] == pytest.approx(5.0, abs=1e-4)
    assert np.array_equal(leaning.y, SLOPE)


def test_a_tremor_is_as_large_as_it_is_said_to_be_and_keeps_time_pen_and_pressure() -> None:
    steady, found = upright(), []
    for amplitude in (0.02, 0.08):
        shaken = rewritten(steady, Habit(tremor=amplitude), np.random.default_rng(1))
        found.append(float(np.hypot(shaken.x, shaken.y - steady.y).std()))
        for name in ("time", "pen", "pressure"):
            assert np.array_equal(getattr(shaken, name), getattr(steady, name))
    assert 0.2 * 0.02 < found[0] < 2 * 0.02
    assert found[1] == pytest.approx(4 * found[0], rel=0.01)


def test_no_habit_changes_nothing() -> None:
    same = rewritten(upright(), Habit(), np.random.default_rng(1))
    assert np.array_equal(same.x, upright().x)
    assert np.array_equal(same.y, upright().y)


def test_hands_differ_and_one_of_four_trembles() -> None:
    habits = [Habit.random(np.random.default_rng(seed)) for seed in range(400)]
    assert 0.18 < np.mean([habit.tremor > 0 for habit in habits]) < 0.32
    assert all(0.02 <= habit.tremor <= 0.08 for habit in habits if habit.tremor)
    assert np.std([habit.slant for habit in habits]) == pytest.approx(0.12, abs=0.02)
    assert max(abs(habit.slant) for habit in habits) <= 0.35
