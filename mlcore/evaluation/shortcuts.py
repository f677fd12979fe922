"""Could genuine and forged be told apart without looking at the writing? (The trap of CEDAR's backgrounds.)

A logistic classifier on brightness, contrast, amount of ink, size, aspect and file properties, cross-validated by
writer within each data set: once on the raw file, once on the canvas, which is all that the network ever sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.embedding.sources import Row
from mlcore.evaluation.figures import area_under_curve, bootstrap_interval
from mlcore.imaging.normalisation import PAPER
from mlcore.imaging.types import Grey
from mlcore.scoring.logistic import fit_logistic

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

RAW = (
    "file bytes",
    "bytes a pixel",
    "page width",
    "page height",
    "page aspect",
    "mean grey",
    "sd of grey",
    "paper grey",
    "grey 1 %",
    "grey 10 %",
    "grey 90 %",
    "dark share",
)
SEEN = (
    "mean ink",
    "sd of ink",
    "inked share",
    "full ink share",
    "ink 25 %",
    "ink 50 %",
    "ink 75 %",
    "ink 90 %",
    "paper level",
    "box width",
    "box height",
    "box aspect",
)
LIMIT = 0.6  # AUC that a shortcut may reach after normalisation
FOLDS = 5
_SWAPS = 200
_FULL = 250


@dataclass(frozen=True, slots=True)
class Shortcut:
    """How well a classifier on `of` properties tells forged from genuine: AUC 0..1, 0.5 is nothing.

    interval: 95 %, by bootstrap over writers. within_writers: mean AUC among one writer's own signatures, to which
    differences between writers do nothing. by_swapping: where 95 % of the AUCs lie when genuine and forged are swapped
    for writers drawn at random. Then forgeries still differ from each writer's own in size or tone, but no direction
    carries over, and with few writers that alone may give an AUC far from 0.5: writers that are left out of a fit tend
    the other way than the rest. telling: the three single properties furthest from 0.5, with the AUC of "larger means
    forged". The figures are None where there are fewer than two writers with both kinds.
    """

    dataset: str
    of: str
    writers: int
    images: int
    auc: float | None
    interval: tuple[float, float] | None
    within_writers: float | None
    telling: tuple[tuple[str, float], ...]
    by_swapping: tuple[float, float] | None = None

    @property
    def limit(self) -> float | None:
        """The AUC that may be reached; None for the file, which the network never sees."""
        return LIMIT if self.of == "canvas" else None

    @property
    def within(self) -> bool | None:
        """Whether the AUC is at most the limit, below 0.5 too; None where there is no AUC or no limit."""
        return None if self.auc is None or self.limit is None else self.auc <= self.limit

    @property
    def within_turned(self) -> bool | None:
        """Whether the AUC keeps to the limit as well when the two kinds are called the other way round."""
        return None if self.auc is None or self.limit is None else 1.0 - self.auc <= self.limit

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form with the limit and whether it is met."""
        return {**asdict(self), "limit": self.limit, "within": self.within, "within_turned": self.within_turned}


def raw_properties(file: bytes, page: Grey) -> Floats:
    """(len(RAW),): what a file gives away before anything is normalised. page: uint8 (H, W), 0 black .. 255 white."""
    height, width = page.shape
    low, tenth, half, ninety = np.percentile(page, (1, 10, 50, 90))
    figures = (
        np.log(len(file)),
        len(file) / page.size,
        width,
        height,
        np.log(width / height),
        page.mean(),
        page.std(),
        half,
        low,
        tenth,
        ninety,
        (page < half - 40).mean(),
    )
    return np.array(figures, dtype=np.float64)


