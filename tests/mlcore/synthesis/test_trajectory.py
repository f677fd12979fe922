from __future__ import annotations

import numpy as np
import pytest

from mlcore.synthesis import Trajectory


def _points(*rows: tuple[float, float, float, float, float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def test_a_recording_is_scaled_to_the_width_of_its_inked_part() -> None:
    points = _points((100, 50, 0, 1, 0.5), (300, 150, 10, 1, 0.5), (900, 900, 20, 0, 0.0), (200, 60, 30, 1, 0.4))
    trajectory = Trajectory.from_points(points, width=40.0)
    assert trajectory.x[trajectory.pen].max() == pytest.approx(40.0)
    assert trajectory.y[trajectory.pen].max() == pytest.approx(20.0)
    assert trajectory.x[trajectory.pen].min() == 0.0
    assert trajectory.pen.tolist() == [True, True, False, True]


def test_the_unit_of_a_device_is_taken_when_it_is_known() -> None:
    points = _points((0, 0, 0, 1, 0.5), (300, 400, 10, 1, 0.5))
    trajectory = Trajectory.from_points(points, unit=0.01)
    assert trajectory.ink_length == pytest.approx(5.0)
    assert trajectory.speed() == pytest.approx([500.0, 500.0])


def test_a_tall_recording_is_measured_in_its_height() -> None:
    trajectory = Trajectory.from_points(_points((0, 0, 0, 1, 0.5), (10, 100, 10, 1, 0.5)), width=30.0)
    assert trajectory.y.max() == pytest.approx(30.0)


def test_pressure_beyond_the_range_is_cut() -> None:
    trajectory = Trajectory.from_points(_points((0, 0, 0, 1, 1.7), (1, 1, 10, 1, -0.2)))
    assert trajectory.pressure.tolist() == [1.0, 0.0]


def test_strokes_are_the_runs_on_paper_and_ink_does_not_bridge_lifts() -> None:
    pen = [1, 1, 0, 1, 1, 1]
    points = np.column_stack([np.arange(6) * 10.0, np.zeros(6), np.arange(6) * 10.0, pen, np.full(6, 0.5)])
    trajectory = Trajectory.from_points(points, unit=1.0)
    assert trajectory.strokes == [slice(0, 2), slice(3, 6)]
    assert trajectory.ink_length == pytest.approx(30.0)
    assert trajectory.duration == pytest.approx(50.0)


def test_one_point_is_a_trajectory_without_speed() -> None:
    trajectory = Trajectory.from_points(_points((5, 5, 0, 1, 0.5)))
    assert trajectory.speed().tolist() == [0.0]
    assert trajectory.ink_length == 0.0


@pytest.mark.parametrize("points", [np.zeros((0, 5)), np.zeros((3, 4)), np.zeros(5)])
def test_arrays_of_another_shape_are_refused(points: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"shape \(N, 5\)"):
        Trajectory.from_points(points)


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        Trajectory.from_points(_points((0, 0, 0, 1, 0.5), (np.nan, 1, 10, 1, 0.5)))


def test_arrays_of_different_lengths_are_refused() -> None:
    flat = np.zeros(3, np.float32)
    with pytest.raises(ValueError, match="same length"):
        Trajectory(x=flat, y=flat, time=flat, pressure=flat[:2], pen=np.ones(3, np.bool_))
