"""What a pen, a sheet and a scanner add to a trajectory: the style of a rendered page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Pen(StrEnum):
    BALLPOINT = "ballpoint"
    GEL = "gel"
    FELT = "felt"
    FOUNTAIN = "fountain"


@dataclass(frozen=True)
class RenderStyle:
    """How a trajectory looks on paper and in the scan; lengths in millimetres, greys in 0..255.

    `dpi`: of the scan. `pen`, `width`: the tool and the width of its line at middling pressure.
    `width_by_pressure`: share of the width that pressure adds or takes. `width_by_speed`: share
    that a fast movement takes (ink needs time to flow). `ink`: grey of full ink. `fading`: share
    of the darkness that light pressure or speed takes. `mottle`: 0..1, unevenness of the ink.
    `paper`: grey of the sheet; `grain`: standard deviation of its texture; `shade`: how far the
    grey drifts across the page. `blur`: of the optics, in pixels; `noise`: of the sensor, standard
    deviation. `margins`: left, top, right, bottom. `bilevel`: whether the scanner thresholds.
    """

    dpi: int = 300
    pen: Pen = Pen.BALLPOINT
    width: float = 0.42
    width_by_pressure: float = 0.35
    width_by_speed: float = 0.1
    ink: int = 60
    fading: float = 0.3
    mottle: float = 0.35
    nib_angle: float = 0.7
    paper: int = 246
    grain: float = 1.5
    shade: float = 2.0
    blur: float = 0.6
    noise: float = 1.5
    margins: tuple[float, float, float, float] = (4.0, 4.0, 4.0, 4.0)
    bilevel: bool = False

    def __post_init__(self) -> None:
        if not 50 <= self.dpi <= 1200:
            raise ValueError("The resolution must lie between 50 and 1200 dpi.")
        if self.width <= 0 or min(self.margins) < 0:
            raise ValueError("A pen has a width above 0 and margins are not negative.")

    @classmethod
    def random(cls, rng: np.random.Generator, *, pen: Pen | None = None) -> RenderStyle:
        """A style as scans of signatures come: any pen, sheet and scanner."""
        kind = pen or Pen(str(rng.choice([p.value for p in Pen], p=[0.5, 0.25, 0.13, 0.12])))
        width, ink, fading, mottle, by_pressure, by_speed = _tool(kind, rng)
        margins = rng.uniform(1.5, 8.0, size=4)
        return cls(
            dpi=int(rng.choice([150, 200, 240, 300], p=[0.15, 0.3, 0.15, 0.4])),
            pen=kind,
            width=width,
            width_by_pressure=by_pressure,
            width_by_speed=by_speed,
            ink=ink,
            fading=fading,
            mottle=mottle,
            nib_angle=float(rng.uniform(0.4, 1.1)),
            paper=int(rng.integers(222, 256)),
            grain=float(rng.uniform(0.0, 3.0)),
            shade=float(rng.uniform(0.0, 6.0)),
            blur=float(rng.uniform(0.3, 0.9)),
            noise=float(rng.uniform(0.0, 3.0)),
            margins=(float(margins[0]), float(margins[1]), float(margins[2]), float(margins[3])),
            bilevel=bool(rng.random() < 0.25),
        )


def _tool(kind: Pen, rng: np.random.Generator) -> tuple[float, int, float, float, float, float]:
    """Width, grey, fading, mottle, and the shares of pressure and of speed, of a pen's kind."""
    if kind is Pen.BALLPOINT:
        figures = (rng.uniform(0.24, 0.44), rng.uniform(40, 115), rng.uniform(0.2, 0.55))
        return (*_floats(figures), *_rest(rng, (0.2, 0.6), (0.2, 0.45), (0.0, 0.12)))
    if kind is Pen.GEL:
        figures = (rng.uniform(0.3, 0.52), rng.uniform(10, 60), rng.uniform(0.0, 0.15))
        return (*_floats(figures), *_rest(rng, (0.0, 0.15), (0.1, 0.3), (0.05, 0.2)))
    if kind is Pen.FELT:
        figures = (rng.uniform(0.5, 0.85), rng.uniform(10, 70), rng.uniform(0.05, 0.3))
        return (*_floats(figures), *_rest(rng, (0.05, 0.25), (0.2, 0.5), (0.15, 0.35)))
    figures = (rng.uniform(0.35, 0.6), rng.uniform(20, 90), rng.uniform(0.1, 0.35))
    return (*_floats(figures), *_rest(rng, (0.0, 0.2), (0.3, 0.6), (0.1, 0.25)))


def _floats(figures: tuple[float, float, float]) -> tuple[float, int, float]:
    return float(figures[0]), int(figures[1]), float(figures[2])


def _rest(rng: np.random.Generator, *ranges: tuple[float, float]) -> tuple[float, float, float]:
    drawn = [float(rng.uniform(low, high)) for low, high in ranges]
    return drawn[0], drawn[1], drawn[2]
