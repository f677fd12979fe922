"""How two signatures of one person differ.

After Galbally et al. (2012) and Ferrer, Diaz-Cabrera & Morales (2015): the motor plan's targets
move (the whole, letter by letter, and each on its own), the lognormal parameters of the strokes
vary, slant, size and base line drift, and now and then a small part is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from mlcore.synthesis.motor import Hand, execute
from mlcore.synthesis.plan import Doubles, Plan
from mlcore.synthesis.signer import Signer
from mlcore.synthesis.trajectory import Trajectory


@dataclass(frozen=True)
class Spread:
    """Standard deviations of a change to a plan (shares, tangents or multiples of a length)."""

    size: float = 0.06  # of the whole, share
    aspect: float = 0.05  # of width against height, share
    slant: float = 0.042  # tangent
    turn: float = 0.02  # radians, of the base line
    bow: float = 0.012  # of the base line, share of the width
    letter_shift: float = 0.075  # multiple of the letters' reach
    letter_size: float = 0.06  # share
    target: float = 0.065  # multiple of the neighbouring strokes' length

    def times(self, factor: float) -> Spread:
        return Spread(*(getattr(self, name) * factor for name in self.__dataclass_fields__))


def genuine(signer: Signer, seed: int) -> Trajectory:
    """A signature by `signer`; another seed is another occasion."""
    rng = np.random.default_rng([signer.seed, 2, seed])
    rare = len(signer.plans) > 1 and rng.random() < signer.rare_form
    plan = signer.plans[int(rng.integers(1, len(signer.plans)))] if rare else signer.plan
    mood = signer.unsteadiness * float(np.exp(rng.normal(0.0, 0.15)))
    plan = with_omissions(plan, rng)
    plan = varied(plan, Spread().times(mood), rng)
    return execute(plan, _today(signer.hand, mood, rng), rng)


def _today(hand: Hand, mood: float, rng: np.random.Generator) -> Hand:
    """The hand on one occasion: a little faster or slower, firmer or lighter."""
    return replace(
        hand,
        stroke_time=hand.stroke_time * float(np.exp(rng.normal(0.0, 0.06 * mood))),
        pace=hand.pace * float(np.exp(rng.normal(0.0, 0.04 * mood))),
        roundness=hand.roundness * float(np.exp(rng.normal(0.0, 0.06 * mood))),
        timing_noise=hand.timing_noise * mood,
        pressure=float(np.clip(hand.pressure + rng.normal(0.0, 0.05), 0.2, 0.9)),
    )


def with_omissions(plan: Plan, rng: np.random.Generator) -> Plan:
    """The plan without the parts that happen to be left out; never empty."""
    kept = tuple(part for part in plan.parts if rng.random() >= part.omission)
    return Plan(kept or plan.parts[:1])


def varied(plan: Plan, spread: Spread, rng: np.random.Generator) -> Plan:
    """The plan with its targets moved by a random change of the given spread."""
    points = plan.stacked()
    letters = np.concatenate([part.letter for part in plan.parts])
    points = points + _target_noise(plan, spread.target, rng)
    points = _letters_moved(points, letters, spread, rng)
    return plan.with_points(_affine(points, spread, rng))


def _target_noise(plan: Plan, amount: float, rng: np.random.Generator) -> Doubles:
    """(N, 2): noise on each target, in step with the strokes that meet there."""
    noise = []
    for part in plan.parts:
        step = np.hypot(*np.diff(part.points, axis=0).T) if len(part.points) > 1 else np.array([1.0])
        reach = np.sqrt(np.r_[step[:1], step] * np.r_[step, step[-1:]])[: len(part.points)]
        reach = np.minimum(reach, 12.0)
        noise.append(rng.normal(0.0, 1.0, part.points.shape) * amount * reach[:, None])
    return np.concatenate(noise)


def _letters_moved(
    points: Doubles,
    letters: np.ndarray[tuple[int], np.dtype[np.int64]],
    spread: Spread,
    rng: np.random.Generator,
) -> Doubles:
    """Moves and resizes each letter; a letter's shift leans on that of the letter before."""
    moved = points.copy()
    reach = _letter_reach(points, letters)
    shift = np.zeros(2)
    for letter in np.unique(letters):
        own = letters == letter
        shift = 0.6 * shift + rng.normal(0.0, spread.letter_shift * reach, 2)
        grow = 1.0 + rng.normal(0.0, spread.letter_size, 2)
        centre = points[own].mean(axis=0)
        moved[own] = centre + (points[own] - centre) * grow + shift
    return moved


def _letter_reach(points: Doubles, letters: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    """Millimetres; letters of 4 mm reach 4, and tall ones (initials) less than their height."""
    heights = [np.ptp(points[letters == letter, 1]) for letter in np.unique(letters)]
    return 2.0 * math.sqrt(max(float(np.median(heights)), 0.5))


def _affine(points: Doubles, spread: Spread, rng: np.random.Generator) -> Doubles:
    """Size, aspect, slant, turn and bow of the whole."""
    centre = points.mean(axis=0)
    x, y = (points - centre).T
    size, aspect = np.exp(rng.normal(0.0, (spread.size, spread.aspect)))
    half = max(float(np.ptp(x)) / 2, 1e-6)
    y = y + rng.normal(0.0, spread.bow) * 2 * half * ((x / half) ** 2 - 0.33)
    x, y = x * size * aspect, y * size / aspect
    x = x - rng.normal(0.0, spread.slant) * y
    turn = rng.normal(0.0, spread.turn)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    changed: Doubles = np.column_stack([x, y]) @ rotation.T + centre
    return changed
