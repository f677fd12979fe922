"""Synthetic pairs that differ in one known place: a section of one stroke is moved, bent, left out or doubled in size.

The section is altered in the pen's movement, with a taper at both ends so that the line stays whole, and the rest of
the movement is kept; both are then written with pens, on sheets and by scanners of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from mlcore.imaging import Signature, prepare_page
from mlcore.imaging.normalisation import normalise
from mlcore.imaging.types import Mask
from mlcore.synthesis import RenderStyle, Trajectory, counter_style, genuine, make_signer, render

Floats = npt.NDArray[np.float64]
Alteration = Literal["moved", "bent", "left out", "doubled"]
ALTERATIONS: tuple[Alteration, ...] = ("moved", "bent", "left out", "doubled")
FIRST_SIGNER = 50_000  # far from the signers that anything is trained on

_SHARE = (0.06, 0.12)  # of the ink's length that is altered
_TAPER = 0.2  # share of the section, at each end, over which the change sets in
_LEAST_REACH = 3.0  # millimetres; shorter sections move as far as ones of this size
_LEAST_PIXELS = 20  # of the canvas that the altered place must cover to be looked for
_DRAWS = 100


@dataclass(frozen=True, slots=True)
class AlteredPair:
    """A questioned signature with one altered section, and what it is compared with.

    region: bool (96, 192) on the questioned canvas: the section's ink where it now is and where it was.
    elsewhere: the same for an unaltered section of that length, to see how often chance alone would pass.
    """

    alteration: Alteration
    questioned: Signature
    specimens: tuple[Signature, ...]
    region: Mask
    elsewhere: Mask


def altered_pairs(count: int, *, specimens: int = 1, seed: int = 1, twin: bool = True) -> Iterator[AlteredPair]:
    """`count` pairs, the alterations in turn, another signer each.

    twin: the specimens are the same movement, unaltered, with other pens; else other signatures of the same signer.
    """
    made = number = 0
    while made < count and number < 10 * count:
        pair = _pair(ALTERATIONS[made % len(ALTERATIONS)], seed, number, specimens, twin)
        number += 1
        if pair:
            made += 1
            yield pair


def _pair(alteration: Alteration, seed: int, number: int, specimens: int, twin: bool) -> AlteredPair | None:
    rng = np.random.default_rng([seed, number])
    signer = make_signer(FIRST_SIGNER + 1000 * seed + number)
    before = genuine(signer, 0)
    section, other = _section(before, rng), _section(before, rng)
    if section is None or other is None:
        return None
    after = alter(before, section, alteration, rng)
    style = replace(RenderStyle.random(rng), dpi=300, bilevel=False)
    questioned = prepare_page(render(after, style, int(rng.integers(2**31))))
    sources = [before if twin else genuine(signer, 1 + index) for index in range(specimens)]
    known = tuple(prepare_page(render(s, counter_style(rng), int(rng.integers(2**31)))) for s in sources)
    if questioned.quality.refused or any(item.quality.refused for item in known):
        return None
    now, was = (_place(t, section, after, style, questioned) for t in (after, before))
    region = was if alteration == "left out" else now | was
    elsewhere = _place(before, other, after, style, questioned) & ~_widened(region)
    if region.sum() < _LEAST_PIXELS or elsewhere.sum() < _LEAST_PIXELS:
        return None
    return AlteredPair(alteration, questioned, known, region, elsewhere)


def alter(trajectory: Trajectory, section: slice, alteration: Alteration, rng: np.random.Generator) -> Trajectory:
    """The movement with one section changed; everything outside it stays as it is."""
    x, y, pen = trajectory.x.copy(), trajectory.y.copy(), trajectory.pen.copy()
    place = np.stack([x[section], y[section]], axis=1).astype(np.float64)
    along = np.linspace(0.0, 1.0, len(place))
    taper = np.clip(np.minimum(along, 1.0 - along) / _TAPER, 0.0, 1.0)[:, None]
    far = float(rng.uniform(0.5, 0.8) * max(float(np.ptp(place, axis=0).max()), _LEAST_REACH))
    if alteration == "left out":
        pen[section] = False
    elif alteration == "moved":
        angle = rng.uniform(0.0, 2.0 * np.pi)
        place += taper * far * np.array([np.cos(angle), np.sin(angle)])
    elif alteration == "bent":
        chord = place[-1] - place[0]
        normal = np.array([-chord[1], chord[0]]) / max(float(np.hypot(*chord)), 1e-6)
        place += np.sin(np.pi * along)[:, None] * float(rng.choice([-1.0, 1.0])) * far * normal
    else:
        place += taper * (place - place.mean(axis=0))
    x[section], y[section] = place.T
    return replace(trajectory, x=x, y=y, pen=pen)


def _section(trajectory: Trajectory, rng: np.random.Generator) -> slice | None:
    """A section of one pen-down stroke with 6 to 12 % of the ink's length; None when no stroke is that long."""
    steps = np.hypot(np.diff(trajectory.x), np.diff(trajectory.y)) * trajectory.inked
    run = np.r_[0.0, np.cumsum(steps)]
    for _ in range(_DRAWS):
        share = rng.uniform(*_SHARE)
        start = rng.uniform(0.0, 1.0 - share)
        first, last = np.searchsorted(run, (start * run[-1], (start + share) * run[-1]))
        for stroke in trajectory.strokes:
            low, high = max(int(first), stroke.start), min(int(last), stroke.stop)
            if high - low > 5 and run[high - 1] - run[low] >= _SHARE[0] * run[-1]:
                return slice(low, high)
    return None


def _place(trajectory: Trajectory, section: slice, drawn: Trajectory, style: RenderStyle, page: Signature) -> Mask:
    """Where a section lies on the canvas of `page`, on which `drawn` was written: bool (96, 192)."""
    scale, (left, top) = style.dpi / 25.4, style.margins[:2]
    points = np.stack(
        [
            (trajectory.x[section] - drawn.x[drawn.pen].min() + left) * scale,
            (trajectory.y[section] - drawn.y[drawn.pen].min() + top) * scale,
        ],
        axis=1,
    )
    line = np.zeros_like(page.page)
    thickness = max(round(style.width * scale), 1)
    cv2.polylines(line, [np.rint(points).astype(np.int32)], False, 255, thickness)
    return np.asarray(normalise(line, page.box)[0] > 127, dtype=np.bool_)


def _widened(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((17, 17), np.uint8)) > 0, dtype=np.bool_)