def seen_properties(canvas: Grey) -> Floats:
    """(len(SEEN),): the same of a canvas, uint8 (96, 192), 0 paper .. 255 ink. NaN where there is no ink."""
    inked = canvas > PAPER
    if not inked.any():
        return np.full(len(SEEN), np.nan)
    down, across = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    height, width = int(down[-1] - down[0]) + 1, int(across[-1] - across[0]) + 1
    levels, paper = canvas[inked], canvas[~inked]
    figures = (
        canvas.mean(),
        canvas.std(),
        inked.mean(),
        (levels >= _FULL).mean(),
        *np.percentile(levels, (25, 50, 75, 90)),
        paper.mean() if paper.size else 0.0,
        width,
        height,
        np.log(width / height),
    )
    return np.array(figures, dtype=np.float64)


def shortcuts(rows: Sequence[Row], raw: Floats, seen: Floats) -> list[Shortcut]:
    """Both classifiers for each data set. raw: (N, len(RAW)), seen: (N, len(SEEN)), NaN rows are left out."""
    found = []
    for dataset in dict.fromkeys(row.dataset for row in rows):
        chosen = np.array([i for i, row in enumerate(rows) if row.dataset == dataset])
        for of, names, table in (("file", RAW, raw), ("canvas", SEEN, seen)):
            kept = chosen[np.isfinite(table[chosen]).all(axis=1)]
            found.append(_measured(dataset, of, names, table[kept], [rows[i] for i in kept]))
    return found


def _measured(dataset: str, of: str, names: Sequence[str], table: Floats, rows: Sequence[Row]) -> Shortcut:
    labels = np.array([0.0 if row.genuine else 1.0 for row in rows])
    writers, group = np.unique([row.writer for row in rows], return_inverse=True)
    both = [w for w in range(len(writers)) if len(np.unique(labels[group == w])) == 2]
    kept = np.isin(group, both)
    table, labels, group = table[kept], labels[kept], group[kept]
    if len(both) < 2:
        return Shortcut(dataset, of, len(both), len(table), None, None, None, ())
    odds = cross_validated(table, labels, group)
    pairs = [(odds[(group == w) & (labels == 0)], odds[(group == w) & (labels == 1)]) for w in both]
    auc = area_under_curve(odds[labels == 0], odds[labels == 1])
    return Shortcut(
        dataset=dataset,
        of=of,
        writers=len(both),
        images=len(table),
        auc=auc,
        interval=bootstrap_interval(pairs, area_under_curve),
        within_writers=float(np.mean([area_under_curve(*pair) for pair in pairs])),
        telling=_single(names, table, labels),
        by_swapping=_swapped(table, labels, group) if of == "canvas" else None,
    )


def cross_validated(table: Floats, labels: Floats, group: Indices) -> Floats:
    """Log odds of class 1 for each row, (N,), by heads fitted on other writers. table: (N, F). group: (N,) writers."""
    writers = np.unique(group)
    fold_of = np.random.default_rng(1).permutation(len(writers)) % min(FOLDS, len(writers))
    fold = fold_of[np.searchsorted(writers, group)]
    odds = np.zeros(len(table))
    for number in np.unique(fold):
        held = fold == number
        head = fit_logistic(table[~held], labels[~held], np.ones(int((~held).sum())))
        odds[held] = head.log_odds(table[held])
    return odds


def _swapped(table: Floats, labels: Floats, group: Indices) -> tuple[float, float]:
    """Where 95 % of the AUCs lie when the kinds are swapped for writers drawn at random."""
    rng = np.random.default_rng(1)
    figures = []
    for _ in range(_SWAPS):
        swapped = np.abs(labels - rng.integers(2, size=int(group.max()) + 1)[group])
        odds = cross_validated(table, swapped, group)
        figures.append(area_under_curve(odds[swapped == 0], odds[swapped == 1]))
    low, high = np.quantile(figures, (0.025, 0.975))
    return float(low), float(high)


def _single(names: Sequence[str], table: Floats, labels: Floats) -> tuple[tuple[str, float], ...]:
    figures = [area_under_curve(column[labels == 0], column[labels == 1]) for column in table.T]
    order = np.argsort([-abs(figure - 0.5) for figure in figures])[:3]
    return tuple((names[i], figures[i]) for i in order)
