from __future__ import annotations

import math

import numpy as np
import pytest

from mlcore.synthesis.lognormal import Strokes, completion, erf, mu_for_duration, position, speed, velocity


def _strokes(**changes: list[float]) -> Strokes:
    values: dict[str, list[float]] = {
        "length": [10.0, 6.0],
        "start_angle": [0.3, -1.0],
        "end_angle": [1.4, -1.0],
        "onset": [0.0, 0.12],
        "mu": [-1.6, -1.5],
        "sigma": [0.25, 0.3],
    }
    values.update(changes)
    return Strokes(**{name: np.array(value) for name, value in values.items()})


TIME = np.arange(0.0, 2.0, 0.0005)


def test_the_error_function_agrees_with_the_standard_library() -> None:
    x = np.linspace(-4.0, 4.0, 401)
    exact = np.array([math.erf(v) for v in x])
    assert np.abs(erf(x) - exact).max() < 2e-7


def test_a_speed_profile_integrates_to_the_length_of_its_stroke() -> None:
    strokes = _strokes()
    area = np.trapezoid(speed(strokes, TIME), TIME, axis=1)
    assert area == pytest.approx(strokes.length, rel=1e-5)


def test_the_speed_peaks_at_the_mode_of_the_lognormal() -> None:
    strokes = _strokes()
    peaks = TIME[speed(strokes, TIME).argmax(axis=1)]
    assert peaks == pytest.approx(strokes.onset + np.exp(strokes.mu - strokes.sigma**2), abs=0.001)


def test_velocity_is_the_vector_sum_of_the_strokes_in_closed_form() -> None:
    strokes, moment = _strokes(), 0.27
    expected = np.zeros(2)
    for i in range(2):
        since = moment - strokes.onset[i]
        z = (math.log(since) - strokes.mu[i]) / strokes.sigma[i]
        profile = strokes.length[i] * math.exp(-z * z / 2) / (strokes.sigma[i] * math.sqrt(2 * math.pi) * since)
        turned = (strokes.end_angle[i] - strokes.start_angle[i]) * (1 + math.erf(z / math.sqrt(2))) / 2
        angle = strokes.start_angle[i] + turned
        expected += profile * np.array([math.cos(angle), math.sin(angle)])
    assert velocity(strokes, np.array([moment]))[0] == pytest.approx(expected, rel=1e-6)


def test_position_is_the_integral_of_velocity() -> None:
    strokes = _strokes()
    moved = np.cumsum(velocity(strokes, TIME), axis=0) * 0.0005
    assert np.abs(position(strokes, TIME) - moved).max() < 0.02
    assert np.abs(np.gradient(position(strokes, TIME), TIME, axis=0) - velocity(strokes, TIME)).max() < 0.5


def test_a_lone_stroke_is_an_arc_of_a_circle() -> None:
    strokes = _strokes(length=[math.pi], start_angle=[0.0], end_angle=[math.pi], onset=[0.0], mu=[-1.6], sigma=[0.25])
    place = position(strokes, TIME)
    assert np.hypot(place[:, 0], place[:, 1] - 1.0) == pytest.approx(np.ones(len(TIME)), abs=1e-5)
    assert place[-1] == pytest.approx([0.0, 2.0], abs=1e-5)


def test_nothing_moves_before_its_onset() -> None:
    strokes = _strokes(onset=[0.5, 0.7])
    early = TIME < 0.5
    assert not position(strokes, TIME)[early].any()
    assert not speed(strokes, TIME)[:, early].any()
    assert not completion(strokes, TIME)[:, early].any()


def test_a_stroke_of_given_duration_is_under_way_for_that_long() -> None:
    sigma, duration = np.array([0.2, 0.35]), np.array([0.15, 0.4])
    strokes = _strokes(mu=mu_for_duration(duration, sigma).tolist(), sigma=sigma.tolist())
    assert strokes.ends - strokes.begins == pytest.approx(duration)
    done = completion(strokes, np.array([strokes.middles[0]]))
    assert done[0, 0] == pytest.approx(0.5, abs=1e-6)
