"""Percentiles by histogram are those of NumPy, which the thresholds of ink were measured with."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.imaging.ink import percentiles

SHARES = (0, 2, 10, 50, 75, 90, 95, 100)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (7, 13), (64, 101)])
@pytest.mark.parametrize("levels", [1, 2, 256])
def test_percentiles_of_grey_levels_are_those_of_numpy(shape: tuple[int, int], levels: int) -> None:
    values = np.random.default_rng(levels).integers(0, levels, shape, dtype=np.uint8)
    assert percentiles(values, SHARES) == pytest.approx(np.percentile(values, SHARES), abs=1e-9)
    assert percentiles(values[::2, ::3], SHARES) == pytest.approx(np.percentile(values[::2, ::3], SHARES), abs=1e-9)
