"""The calibration plot shows what was stated and measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from mlcore.evaluation.plots import plot_calibration


def check(rate: str, stated: float, measured: float) -> dict[str, object]:
    return {
        "rate": rate, "stated": stated, "stated_ci": [stated / 2, stated * 2], "measured": measured,
        "measured_ci": [measured / 2, measured * 2],
    }  # fmt: skip


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L"))


def test_another_measured_rate_is_drawn_elsewhere(tmp_path: Path) -> None:
    for name, measured in (("a", 0.05), ("b", 0.05), ("c", 0.2)):
        checks = {"3 specimens": [check("far", 0.05, measured), check("frr", 0.02, 0.0)]}
        plot_calibration(checks, tmp_path / "plots" / f"{name}.png", title="test")
    first, same, other = (pixels(tmp_path / "plots" / f"{name}.png") for name in "abc")
    assert np.array_equal(first, same)
    # Only the left half, where FAR is drawn, has changed.
    middle = first.shape[1] // 2
    assert not np.array_equal(first[:, :middle], other[:, :middle])
    assert np.array_equal(first[:, middle:], other[:, middle:])


def test_a_rate_without_checks_is_an_empty_panel(tmp_path: Path) -> None:
    plot_calibration({"3 specimens": [check("far", 0.05, 0.04)]}, tmp_path / "one.png", title="test")
    assert pixels(tmp_path / "one.png").min() < 100
