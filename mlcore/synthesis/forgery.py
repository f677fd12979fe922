"""Skilled forgeries: somebody else copies the shape, with another hand.

A forger sees the signature and practises: the shape comes out with errors that shrink with skill,
while the movement stays the forger's own. He writes more slowly, splits long strokes or glosses
over small ones, hesitates, lifts the pen, trembles, and keeps his own slant, rhythm and pressure.
The size and the amount of ink are no clue on average.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlcore.synthesis.motor import Hand, execute
from mlcore.synthesis.plan import Part, Plan
from mlcore.synthesis.signer import Signer
from mlcore.synthesis.trajectory import Trajectory
from mlcore.synthesis.variation import Spread, varied, with_omissions


def skilled_forgery(signer: Signer, seed: int, skill: float = 0.7) -> Trajectory:
    """A forgery of `signer`'s signature; `skill` from 0 (a poor copy) to 1 (an expert's).

    Another seed is another forger. Raises ValueError for a skill outside 0..1.
    """
    if not 0.0 <= skill <= 1.0:
        raise ValueError("Skill must lie between 0 and 1.")
    rng = np.random.default_rng([signer.seed, 3, seed])
    clumsiness = 1.0 - skill
    plan = with_omissions(signer.plan, rng)
    plan = _fitted(varied(plan, _errors(clumsiness), rng), plan, rng)
    plan = Plan(tuple(_glossed(part, clumsiness, rng) for part in plan.parts))
    parts = [piece for part in plan.parts for piece in _lifted(part, clumsiness, rng)]
    parts = [_hesitant(part, clumsiness, rng) for part in parts]
    return execute(Plan(tuple(parts)), _forger(signer.hand, clumsiness, rng), rng)


def _errors(clumsiness: float) -> Spread:
    """The forger's errors of form: more than a signer's own variation even at full skill."""
    return Spread(
        size=0.07 + 0.06 * clumsiness,
        aspect=0.08 + 0.08 * clumsiness,
        slant=0.08 + 0.12 * clumsiness,
        turn=0.025 + 0.03 * clumsiness,
        bow=0.015 + 0.02 * clumsiness,
        letter_shift=0.14 + 0.08 * clumsiness,
        letter_size=0.125 + 0.11 * clumsiness,
        target=0.115 + 0.08 * clumsiness,
    )


def _fitted(plan: Plan, model: Plan, rng: np.random.Generator) -> Plan:
    """The plan in about the size of its model: errors of form must not make forgeries larger."""
    points, extent = plan.stacked(), np.ptp(model.stacked(), axis=0)
    factor = extent / np.maximum(np.ptp(points, axis=0), 1e-6) * np.exp(rng.normal(0.0, 0.08, 2))
    corner = points.min(axis=0)
    return plan.with_points(corner + (points - corner) * np.clip(factor, 0.5, 2.0))


def _forger(hand: Hand, clumsiness: float, rng: np.random.Generator) -> Hand:
    """The forger's hand: slower, its own rhythm and pressure, less overlap, some tremor."""
    slower = 1.25 + rng.uniform(0.3, 1.8) * (0.3 + 0.7 * clumsiness)
    own = rng.uniform(0.4, 0.8)
    return replace(
        hand,
        stroke_time=hand.stroke_time * slower,
        isochrony=float(np.clip(hand.isochrony + 0.15 * clumsiness, 0.2, 0.7)),
        sigma=float(np.clip(hand.sigma * np.exp(rng.normal(0.0, 0.2)), 0.15, 0.45)),
        pace=float(np.clip(hand.pace * rng.uniform(0.85, 1.35 + 0.2 * clumsiness), 0.4, 1.0)),
        roundness=float(np.clip(hand.roundness * np.exp(rng.normal(0.0, 0.25)), 0.4, 1.25)),
        timing_noise=0.08 + 0.12 * clumsiness,
        pressure=float(own),
        stress=float(rng.uniform(0.0, 0.15)),
        tremor=float(rng.uniform(0.02, 0.06) + rng.uniform(0.02, 0.16) * clumsiness),
    )


def _glossed(part: Part, clumsiness: float, rng: np.random.Generator) -> Part:
    """Drops some inner targets where two strokes are short: detail that the forger overlooked."""
    if len(part.points) < 5:
        return part
    step = np.hypot(*np.diff(part.points, axis=0).T)
    short = (step[:-1] < np.median(step)) & (step[1:] < np.median(step)) & ~part.cusp[1:-1]
    dropped = short & (rng.random(len(short)) < 0.04 + 0.14 * clumsiness)
    keep = np.r_[True, ~dropped, True]
    return replace(part, points=part.points[keep], cusp=part.cusp[keep], letter=part.letter[keep])


def _lifted(part: Part, clumsiness: float, rng: np.random.Generator) -> list[Part]:
    """Splits a long part where the forger stopped to look: the pen goes on a little beside it."""
    pieces = [part]
    while len(pieces[-1].points) > 8 and rng.random() < 0.12 + 0.4 * clumsiness:
        rest = pieces.pop()
        cut = int(rng.integers(3, len(rest.points) - 3))
        gap = rng.normal(0.0, 0.12 + 0.25 * clumsiness, 2)
        head, tail = _sliced(rest, slice(None, cut + 1)), _sliced(rest, slice(cut, None))
        pieces += [head, replace(tail, points=tail.points + gap)]
    return pieces


def _sliced(part: Part, span: slice) -> Part:
    return replace(part, points=part.points[span], cusp=part.cusp[span], letter=part.letter[span])


def _hesitant(part: Part, clumsiness: float, rng: np.random.Generator) -> Part:
    """Splits long strokes: what a signer throws in one stroke, a forger draws in several."""
    points, cusps, letters = [part.points[0]], [bool(part.cusp[0])], [int(part.letter[0])]
    for index in range(1, len(part.points)):
        start, stop = part.points[index - 1], part.points[index]
        length = float(np.hypot(*(stop - start)))
        if length > 5.0 and rng.random() < 0.15 + 0.6 * clumsiness:
            share = rng.uniform(0.35, 0.65)
            normal = np.array([start[1] - stop[1], stop[0] - start[0]]) / length
            points.append(start + share * (stop - start) + normal * rng.normal(0.0, 0.04 * length))
            cusps.append(False)
            letters.append(int(part.letter[index]))
        points.append(stop)
        cusps.append(bool(part.cusp[index]))
        letters.append(int(part.letter[index]))
    return replace(part, points=np.array(points), cusp=np.array(cusps), letter=np.array(letters))
