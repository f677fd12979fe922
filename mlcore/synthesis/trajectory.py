"""The movement of a pen over paper: what signers produce and the renderer draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

MICROMETRE_STEPS = 1e-3


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A pen's path, sampled in time.

    All arrays have shape (N,), N >= 1: `x` and `y` in millimetres (y points down), `time` in
    milliseconds, not falling, `pressure` in 0..1, `pen` True where the tip touches the paper.
    The path between two neighbouring samples leaves ink when both touch.

    Raises ValueError for arrays of different lengths, no sample, or values that are not finite.
    """

    x: Floats
    y: Floats
    time: Floats
    pressure: Floats
    pen: Flags

    def __post_init__(self) -> None:
        arrays = (self.x, self.y, self.time, self.pressure, self.pen)
        if any(array.shape != (len(self.x),) for array in arrays) or len(self.x) == 0:
            raise ValueError("A trajectory needs arrays of one and the same length, at least 1.")
        if not all(np.isfinite(array).all() for array in arrays[:4]):
            raise ValueError("A trajectory may hold finite numbers only.")

    @classmethod
    def from_points(
        cls, points: NDArray[np.floating], *, width: float | None = None, unit: float | None = None
    ) -> Trajectory:
        """A recording of a digitising pen as a trajectory.

        `points` (N, 5): x, y pointing down, time in ms, pen down 1/0, pressure 0..1. The unit of x
        and y differs between devices: give `unit` (millimetres a step), or `width` (millimetres
        that the inked part shall measure in its longer direction; 50 if neither is given).
        Moves the inked part to start at (0, 0).

        Raises ValueError for another shape, no point, or numbers that are not finite.
        """
        if points.ndim != 2 or points.shape[1] != 5 or len(points) == 0:
            raise ValueError("Points must be an array of shape (N, 5) with at least one row.")
        place = points[:, :2].astype(np.float64)
        pen = points[:, 3] > 0.5
        inked = place[pen] if pen.any() else place
        place = place - inked.min(axis=0)
        if unit is None:
            extent = float(np.ptp(inked, axis=0).max())
            unit = (50.0 if width is None else width) / extent if extent > 0 else 1.0
        place = place * unit
        return cls(
            x=place[:, 0].astype(np.float32),
            y=place[:, 1].astype(np.float32),
            time=points[:, 2].astype(np.float32),
            pressure=np.clip(points[:, 4], 0.0, 1.0).astype(np.float32),
            pen=pen,
        )

    @property
    def duration(self) -> float:
        """Milliseconds between the first and the last sample."""
        return float(self.time[-1] - self.time[0])

    @property
    def inked(self) -> Flags:
        """Shape (N-1,): whether the path from sample i to i+1 leaves ink."""
        touching: Flags = self.pen[1:] & self.pen[:-1]
        return touching

    @property
    def ink_length(self) -> float:
        """Millimetres of path that leave ink."""
        steps = np.hypot(np.diff(self.x), np.diff(self.y))
        return float(steps[self.inked].sum())

    @property
    def strokes(self) -> list[slice]:
        """The runs of samples with the pen on the paper, in order of time."""
        edges = np.flatnonzero(np.diff(np.r_[False, self.pen, False].astype(np.int8)))
        return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]

    def speed(self) -> Floats:
        """Shape (N,): millimetres a second at each sample (central differences)."""
        if len(self.x) < 2:
            return np.zeros(1, np.float32)
        seconds = np.maximum(np.gradient(self.time.astype(np.float64)) / 1000.0, MICROMETRE_STEPS)
        speed: Floats = (np.hypot(np.gradient(self.x), np.gradient(self.y)) / seconds).astype(np.float32)
        return speed
