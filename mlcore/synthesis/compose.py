"""Lays out a signer's habitual signature: letters to words, headline, scribble, initials, paraph.

Everything here happens once a signer, in the units of the alphabet (tenths of the x-height, y up);
`Script.to_plan` turns the result into millimetres on paper.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mlcore.synthesis.alphabet import CAPITAL, CURSIVE, DELAYED, HANGING, Run, glyph
from mlcore.synthesis.flourish import CONNECTED, flourish
from mlcore.synthesis.plan import Doubles, Part, Plan, joined


@dataclass
class Script:
    """The habits of a hand while a signature is being laid out."""

    rng: np.random.Generator
    width: float  # of letters, 1 is the alphabet's own
    ascent: float  # factor on what rises above the x-height
    descent: float  # factor on what falls below the base line
    capital: float  # factor on the size of capitals
    spacing: float  # units added between letters
    legibility: float  # 0..1: how many of a letter's targets survive haste
    lifting: float  # probability of a pen lift between two letters
    deform: float  # units by which the hand's letters differ from the copy-book
    letter: int = 0
    habits: dict[str, Run] = field(default_factory=dict)

    def personal(self, text: str) -> tuple[Run, ...]:
        """A glyph as this hand writes it: the same each time the letter comes."""
        runs = []
        for index, run in enumerate(glyph(text)):
            key = f"{index}:{text}"
            if key not in self.habits:
                self.habits[key] = self._deformed(run)
            runs.append(self.habits[key])
        return tuple(runs)

    def _deformed(self, run: Run) -> Run:
        points = run.points.copy()
        above, below = points[:, 1] > 10, points[:, 1] < 0
        points[above, 1] = 10 + (points[above, 1] - 10) * self.ascent
        points[below, 1] *= self.descent
        points[:, 0] *= self.width
        if len(points) > 2:
            points += self.rng.normal(0.0, self.deform, points.shape)
        keep = np.ones(len(points), dtype=np.bool_)
        keep[1:-1] = self.rng.random(max(len(points) - 2, 0)) < 0.45 + 0.55 * self.legibility
        keep |= run.cusp | (points[:, 1] > 14)
        return Run(points[keep], run.cusp[keep])

    def part(self, run: Run, at: Doubles, *, omission: float = 0.0, size: float = 1.0) -> Part:
        """A run placed at `at` (2,), as a part of its own that belongs to the current letter."""
        return Part(
            points=run.points * size + at,
            cusp=run.cusp.copy(),
            letter=np.full(len(run.points), self.letter),
            omission=omission,
        )


def write_word(script: Script, word: str, at: Doubles, *, capital: bool) -> list[Part]:
    """A word in cursive from `at`, first letter a capital if asked; marks are written last."""
    rng = script.rng
    parts: list[Part] = []
    marks: list[Part] = []
    open_part: Part | None = None
    shrink = rng.uniform(0.0, 0.045) * (1.3 - script.legibility)
    for index, char in enumerate(word):
        first = index == 0 and capital
        text = str(rng.choice(CAPITAL[char.upper()])) if first else CURSIVE[char.lower()]
        runs = script.personal(text)
        size = script.capital if first else max(1.0 - shrink * index, 0.5)
        pieces = [script.part(run, at, size=size) for run in runs]
        lifted = open_part is None or rng.random() < script.lifting
        if lifted and not first:
            pieces[0] = _led_in(pieces[0], at)
        if open_part is not None and not lifted:
            parts[-1] = joined([parts[-1], pieces[0]])
            pieces = pieces[1:]
        parts.extend(pieces)
        open_part = parts[-1]
        if not first and char.lower() in DELAYED:
            mark = glyph(DELAYED[char.lower()])[0]
            marks.append(script.part(mark, at, omission=0.04, size=size))
        right = max(float(p.points[-1, 0]) for p in [*pieces, parts[-1]])
        if first:
            edge = max(float(p.points[:, 0].max()) for p in pieces)
            open_part = open_part if right > edge - 5.0 else None
            right = max(right, edge - 3.0)
        height = float(parts[-1].points[-1, 1]) if not first else at[1]
        at = np.array([right + script.spacing, at[1] + min(height - at[1], 0.0)])
        script.letter += 1
    return parts + marks


def _led_in(part: Part, at: Doubles) -> Part:
    """A part with the lead-in stroke of a letter that begins after a pen lift."""
    return joined([Part(at[None, :] + [0.5, 1.0], np.array([False]), part.letter[:1]), part])


def write_latin(script: Script, name: str, *, initial_only: bool) -> list[Part]:
    """Given name (or its initial) and family name in cursive."""
    given, family = name.split(" ", 1)
    at = np.zeros(2)
    parts = write_word(script, given[:1] if initial_only else given, at, capital=True)
    gap = script.rng.uniform(1.0, 8.0) * (0.6 if initial_only else 1.0)
    right = max(float(p.points[:, 0].max()) for p in parts)
    if initial_only and script.rng.random() < 0.45:
        dot = glyph("0,0")[0]
        parts.append(script.part(dot, np.array([right + 1.5, 0.0]), omission=0.1))
        gap += 2.0
    return parts + write_word(script, family, np.array([right + gap, 0.0]), capital=True)


def write_initials(script: Script, name: str) -> list[Part]:
    """Two or three large capitals that run into each other."""
    letters = [word[0] for word in name.split()]
    if script.rng.random() < 0.4:
        letters.insert(1, str(script.rng.choice(list("ABCDEGHJKLMPRSTW"))))
    parts: list[Part] = []
    at = np.zeros(2)
    for char in letters:
        runs = script.personal(str(script.rng.choice(CAPITAL[char])))
        pieces = [script.part(run, at) for run in runs]
        if parts and script.rng.random() < 0.55:
            parts[-1] = joined([parts[-1], pieces[0]])
            pieces = pieces[1:]
        parts.extend(pieces)
        right = max(float(p.points[:, 0].max()) for p in parts)
        at = np.array([right - script.rng.uniform(0.0, 5.0), script.rng.normal(0.0, 1.5)])
        script.letter += 1
    return parts


def write_scribble(script: Script, name: str) -> list[Part]:
    """A capital that runs into a wave: loops, garlands or spikes in the place of letters."""
    rng = script.rng
    script.letter = 1
    runs = script.personal(str(rng.choice(CAPITAL[name[0]])))
    parts = [script.part(run, np.zeros(2)) for run in runs]
    points: list[Doubles] = []
    cusps: list[bool] = []
    letters: list[int] = []
    at = parts[-1].points[-1].copy()
    at[1] = min(max(at[1], 0.0), 6.0)
    kind, count = str(rng.choice(["garland", "loops", "spikes"])), int(rng.integers(3, 9))
    height = rng.uniform(6.0, 12.0)
    for index in range(count):
        script.letter += 1
        tall = height * (1.0 - 0.07 * index) * (rng.uniform(1.4, 2.2) if rng.random() < 0.2 else 1.0)
        tall *= float(np.exp(rng.normal(0.0, 0.25)))
        step = script.width * rng.uniform(3.0, 7.0)
        beat, sharp = _beat(kind, tall, step, rng)
        points.extend(at + p for p in beat)
        cusps.extend(sharp)
        letters.extend([script.letter] * len(beat))
        at = at + np.array([step, rng.normal(0.0, 0.4)])
    wave = Part(np.array(points), np.array(cusps), np.array(letters))
    return [*parts[:-1], joined([parts[-1], wave])] if rng.random() < 0.75 else [*parts, wave]


def _beat(kind: str, tall: float, step: float, rng: np.random.Generator) -> tuple[list[Doubles], list[bool]]:
    """One up and down of a scribble."""
    lean = rng.normal(0.0, 0.6)
    if kind == "loops":
        path = [
            (0.75 * step, 0.6 * tall),
            (0.5 * step + lean, tall),
            (0.2 * step, 0.5 * tall),
            (0.6 * step, 0.0),
        ]
        return [np.array(p) for p in path], [False] * 4
    path = [(0.55 * step + lean, tall), (step, 0.0)]
    if kind == "garland":
        path = [(0.4 * step + lean, tall), (0.45 * step, 0.25 * tall), (0.75 * step, 0.0)]
        return [np.array(p) for p in path], [True, False, False]
    return [np.array(p) for p in path], [True, bool(rng.random() < 0.4)]


def write_hanging(script: Script, name: str, *, headline: str) -> list[Part]:
    """Separate letters under a headline; `headline` is "word", "letter" or "none"."""
    at = np.zeros(2)
    parts: list[Part] = []
    for word in name.split():
        start, first = at[0], script.letter
        lines: list[Part] = []
        for index, char in enumerate(word.lower()):
            if char not in HANGING or (char == "a" and index < len(word) - 1 and index % 2):
                continue
            runs = script.personal(HANGING[char])
            parts.extend(script.part(run, at) for run in runs)
            right = at[0] + max(float(r.points[:, 0].max()) for r in runs)
            if headline == "letter":
                lines.append(_bar(script, at[0] - 1.0, right + 1.0, script.letter))
            at = np.array([right + script.spacing + 2.0, script.rng.normal(0.0, 0.4)])
            script.letter += 1
        if headline == "word":
            lines.append(_bar(script, start - 1.5, at[0], first, script.letter - 1))
        parts.extend(lines)
        at = np.array([at[0] + script.rng.uniform(4.0, 12.0), script.rng.normal(0.0, 1.0)])
    return parts


def _bar(script: Script, left: float, right: float, *letters: int) -> Part:
    """A headline over the letters from the first to the last of `letters`, which carry it."""
    tilt, bow = script.rng.normal(0.0, 0.5), script.rng.normal(0.0, 0.25)
    middle = (letters[0] + letters[-1]) // 2
    return Part(
        points=np.array([(left, 12.0), ((left + right) / 2, 12.0 + bow), (right, 12.0 + tilt)]),
        cusp=np.zeros(3, dtype=np.bool_),
        letter=np.array([letters[0], middle, letters[-1]]),
        omission=0.01,
    )


def with_flourish(script: Script, parts: list[Part], kind: str, omission: float) -> list[Part]:
    """The name and a flourish of `kind`; a connected one is joined to the part that ends last."""
    stacked = np.concatenate([p.points for p in parts])
    low, high = stacked.min(axis=0), stacked.max(axis=0)
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    last = max(range(len(parts)), key=lambda i: float(parts[i].points[-1, 0]))
    script.letter += 1
    runs = flourish(kind, parts[last].points[-1], box, script.rng)
    pieces = [script.part(run, np.zeros(2), omission=omission) for run in runs]
    if kind in CONNECTED and omission == 0.0:
        return [*parts[:last], joined([parts[last], pieces[0]]), *parts[last + 1 :], *pieces[1:]]
    return parts + pieces


def to_plan(parts: list[Part], *, extent: tuple[float, float], slant: float, rise: float) -> Plan:
    """The plan in millimetres on paper, y down.

    `extent`: the greatest width and height in mm. `slant`: tangent of the lean to the right;
    `rise`: tangent of the base line's angle.
    """
    ends = np.cumsum([len(p.points) for p in parts])[:-1]
    points = np.concatenate([p.points for p in parts])
    x = points[:, 0] + slant * points[:, 1]
    y = points[:, 1] + rise * x
    scale = min(extent[0] / max(np.ptp(x), 1e-6), extent[1] / max(np.ptp(y), 1e-6))
    placed = np.column_stack([(x - x.min()) * scale, (y.max() - y) * scale])
    plan = Plan(tuple(parts))
    return plan.with_points(np.concatenate(np.split(placed, ends)))
