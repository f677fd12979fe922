"""Paraphs: the strokes that a signer adds under, around or after the name.

Points are in the units of the alphabet (tenths of the x-height, y up). A flourish is drawn for one
signer; its variation from signature to signature comes with that of the whole plan.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlcore.synthesis.alphabet import Run
from mlcore.synthesis.plan import Doubles

Box = tuple[float, float, float, float]  # left, bottom, right, top

CONNECTED = ("tail", "swash", "loop", "zigzag", "encircle", "rising")
SEPARATE = ("underline", "double", "strike", "wave", "cross")


def flourish(kind: str, end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    """The runs of a flourish for a name that ends at `end` (2,) and fills `box`.

    A connected kind begins at `end`, its first point left out; a separate kind is written after a
    pen lift. Raises KeyError for an unknown kind.
    """
    return _KINDS[kind](end, box, rng)


def _run(points: list[tuple[float, float]], cusps: tuple[int, ...] = ()) -> Run:
    flags = np.zeros(len(points), dtype=np.bool_)
    flags[list(cusps)] = True
    return Run(np.array(points, dtype=np.float64), flags)


def _tail(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    wide = (box[2] - box[0]) * rng.uniform(0.12, 0.4)
    lift = rng.uniform(-4.0, 9.0)
    return (_run([(end[0] + 0.45 * wide, end[1] - 1.5), (end[0] + wide, end[1] + lift)]),)


def _rising(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    high, wide = rng.uniform(12.0, 26.0), rng.uniform(4.0, 14.0)
    back = (box[2] - box[0]) * rng.uniform(0.2, 0.6)
    points = [(end[0] + wide, end[1] + high * 0.6), (end[0] + wide * 0.6, end[1] + high)]
    return (_run([*points, (end[0] - back, end[1] + high * rng.uniform(0.6, 0.95))]),)


def _swash(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    left = box[0] + (box[2] - box[0]) * rng.uniform(-0.05, 0.3)
    low, wide = box[1] - rng.uniform(2.0, 6.0), box[2] - left
    turn = rng.uniform(2.0, 5.0)
    points = [
        (end[0] + rng.uniform(3.0, 8.0), end[1] - 1.0),
        (end[0] - 0.1 * wide, low - 1.0),
        (left + 0.4 * wide, low),
        (left, low + turn * 0.3),
        (left + 0.04 * wide, low - turn),
        (left + 0.5 * wide, low - turn * rng.uniform(0.4, 1.0)),
        (box[2] + wide * rng.uniform(0.0, 0.25), low + rng.uniform(-3.0, 4.0)),
    ]
    return (_run(points),)


def _loop(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    size = rng.uniform(8.0, 18.0)
    left = box[0] + (box[2] - box[0]) * rng.uniform(0.2, 0.7)
    points = [
        (end[0] + 0.35 * size, end[1] - 0.1 * size),
        (end[0] + 0.3 * size, end[1] - 1.1 * size),
        (end[0] - 0.25 * size, end[1] - 1.2 * size),
        (end[0] - 0.1 * size, end[1] - 0.6 * size),
        (end[0] + rng.uniform(0.9, 2.2) * size, end[1] - rng.uniform(0.1, 0.6) * size),
    ]
    if rng.random() < 0.4:
        points[2:4] = [(left, box[1] - 0.4 * size), (left + 2.0, box[1] - 0.7 * size)]
    return (_run(points),)


def _zigzag(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    wide, low = box[2] - box[0], box[1] - rng.uniform(1.0, 4.0)
    turns = int(rng.integers(2, 5))
    points = [(end[0] + 2.0, end[1] - 2.0)]
    for turn in range(turns):
        inset = wide * 0.12 * turn
        x = box[0] + inset + wide * 0.1 if turn % 2 == 0 else box[2] - inset
        points.append((x, low - 2.6 * turn + rng.normal(0.0, 0.8)))
    return (_run(points, tuple(range(1, turns))),)


def _encircle(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    left, bottom, right, top = box
    middle, wide, centre = (left + right) / 2, right - left, (bottom + top) / 2
    over, under = rng.uniform(1.0, 5.0), rng.uniform(2.0, 6.0)
    points = [
        (right + 0.07 * wide, centre),
        (right - 0.1 * wide, top + over),
        (middle, top + over * 1.4),
        (left + 0.05 * wide, top),
        (left - 0.08 * wide, centre),
        (left + 0.15 * wide, bottom - under),
        (middle, bottom - under * 1.2),
        (right + wide * rng.uniform(0.0, 0.2), bottom + rng.uniform(-5.0, 3.0)),
    ]
    return (_run(points),)


def _underline(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    wide, low = box[2] - box[0], box[1] - rng.uniform(1.5, 5.0)
    start = box[0] + wide * rng.uniform(-0.05, 0.35)
    slope, bow = rng.uniform(-2.0, 5.0), rng.uniform(-2.0, 2.0)
    stop = box[2] + wide * rng.uniform(-0.15, 0.12)
    return (_run([(start, low), ((start + stop) / 2, low + slope / 2 + bow), (stop, low + slope)]),)


def _double(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    first = _underline(end, box, rng)[0]
    second = first.points * [0.75, 1.0] + [rng.uniform(2.0, 8.0), -rng.uniform(2.5, 4.5)]
    if rng.random() < 0.5:
        return (first, Run(second, first.cusp.copy()))
    points = np.concatenate([first.points, second[::-1] - np.array([0.0, 1.0])])
    return (Run(points, np.zeros(len(points), dtype=np.bool_)),)


def _strike(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    wide, centre = box[2] - box[0], rng.uniform(4.0, 11.0)
    points = [
        (box[2] + wide * 0.08, centre + rng.uniform(-2.0, 4.0)),
        (box[0] + wide * 0.4, centre),
        (box[0] - wide * 0.05, centre - rng.uniform(0.0, 4.0)),
    ]
    return (_run(points if rng.random() < 0.5 else points[::-1]),)


def _wave(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    wide, low = box[2] - box[0], box[1] - rng.uniform(2.0, 5.0)
    count, high = int(rng.integers(4, 8)), rng.uniform(1.5, 3.5)
    steps = np.linspace(0.1, 0.95, count)
    return (_run([(box[0] + s * wide, low + (high if i % 2 else -high) / 2) for i, s in enumerate(steps)]),)


def _cross(end: Doubles, box: Box, rng: np.random.Generator) -> tuple[Run, ...]:
    x, high = box[2] - rng.uniform(2.0, 14.0), rng.uniform(10.0, 20.0)
    lean = rng.uniform(-6.0, 6.0)
    stroke = _run([(x + lean, box[1] + high), (x, box[1] + high / 2), (x - lean, box[1] - 4.0)])
    if rng.random() < 0.5:
        return (stroke,)
    return (stroke, _run([(x + 3.0, box[1] - 1.0), (x + 3.4, box[1] - 1.3)]))


_KINDS: dict[str, Callable[[Doubles, Box, np.random.Generator], tuple[Run, ...]]] = {
    "tail": _tail,
    "rising": _rising,
    "swash": _swash,
    "loop": _loop,
    "zigzag": _zigzag,
    "encircle": _encircle,
    "underline": _underline,
    "double": _double,
    "strike": _strike,
    "wave": _wave,
    "cross": _cross,
}
