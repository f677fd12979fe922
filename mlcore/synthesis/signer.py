"""A synthetic signer: a habitual motor plan, a hand that executes it, and its steadiness."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mlcore.synthesis import compose
from mlcore.synthesis.compose import Script
from mlcore.synthesis.flourish import CONNECTED, SEPARATE
from mlcore.synthesis.motor import Hand
from mlcore.synthesis.names import indic_name, latin_name
from mlcore.synthesis.plan import Part, Plan


class Manner(StrEnum):
    """What kind of signature it is."""

    CURSIVE = "cursive"
    SHORT = "short"  # initial and family name
    INITIALS = "initials"
    SCRIBBLE = "scribble"
    HANGING = "hanging"  # separate letters under a headline


@dataclass(frozen=True, eq=False)
class Signer:
    """One synthetic person who signs.

    `plan` is the habitual signature, `plans[1:]` its rarer forms (another flourish, or none);
    `unsteadiness` scales the variation between two signatures (1 is usual); `rare_form` is the
    probability of a rarer form.
    """

    seed: int
    name: str
    manner: Manner
    plans: tuple[Plan, ...]
    hand: Hand
    unsteadiness: float
    rare_form: float

    @property
    def plan(self) -> Plan:
        return self.plans[0]


_MANNERS = (Manner.CURSIVE, Manner.SHORT, Manner.INITIALS, Manner.SCRIBBLE, Manner.HANGING)
_SHARES = (0.27, 0.25, 0.1, 0.18, 0.2)


def make_signer(seed: int, *, manner: Manner | None = None) -> Signer:
    """The signer of a seed: the same seed gives the same person, other seeds other people."""
    rng = np.random.default_rng([seed, 1])
    drawn = Manner(str(rng.choice([m.value for m in _MANNERS], p=_SHARES)))
    manner = manner or drawn
    name = indic_name(rng) if manner is Manner.HANGING else latin_name(rng)
    script = _script(manner, rng)
    body = _body(script, manner, name)
    shape = _shape(manner, rng)
    forms = _forms(script, body, manner)
    plans = tuple(compose.to_plan(form, extent=shape[0], slant=shape[1], rise=shape[2]) for form in forms)
    unsteadiness = float(np.exp(rng.normal(0.03, 0.25)))
    return Signer(
        seed=seed,
        name=name,
        manner=manner,
        plans=plans,
        hand=_hand(manner, rng),
        unsteadiness=unsteadiness,
        rare_form=min(0.02 * unsteadiness**2, 0.06) if len(plans) > 1 else 0.0,
    )


def _script(manner: Manner, rng: np.random.Generator) -> Script:
    hasty = manner is Manner.SHORT
    legible = rng.beta(2.2, 1.2) if not hasty else rng.beta(1.5, 1.5)
    return Script(
        rng=rng,
        width=float(np.exp(rng.normal(0.0, 0.2))),
        ascent=float(np.exp(rng.normal(0.0, 0.22))),
        descent=float(np.exp(rng.normal(0.0, 0.22))),
        capital=float(rng.uniform(0.95, 1.6)),
        spacing=float(rng.uniform(-1.5, 2.5)),
        legibility=float(0.25 + 0.75 * legible) if manner is not Manner.HANGING else 1.0,
        lifting=float(rng.choice([0.0, 0.06, 0.2, 0.9], p=[0.35, 0.3, 0.25, 0.1])),
        deform=float(rng.uniform(0.4, 0.95)),
    )


def _body(script: Script, manner: Manner, name: str) -> list[Part]:
    if manner is Manner.INITIALS:
        return compose.write_initials(script, name)
    if manner is Manner.SCRIBBLE:
        return compose.write_scribble(script, name)
    if manner is Manner.HANGING:
        headline = str(script.rng.choice(["word", "letter", "none"], p=[0.5, 0.3, 0.2]))
        return compose.write_hanging(script, name, headline=headline)
    return compose.write_latin(script, name, initial_only=manner is Manner.SHORT)


def _forms(script: Script, body: list[Part], manner: Manner) -> list[list[Part]]:
    """The habitual form first, then rarer ones with another flourish or none."""
    rng = script.rng
    chance = {Manner.CURSIVE: 0.5, Manner.SHORT: 0.65, Manner.HANGING: 0.12}.get(manner, 0.85)
    if rng.random() > chance:
        return [body]
    kinds = CONNECTED if rng.random() < 0.6 and manner is not Manner.HANGING else SEPARATE
    kind = str(rng.choice(kinds))
    omission = float(rng.choice([0.0, 0.03])) if kind in SEPARATE else 0.0
    return [
        compose.with_flourish(script, body, kind, omission),
        compose.with_flourish(script, body, kind, omission),
        body,
    ]


def _shape(manner: Manner, rng: np.random.Generator) -> tuple[tuple[float, float], float, float]:
    """Greatest width and height in millimetres, slant and rise."""
    wide = {
        Manner.CURSIVE: (46.0, 72.0),
        Manner.SHORT: (36.0, 64.0),
        Manner.INITIALS: (22.0, 44.0),
        Manner.SCRIBBLE: (30.0, 60.0),
        Manner.HANGING: (44.0, 70.0),
    }[manner]
    high = rng.uniform(9.0, 16.0) if manner is Manner.HANGING else rng.uniform(16.0, 31.0)
    slant = rng.normal(0.05, 0.06) if manner is Manner.HANGING else rng.normal(0.28, 0.24)
    rise = rng.normal(0.02, 0.05)
    return (float(rng.uniform(*wide)), float(high)), float(np.clip(slant, -0.35, 0.8)), float(rise)


def _hand(manner: Manner, rng: np.random.Generator) -> Hand:
    slow = 1.25 if manner is Manner.HANGING else 1.0
    return Hand(
        stroke_time=float(slow * rng.uniform(0.12, 0.21)),
        isochrony=float(rng.uniform(0.25, 0.45)),
        sigma=float(rng.uniform(0.2, 0.34)),
        pace=float(rng.uniform(0.42, 0.66)),
        roundness=float(rng.uniform(0.6, 1.15)),
        timing_noise=0.04,
        pressure=float(rng.uniform(0.45, 0.75)),
        stress=float(rng.uniform(0.05, 0.25)),
        tremor=float(rng.uniform(0.005, 0.02)),
    )
