"""Drift drawn: where lines and bars stand, in per cent of a drawing's width and height, so that any width will do."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mlcore.retraining.drift_rows import SHORT
from mlcore.retraining.drift_words import figure

_ROOM = 0.08  # above and below what is drawn, in shares of its height
_BAR = 0.38  # width of a bar, in shares of its bin
_LABELS = 5  # edges that are written below bars, at most


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on an axis: where, and what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """The scores of one model version: the middle one of each day, and the band of the middle half; SVG paths."""

    name: str
    median: str
    band: str


@dataclass(frozen=True, slots=True)
class Trend:
    """Day by day, in per cent. days: labels with their anchors. lately: where the last seven days begin."""

    lines: tuple[Line, ...]
    scores: tuple[Mark, ...]
    referred: str
    shares: tuple[Mark, ...]
    days: tuple[tuple[float, str, date], ...]
    lately: float

    @property
    def lately_width(self) -> float:
        return round(100 - self.lately, 2)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bin: its left edge and width, and the heights of both bars, with the shares they stand for."""

    x: float
    width: float
    second: float
    before: float
    lately: float
    label: str
    share_before: float
    share_lately: float

    @property
    def top_before(self) -> float:
        return round(100 - self.before, 2)

    @property
    def top_lately(self) -> float:
        return round(100 - self.lately, 2)


@dataclass(frozen=True, slots=True)
class Bars:
    """Both samples in bins; marks are edges between bins."""

    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]


def trend(days: Sequence[Mapping[str, Any]]) -> Trend | None:
    """Scores and referrals of the days of a report; None where nothing was asked."""
    if not any(day["asked"] for day in days):
        return None
    quartiles = [values for day in days for values in day["scores"].values()]
    low, high = (min(q[0] for q in quartiles), max(q[2] for q in quartiles)) if quartiles else (0.0, 1.0)
    most = max((day["referred"] or 0.0) for day in days)
    top = max(most, 0.05)
    names = dict.fromkeys(name for day in days for name in day["scores"])
    return Trend(
        lines=tuple(_line(name, days, low, high) for name in names),
        scores=tuple(Mark(_height(value, low, high), figure(value)) for value in ((low, high) if quartiles else ())),
        referred=_path(
            [(x, _height(day["referred"], 0.0, top)) for x, day in _placed(days) if day["referred"] is not None]
        ),
        shares=(Mark(_height(0.0, 0.0, top), "0 %"), Mark(_height(top, 0.0, top), f"{100 * top:.0f} %")),
        days=tuple(
            (x, "start" if x < 10 else "end" if x > 90 else "middle", date.fromisoformat(day["day"]))
            for x, day in _placed(days)[:: max(len(days) // 4, 1)]
        ),
        lately=round(100 * (len(days) - SHORT) / len(days), 2),
    )


def bars(bins: Mapping[str, Any]) -> Bars:
    """A finding's bins, side by side."""
    edges, pairs = bins["edges"], list(zip(bins["before"], bins["lately"], strict=True))
    top = max(max(pair) for pair in pairs)
    wide = 100 / len(pairs)
    names = [figure(edge) for edge in edges]
    labels = [f"≤ {names[0]}", *(f"{left} – {right}" for left, right in itertools.pairwise(names))]
    labels.append(f"> {names[-1]}")
    every = -(-len(edges) // _LABELS)
    return Bars(
        bars=tuple(
            Bar(
                x=round(wide * (index + 0.5 - _BAR), 2),
                width=round(wide * _BAR, 2),
                second=round(wide * (index + 0.5), 2),
                before=round(100 * before / top, 2),
                lately=round(100 * lately / top, 2),
                label=label,
                share_before=before,
                share_lately=lately,
            )
            for index, ((before, lately), label) in enumerate(zip(pairs, labels, strict=True))
        ),
        marks=tuple(Mark(round(wide * (index + 1), 2), name) for index, name in enumerate(names) if index % every == 0),
    )


def _line(name: str, days: Sequence[Mapping[str, Any]], low: float, high: float) -> Line:
    own = [(x, day["scores"][name]) for x, day in _placed(days) if name in day["scores"]]
    down, middle, up = ([(x, _height(values[part], low, high)) for x, values in own] for part in range(3))
    return Line(name, median=_path(middle), band=_path(up + down[::-1]) + "Z")


def _placed(days: Sequence[Mapping[str, Any]]) -> list[tuple[float, Mapping[str, Any]]]:
    return [(round(100 * (index + 0.5) / len(days), 2), day) for index, day in enumerate(days)]


def _height(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return round(100 * (1 - _ROOM - share * (1 - 2 * _ROOM)), 2)


def _path(points: Sequence[tuple[float, float]]) -> str:
    if len(points) == 1:  # a lone day is a short dash
        (x, y) = points[0]
        points = [(x - 0.7, y), (x + 0.7, y)]
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points)
