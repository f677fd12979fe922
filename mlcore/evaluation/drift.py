"""Has something changed? What was measured lately against what was measured before, free of Django.

*Population stability index* (PSI) of two samples sorted into the same bins, of shares p before and q lately: the sum
over the bins of (q - p) ln(q / p), the symmetrised Kullback-Leibler divergence (Kullback and Leibler 1951), in use in
credit scoring since Lewis (1994). The customary limits (0.1, 0.25) know nothing of sample sizes: by chance alone the
index comes to (1/n + 1/m) times a chi-squared variable of bins - 1 degrees of freedom (Yurdakul and Naranjo 2020),
far beyond 0.1 for 50 signatures. So two limits hold together: the index that two samples of these sizes, drawn from
the pooled one, reach by chance (bootstrap), and 0.1, below which a change is not worth anybody's time.

Signatures of one customer are alike. Samples therefore count as the smaller number of independent ones that they are
worth: divided by the mean design effect (Rao and Scott 1981), estimated from the customers' own counts.

Many comparisons are made a night; each is made at ALARMS_BY_CHANCE divided by their number (Bonferroni), which holds
whatever they have to do with each other: of 100 nights on which nothing has changed, one alarms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
import numpy.typing as npt

from mlcore.scoring.calibration import wilson_interval

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Kind = Literal["number", "category", "rate"]

NOTABLE = 0.1  # PSI below which a change is not worth anybody's time (Lewis 1994)
ALARMS_BY_CHANCE = 0.01  # share of the nights without any change that alarm all the same
LEAST_LATELY, LEAST_BEFORE = 50, 100  # signatures below which nothing is said
BINS, FEW_BINS, MANY = 10, 5, 200  # bins of numbers; few of them below so many signatures lately
_DRAWS = 2000
_SMOOTHING = 0.5  # a signature in each bin, so that an empty one is not infinitely surprising
_BOOTSTRAP_AT = 0.99  # the quantile that so many draws still tell; beyond, the shape of chi-squared does


@dataclass(frozen=True, slots=True)
class Sample:
    """One quantity, before and lately.

    before, lately: float (N,), numbers as they are, categories as small whole numbers from 0, rates as 0 and 1.
    customers_before, customers_lately: int (N,), whose signature each is.
    """

    kind: Kind
    before: Floats
    lately: Floats
    customers_before: Counts
    customers_lately: Counts

    @property
    def enough(self) -> bool:
        """Whether there is enough to say something."""
        return len(self.lately) >= LEAST_LATELY and len(self.before) >= LEAST_BEFORE


@dataclass(frozen=True, slots=True)
class Interval:
    """A share in [0, 1] with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Change:
    """What came of a comparison.

    value: the PSI, of what the samples are worth. limit: the PSI that chance reaches. edges: of the bins of numbers,
    without the open ends. before, lately: share of each bin. centre: medians of numbers. rate_before, rate_lately: of
    rates, with their intervals at the level of the comparison.
    effect: by how much the customers' likeness makes the samples smaller, at least 1.
    """

    drifted: bool
    value: float
    limit: float
    edges: tuple[float, ...] = ()
    before: tuple[float, ...] = ()
    lately: tuple[float, ...] = ()
    centre: tuple[float, float] | None = None
    rate_before: Interval | None = None
    rate_lately: Interval | None = None
    effect: float = 1.0


def compare(samples: Sequence[Sample], *, seed: int = 0) -> list[Change | None]:
    """Compare each sample's two parts, in order; None where there is too little to say anything.

    The level of each depends on how many there are: see above. The same samples give the same answer.
    """
    count = sum(sample.enough for sample in samples)
    level = ALARMS_BY_CHANCE / max(count, 1)
    return [
        (_rate(sample, level) if sample.kind == "rate" else _distribution(sample, level, np.random.default_rng(seed)))
        if sample.enough
        else None
        for sample in samples
    ]


def stability_index(before: Counts | Floats, lately: Counts | Floats) -> Floats:
    """PSI of counts in the same bins, (..., bins) -> (...); half a signature is added to each bin."""
    p, q = (
        (counts + _SMOOTHING) / (counts.sum(axis=-1, keepdims=True) + _SMOOTHING * counts.shape[-1])
        for counts in (np.asarray(before, dtype=np.float64), np.asarray(lately, dtype=np.float64))
    )
    return np.asarray(((q - p) * np.log(q / p)).sum(axis=-1), dtype=np.float64)


