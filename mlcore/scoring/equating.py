"""Carrying a calibration over from one network to the next, where the next has no real forgeries to be fitted on.

Linear equating (Kolen and Brennan 2014, chapter 2): both networks score the same trials, and the new one's scores are
stretched and shifted until genuine signatures and forgeries lie, on average, where they lay for the old one. Thresholds
and error rates of the old network, counted on real writers, then speak of the new one's scores too. Where the new
network spreads its scores less around the two averages, fewer lie on the wrong side of a threshold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mlcore.scoring.cohort import Cohort
from mlcore.scoring.logistic import FitError, LogisticHead
from mlcore.scoring.scorer import Scorer

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Equating:
    """equated score = stretch * score + shift; stretch above 0."""

    stretch: float
    shift: float


def equate(genuine: Sequence[Floats], forged: Sequence[Floats]) -> Equating:
    """Between (old, new) scores of the same genuine trials and of the same forged ones, (T,) each.

    Scores that are no finite number (refused images) are left out. Raises FitError where nothing is left, or where the
    new network does not tell the two kinds apart.
    """
    (old_genuine, new_genuine), (old_forged, new_forged) = (_finite(*pair) for pair in (genuine, forged))
    if not len(old_genuine) or not len(old_forged):
        raise FitError("There are no trials by which the calibration could be carried over.")
    old_gap = float(old_forged.mean() - old_genuine.mean())
    new_gap = float(new_forged.mean() - new_genuine.mean())
    if old_gap <= 0 or new_gap <= 0.1 * old_gap:
        raise FitError("The new network hardly tells genuine signatures from forgeries; there is nothing to calibrate.")
    stretch = old_gap / new_gap
    return Equating(stretch, float(old_genuine.mean()) - stretch * float(new_genuine.mean()))


def equated_head(head: LogisticHead, equating: Equating) -> LogisticHead:
    """The head whose scores (minus log odds) are the equated scores of `head`."""
    return replace(
        head,
        weights=equating.stretch * head.weights,
        intercept=equating.stretch * head.intercept - equating.shift,
    )


def moved_bounds(head: LogisticHead, old: Floats, new: Floats) -> LogisticHead:
    """The head with its bounds where they lie for the new network: as many deviations from the same sets' mean.

    old, new: rows of evidence (N, F) of the same sets, by the network that the head was fitted on and by the new one.
    """
    if not len(head.lowest) or not len(old) or not len(new):
        return head
    old, new = head.known_figures(old), head.known_figures(new)
    stretch = new.std(axis=0) / np.maximum(old.std(axis=0), 1e-6)
    lowest, highest = (
        np.where(np.isfinite(bounds), new.mean(axis=0) + stretch * (bounds - old.mean(axis=0)), bounds)
        for bounds in (head.lowest, head.highest)
    )
    return replace(head, lowest=lowest, highest=highest)


def equated_scorer(parent: Scorer, cohort: Cohort, equatings: Mapping[int, Equating]) -> Scorer:
    """The parent's heads equated for a new network with its own cohort, its calibrations as they are."""
    heads = {count: equated_head(head, equatings[count]) for count, head in parent.heads.items()}
    return Scorer(heads, parent.calibrations, cohort)


def _finite(old: Floats, new: Floats) -> tuple[Floats, Floats]:
    both = np.isfinite(old) & np.isfinite(new)
    return old[both], new[both]
