"""Augmentation varies the signature and keeps it one."""

from __future__ import annotations

import numpy as np

from mlcore.embedding.augmentation import Augmentation, augment
from mlcore.imaging import prepare
from tests.mlcore.pages import signature_bytes

FINE = prepare(signature_bytes(2)).fine


def test_the_same_seed_gives_the_same_canvas_and_another_seed_another() -> None:
    first = augment(FINE, np.random.default_rng(1))
    assert first.shape == (96, 192)
    assert first.dtype == np.uint8
    assert np.array_equal(first, augment(FINE, np.random.default_rng(1)))
    assert not np.array_equal(first, augment(FINE, np.random.default_rng(2)))


def test_ink_stays_within_bounds_over_many_draws() -> None:
    shares = [np.count_nonzero(augment(FINE, np.random.default_rng(seed)) > 80) for seed in range(60)]
    original = np.count_nonzero(prepare(signature_bytes(2)).canvas > 80)
    assert min(shares) > 0.2 * original
    assert max(shares) < 4.0 * original


def test_without_strength_the_canvas_is_nearly_the_products_own() -> None:
    still = Augmentation(0, 0, 0, 0, 0, 0, 0, 0, 0)
    canvas = augment(FINE, _Still(), still)  # type: ignore[arg-type]
    difference = np.abs(canvas.astype(int) - prepare(signature_bytes(2)).canvas.astype(int))
    assert difference.mean() < 8


def test_an_empty_canvas_stays_empty() -> None:
    assert not augment(np.zeros((192, 384), np.uint8), np.random.default_rng(1)).any()


class _Still:
    """A generator that always draws the middle: nothing happens to the ink."""

    def normal(self, mean: float, sd: float, size: object = None) -> object:
        return mean if size is None else np.full(size, mean, dtype=np.float64)  # type: ignore[call-overload]

    def random(self) -> float:
        return 0.99

    def uniform(self, low: float, high: float, size: object = None) -> float:
        return (low + high) / 2