def index_by_chance(
    shares: Floats, before: int, lately: int, *, level: float, rng: np.random.Generator, draws: int = _DRAWS
) -> float:
    """The PSI that two samples of these sizes reach by chance in a share `level` of cases, when both have these shares.

    shares: float (bins,), summing to 1. The 99 % quantile comes from a bootstrap; for a smaller level it is extended by
    the quantiles of chi-squared of bins - 1 degrees of freedom, to whose shape the index tends.
    """
    if np.count_nonzero(shares) < 2:
        return 0.0
    drawn = stability_index(rng.multinomial(before, shares, size=draws), rng.multinomial(lately, shares, size=draws))
    limit = float(np.quantile(drawn, _BOOTSTRAP_AT))
    freedom = int(np.count_nonzero(shares)) - 1
    return limit * _chi_squared(1.0 - level, freedom) / _chi_squared(_BOOTSTRAP_AT, freedom)


def design_effect(bins: Counts, customers: Counts) -> float:
    """Mean design effect of the shares of the bins when whole customers are drawn, at least 1 (Rao and Scott 1981).

    bins, customers: int (N,), the bin and the customer of each signature.
    """
    _, place = np.unique(bins, return_inverse=True)
    _, group = np.unique(customers, return_inverse=True)
    width = int(place.max()) + 1
    if width < 2:
        return 1.0
    table = np.zeros((int(group.max()) + 1, width))
    np.add.at(table, (group, place), 1.0)
    shares = table.sum(axis=0) / len(bins)
    beyond = table - table.sum(axis=1, keepdims=True) * shares
    effect = float((beyond**2 / shares).sum()) / (len(bins) * (width - 1))
    return max(effect, 1.0)


def _distribution(sample: Sample, level: float, rng: np.random.Generator) -> Change:
    both = np.concatenate([sample.before, sample.lately])
    edges = _edges(both, len(sample.lately)) if sample.kind == "number" else np.arange(0.5, both.max() + 0.5)
    bins = np.searchsorted(edges, both, side="left")
    counts = [
        np.bincount(part, minlength=len(edges) + 1) for part in (bins[: len(sample.before)], bins[len(sample.before) :])
    ]
    effect = design_effect(bins, np.concatenate([sample.customers_before, sample.customers_lately]))
    sizes = [max(round(len(part) / effect), 1) for part in (sample.before, sample.lately)]
    value = float(stability_index(*(part / effect for part in counts)))
    limit = index_by_chance((counts[0] + counts[1]) / len(both), *sizes, level=level, rng=rng)
    centre = None
    if sample.kind == "number":
        centre = (float(np.median(sample.before)), float(np.median(sample.lately)))
    return Change(
        drifted=value > limit and value > NOTABLE,
        value=value,
        limit=limit,
        edges=tuple(float(edge) for edge in edges) if sample.kind == "number" else (),
        before=tuple((counts[0] / counts[0].sum()).tolist()),
        lately=tuple((counts[1] / counts[1].sum()).tolist()),
        centre=centre,
        effect=effect,
    )


def _edges(both: Floats, lately: int) -> Floats:
    """Inner edges of bins that hold the same share of all; equal ones, of values that are frequent, only once."""
    bins = BINS if lately >= MANY else FEW_BINS
    edges = np.unique(np.quantile(both, np.arange(1, bins) / bins, method="inverted_cdf"))
    return np.asarray(edges[edges < both.max()], dtype=np.float64)


def _rate(sample: Sample, level: float) -> Change:
    both = np.concatenate([sample.before, sample.lately])
    effect = design_effect(both.astype(int), np.concatenate([sample.customers_before, sample.customers_lately]))
    z = NormalDist().inv_cdf(1.0 - level / 2.0)
    before, lately = (_interval(part, effect, z) for part in (sample.before, sample.lately))
    counts = [np.bincount(part.astype(int), minlength=2) / effect for part in (sample.before, sample.lately)]
    value = float(stability_index(*counts))
    apart = lately.low > before.high or lately.high < before.low
    return Change(drifted=apart, value=value, limit=0.0, rate_before=before, rate_lately=lately, effect=effect)


def _interval(values: Floats, effect: float, z: float) -> Interval:
    share = float(values.mean())
    return Interval(share, *wilson_interval(share, len(values) / effect, z))


def _chi_squared(quantile: float, freedom: int) -> float:
    """Quantile of chi-squared (Wilson and Hilferty 1931); up to 11 % too high for 1 degree, within 4 % for more."""
    part = 2.0 / (9.0 * freedom)
    return float(freedom * (1.0 - part + NormalDist().inv_cdf(quantile) * part**0.5) ** 3)
