"""Plots of an evaluation. matplotlib is imported inside, so that no server process loads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.evaluation.figures import equal_error_rate, error_rates

Floats = npt.NDArray[np.float64]
_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)


def plot_det(curves: Mapping[str, tuple[Floats, Floats]], path: Path, *, title: str) -> None:
    """Detection error trade-off (Martin et al. 1997) of named (genuine, forged) scores, on normal-deviate axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 6.0), layout="constrained")
    axes = figure.subplots()
    low, high = _deviate(_TICKS[0]), _deviate(_TICKS[-1])
    for name, (genuine, forged) in curves.items():
        _, far, frr = error_rates(genuine, forged)
        label = f"{name} (EER {100 * equal_error_rate(genuine, forged):.1f} %)"
        axes.plot([_deviate(v) for v in far], [_deviate(v) for v in frr], label=label, linewidth=1.6)
    axes.plot([low, high], [low, high], color="0.7", linewidth=0.8, linestyle=":")
    positions, labels = [_deviate(tick) for tick in _TICKS], [f"{100 * tick:g}" for tick in _TICKS]
    axes.set_xticks(positions, labels)
    axes.set_yticks(positions, labels)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_xlabel("Skilled forgeries accepted (FAR), %")
    axes.set_ylabel("Genuine signatures rejected (FRR), %")
    axes.set_title(title)
    axes.grid(color="0.9")
    axes.legend(fontsize="small", loc="upper right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def plot_scores(genuine: Floats, skilled: Floats, thresholds: Sequence[float], path: Path, *, title: str) -> None:
    """Histograms of the scores of genuine signatures and skilled forgeries with both thresholds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.0), layout="constrained")
    axes = figure.subplots()
    finite = np.concatenate([genuine, skilled])
    finite = finite[np.isfinite(finite)]
    low, high = (float(value) for value in np.quantile(finite, (0.002, 0.998)))
    bins = np.linspace(low, high, 60).tolist()
    for scores, name, colour in ((genuine, "genuine", "#2563a8"), (skilled, "skilled forgeries", "#c2571a")):
        axes.hist(scores[np.isfinite(scores)], bins=bins, density=True, alpha=0.55, label=name, color=colour)
    for threshold in thresholds:
        axes.axvline(threshold, color="0.2", linestyle="--", linewidth=1)
    axes.set_xlabel("Score (small is alike)")
    axes.set_ylabel("Density")
    axes.set_title(title)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def plot_calibration(checks: Mapping[str, Sequence[Mapping[str, Any]]], path: Path, *, title: str) -> None:
    """Stated against measured FAR and FRR with both 95 % intervals, in per cent on logarithmic axes.

    checks: CalibrationCheck.as_dict() of each name, such as a number of specimens. On the diagonal the two agree.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.8), layout="constrained")
    low, high = 100 * _TICKS[0], 100 * _TICKS[-1]
    for axes, rate in zip(figure.subplots(1, 2), ("far", "frr"), strict=True):
        for name, found in checks.items():
            points = np.array(
                [
                    [check[f"{which}{end}"] for which in ("stated", "measured") for end in ("", "_low", "_high")]
                    for check in map(_flat, found)
                    if check["rate"] == rate
                ]
            ).reshape(-1, 6)
            x, x_low, x_high, y, y_low, y_high = np.maximum(100 * points[np.argsort(points[:, 0])], low).T
            axes.errorbar(x, y, xerr=(x - x_low, x_high - x), yerr=(y - y_low, y_high - y), label=name, fmt="o-",
                          markersize=4, linewidth=1.2, elinewidth=0.7)  # fmt: skip
        axes.plot([low, high], [low, high], color="0.6", linewidth=0.8, linestyle=":")
        axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks([100 * tick for tick in _TICKS], [f"{100 * tick:g}" for tick in _TICKS], minor=False)
            axis.set_ticks([], minor=True)
        axes.set(xlabel=f"{rate.upper()} stated, %", ylabel=f"{rate.upper()} measured, %")
        axes.grid(color="0.9")
        axes.legend(fontsize="small", loc="upper left")
    figure.suptitle(title)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def _flat(check: Mapping[str, Any]) -> dict[str, Any]:
    ends = {
        f"{which}_{end}": check[f"{which}_ci"][i]
        for which in ("stated", "measured")
        for i, end in enumerate(("low", "high"))
    }
    return {**check, **ends}


def _deviate(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(min(max(share, 1e-5), 1 - 1e-5))
