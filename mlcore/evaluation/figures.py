"""Error rates of scores. Everywhere small scores are alike: genuine low, forged high; +inf is a refused image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def error_rates(genuine: Floats, forged: Floats) -> tuple[Floats, Floats, Floats]:
    """(thresholds, FAR, FRR) at every distinct finite score, and before the first.

    FAR(s): share of forged <= s. FRR(s): share of genuine > s. Raises ValueError when either is empty.
    """
    if len(genuine) == 0 or len(forged) == 0:
        raise ValueError("Error rates need at least one genuine and one forged score.")
    scores = np.unique(np.concatenate([genuine, forged]))
    thresholds = np.concatenate([[-np.inf], scores[np.isfinite(scores)]])
    far = np.searchsorted(np.sort(forged), thresholds, side="right") / len(forged)
    frr = 1.0 - np.searchsorted(np.sort(genuine), thresholds, side="right") / len(genuine)
    return thresholds, far, frr


def equal_error_rate(genuine: Floats, forged: Floats) -> float:
    """The rate at which FAR and FRR cross, interpolated between the two thresholds around it."""
    _, far, frr = error_rates(genuine, forged)
    return crossing(far, frr)


def crossing(far: Floats, frr: Floats) -> float:
    """Where a rising FAR and a falling FRR at the same thresholds meet, interpolated between the two around it."""
    gap = far - frr
    above = int(np.argmax(gap >= 0)) if (gap >= 0).any() else len(gap) - 1
    if above == 0 or gap[above] <= 0:
        return float((far[above] + frr[above]) / 2)
    share = -gap[above - 1] / (gap[above] - gap[above - 1])
    return float(far[above - 1] + share * (far[above] - far[above - 1]))


def frr_at_far(genuine: Floats, forged: Floats, target: float) -> float:
    """Smallest FRR among the thresholds whose FAR is at most `target`."""
    _, far, frr = error_rates(genuine, forged)
    return float(frr[far <= target].min())


def area_under_curve(genuine: Floats, forged: Floats) -> float:
    """Probability that a genuine score lies below a forged one, ties counting half (the ROC's area)."""
    ordered = np.sort(forged)
    below = np.searchsorted(ordered, genuine, side="left")
    equal = np.searchsorted(ordered, genuine, side="right") - below
    return float(1.0 - (below + 0.5 * equal).sum() / (len(genuine) * len(forged)))


def log_likelihood_ratio_cost(genuine: Floats, forged: Floats) -> float:
    """Cllr in bits of likelihood ratios given as natural logarithms (Bruemmer and du Preez 2006).

    genuine, forged: log likelihood ratios, large speaks for genuine; infinite ones are allowed. 0 is perfect, 1 is
    what a system reaches that always says 1 : 1; above 1 it misleads. Raises ValueError when either is empty.
    """
    if len(genuine) == 0 or len(forged) == 0:
        raise ValueError("The cost of likelihood ratios needs at least one genuine and one forged.")
    surprise = np.logaddexp(0.0, -genuine).mean() + np.logaddexp(0.0, forged).mean()
    return float(surprise / (2.0 * np.log(2.0)))


def pool_adjacent_violators(values: Floats, weights: Floats) -> Floats:
    """The non-decreasing (N,) nearest to `values` by weighted squares (Ayer et al. 1955). weights: (N,) above 0."""
    means: list[float] = []
    masses: list[float] = []
    sizes: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        size = 1
        while means and means[-1] >= value:
            mass = masses.pop()
            value = (means.pop() * mass + value * weight) / (mass + weight)
            weight += mass
            size += sizes.pop()
        means.append(value)
        masses.append(weight)
        sizes.append(size)
    return np.repeat(np.asarray(means, dtype=np.float64), sizes)


def least_cost(genuine: Floats, forged: Floats) -> float:
    """Minimum Cllr: the cost of the scores' best monotone calibration, fitted on the very trials it is measured on.

    genuine, forged: scores, small is alike; equal ones share their likelihood ratio. What Cllr has above it is loss
    by calibration, the rest is loss by discrimination (Bruemmer and du Preez 2006).
    """
    scores, which = np.unique(np.concatenate([genuine, forged]), return_inverse=True)
    counts = np.bincount(which, minlength=len(scores)).astype(np.float64)
    of_forged = np.bincount(which[len(genuine) :], minlength=len(scores))
    share = pool_adjacent_violators(of_forged / counts, counts)
    with np.errstate(divide="ignore"):
        ratios = np.log1p(-share) - np.log(share) - np.log(len(genuine) / len(forged))
    return log_likelihood_ratio_cost(ratios[which[: len(genuine)]], ratios[which[len(genuine) :]])


def bootstrap_interval(
    by_writer: Sequence[tuple[Floats, Floats]],
    figure: Callable[[Floats, Floats], float],
    *,
    rounds: int = 300,
    seed: int = 1,
) -> tuple[float, float]:
    """95 % interval of a figure of (genuine, forged) by drawing whole writers with replacement."""
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(rounds):
        drawn = [by_writer[i] for i in rng.integers(len(by_writer), size=len(by_writer))]
        genuine = np.concatenate([pair[0] for pair in drawn])
        forged = np.concatenate([pair[1] for pair in drawn])
        if len(genuine) and len(forged):
            values.append(figure(genuine, forged))
    if not values:
        return 0.0, 1.0
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
