"""Executes a motor plan: targets become lognormal strokes, strokes a sampled pen trajectory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.synthesis.lognormal import Strokes, completion, mu_for_duration, position
from mlcore.synthesis.plan import Doubles, Part, Plan, bends
from mlcore.synthesis.trajectory import Trajectory

STEP = 0.005  # seconds between samples
_USUAL_STROKE = 4.0  # millimetres


@dataclass(frozen=True)
class Hand:
    """How a person moves: the dynamics, apart from the shape.

    `stroke_time`: seconds for a stroke of 4 mm. `isochrony`: exponent with which time grows with
    length (0: every stroke takes the same time). `sigma`: of the lognormals. `pace`: share of a
    stroke's time after which the next begins; small values round corners. `roundness`: factor on
    the bend of strokes. `timing_noise`: relative, on each stroke. `pressure`: 0..1, middling;
    `stress`: how much down strokes press more than up strokes. `tremor`: millimetres, at 8-12 Hz.
    """

    stroke_time: float = 0.17
    isochrony: float = 0.35
    sigma: float = 0.26
    pace: float = 0.55
    roundness: float = 1.0
    timing_noise: float = 0.05
    pressure: float = 0.6
    stress: float = 0.15
    tremor: float = 0.012


def execute(plan: Plan, hand: Hand, rng: np.random.Generator) -> Trajectory:
    """The movement with which `hand` writes `plan`; the pen travels in the air between parts."""
    rows: list[Doubles] = []
    clock, wrist = 0.0, rng.normal(0.0, 0.04)
    for part in plan.parts:
        if rows:
            rows.append(_flight(rows[-1][-1], part.points[0], clock))
            clock = rows[-1][-1, 2] + STEP
        written = _written(part, hand, rng)
        written[:, 2] += clock
        written[:, 4] = np.clip(written[:, 4] + wrist, 0.08, 1.0)
        rows.append(written)
        clock = written[-1, 2] + STEP
    table = np.concatenate(rows)
    table[:, :2] += tremor(table[:, 2], hand.tremor, rng)
    return Trajectory(
        x=table[:, 0].astype(np.float32),
        y=table[:, 1].astype(np.float32),
        time=(table[:, 2] * 1000.0).astype(np.float32),
        pressure=table[:, 4].astype(np.float32),
        pen=table[:, 3] > 0.5,
    )


def strokes_of(points: Doubles, cusp: NDArray[np.bool_], hand: Hand, rng: np.random.Generator) -> Strokes:
    """Lognormal strokes through the targets `points` (K, 2), K >= 2."""
    chord = np.diff(points, axis=0)
    straight = np.maximum(np.hypot(chord[:, 0], chord[:, 1]), 1e-6)
    angle = np.arctan2(chord[:, 1], chord[:, 0])
    bend = bends(points, cusp) * hand.roundness
    half = np.where(np.abs(bend) < 1e-6, 1e-6, bend / 2.0)
    count = len(straight)
    duration = hand.stroke_time * (straight / _USUAL_STROKE) ** hand.isochrony
    duration = np.maximum(duration, 0.05) * np.exp(rng.normal(0.0, hand.timing_noise, count))
    sigma = np.clip(hand.sigma * np.exp(rng.normal(0.0, hand.timing_noise, count)), 0.08, 0.6)
    pace = np.clip(hand.pace * np.exp(rng.normal(0.0, hand.timing_noise, count)), 0.25, 1.2)
    begins = np.r_[0.0, np.cumsum(duration * pace)[:-1]]
    mu = mu_for_duration(duration, sigma)
    return Strokes(
        length=straight * half / np.sin(half),
        start_angle=angle - half,
        end_angle=angle + half,
        onset=begins - np.exp(mu - 3.0 * sigma),
        mu=mu,
        sigma=sigma,
    )


def _written(part: Part, hand: Hand, rng: np.random.Generator) -> Doubles:
    """Rows x, y, seconds, pen, pressure of one pen-down part that starts at second 0."""
    if len(part.points) < 2:
        return _dot(part.points[0], hand, rng)
    strokes = strokes_of(part.points, part.cusp, hand, rng)
    time = np.arange(0.0, strokes.ends.max() + STEP, STEP)
    place = part.points[0] + position(strokes, time)
    last = completion(strokes.last(), time)[0]
    kept = max(int(np.searchsorted(last, min(part.ending, 0.995))), 2)
    time, place = time[:kept], place[:kept]
    pressure = _pressure(place, time, hand, rng, running=part.ending < 0.97)
    return np.column_stack([place, time, np.ones_like(time), pressure])


def _dot(point: Doubles, hand: Hand, rng: np.random.Generator) -> Doubles:
    time = np.arange(0.0, 0.04, STEP)
    drift = np.outer(time / 0.04, rng.normal(0.0, 0.15, 2))
    pressure = np.full_like(time, min(hand.pressure + 0.1, 1.0))
    return np.column_stack([point + drift, time, np.ones_like(time), pressure])


def _pressure(place: Doubles, time: Doubles, hand: Hand, rng: np.random.Generator, *, running: bool) -> Doubles:
    """Pressure 0..1: more on down strokes, rising at the start, fading at a running end."""
    velocity = np.gradient(place, axis=0)
    falling = velocity[:, 1] / np.maximum(np.hypot(velocity[:, 0], velocity[:, 1]), 1e-9)
    kernel = np.hanning(13)
    padded = np.pad(falling, 6, mode="edge")
    stress = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    knots = np.arange(0.0, time[-1] + 0.6, 0.3)
    mood = np.interp(time, knots, rng.normal(0.0, 0.05, len(knots)))
    attack = 0.55 + 0.45 * np.clip(time / 0.05, 0.0, 1.0)
    release = np.clip((time[-1] - time) / (0.12 if running else 0.04), 0.0, 1.0)
    floor = 0.25 if running else 0.6
    level = hand.pressure + hand.stress * stress + mood
    pressure: Doubles = np.clip(level * attack * (floor + (1.0 - floor) * release), 0.05, 1.0)
    return pressure


def _flight(last: Doubles, target: Doubles, clock: float) -> Doubles:
    """Rows of the pen travelling in the air from the last row's place to `target`."""
    way = target - last[:2]
    duration = 0.09 + 0.03 * float(np.hypot(way[0], way[1])) ** 0.5
    share = np.linspace(0.0, 1.0, max(int(duration / STEP), 3))
    smooth = share * share * (3.0 - 2.0 * share)
    place = last[:2] + smooth[:, None] * way
    time = clock + share * duration
    return np.column_stack([place, time, np.zeros_like(time), np.zeros_like(time)])


def tremor(time: Doubles, amplitude: float, rng: np.random.Generator) -> Doubles:
    """(T, 2) millimetres: involuntary oscillation, a few waves between 5 and 12 Hz that swell."""
    shake = np.zeros((len(time), 2))
    for _ in range(4):
        frequency, swell = rng.uniform(5.0, 12.0), rng.uniform(0.3, 1.2)
        phase = rng.uniform(0.0, 2.0 * np.pi, size=3)
        envelope = 0.5 + 0.5 * np.sin(2.0 * np.pi * swell * time + phase[2])
        wave = np.sin(2.0 * np.pi * frequency * time[:, None] + phase[None, :2])
        shake += amplitude * 0.7 * envelope[:, None] * wave
    return shake
