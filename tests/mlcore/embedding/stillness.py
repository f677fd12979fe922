"""A generator that draws nothing but the middle, so that one change can be looked at alone."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from mlcore.embedding.augmentation import Augmentation

NO_CHANGE = Augmentation(*(0 for _ in fields(Augmentation)))


class Still(np.random.Generator):
    """Draws means and middles, and never what happens with a probability below 1."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(1))

    def normal(self, loc: float = 0.0, scale: float = 1.0, size: object = None) -> object:  # type: ignore[override]
        return loc if size is None else np.full(size, loc, dtype=np.float64)  # type: ignore[call-overload]

    def random(self, *_: object, **__: object) -> float:  # type: ignore[override]
        return 1.0 - 1e-9

    def uniform(self, low: float = 0.0, high: float = 1.0, size: object = None) -> object:  # type: ignore[override]
        middle = (low + high) / 2
        return middle if size is None else np.full(size, middle, dtype=np.float64)  # type: ignore[call-overload]
