"""How fast this machine trains: measured by its own last runs; before the first, by a bench of the shipped product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from mlcore.embedding.sampling import BatchShape
from mlcore.models import TrainingRun

IMAGES_PER_STEP = BatchShape().images
RUNS_LOOKED_AT = 3


@dataclass(frozen=True, slots=True)
class Rate:
    """images_per_second: of training. overhead: seconds of a run besides (preparing, fitting, measuring).

    runs: finished runs of this installation behind it; 0 means the shipped figure.
    """

    images_per_second: float
    overhead: float
    runs: int = 0

    def seconds(self, steps: int) -> float:
        """Of a whole run of so many training steps."""
        return self.overhead + steps * IMAGES_PER_STEP / self.images_per_second


# `python -m bench.retraining --steps 150`: 500 customers with 5 specimens, two cores of an x86-64 server.
SHIPPED = Rate(images_per_second=120.0, overhead=124.0)
SHIPPED_SOURCE = "2 cores, no graphics card"


def training_rate() -> Rate:
    """Of the last succeeded runs on this installation; the shipped figure while there is none."""
    ended = TrainingRun.objects.filter(state=TrainingRun.State.SUCCEEDED, attempts=1, measured=None)
    last = ended.order_by("-finished_at")
    told = [(run, rate) for run in last[:RUNS_LOOKED_AT] if (rate := curve_rate(run.curves)) is not None]
    if not told:
        return SHIPPED
    overheads = [_overhead(run, rate) for run, rate in told]
    return Rate(median(rate for _, rate in told), median(overheads), runs=len(told))


def curve_rate(curves: Mapping[str, Any]) -> float | None:
    """Median images a second of a run's points; the first is left out where there are more, tracing is in it."""
    points: Sequence[Any] = curves.get("images_per_second") or ()
    steady = [float(point) for point in (points[1:] if len(points) > 1 else points) if point and point > 0]
    return median(steady) if steady else None


def _overhead(run: TrainingRun, rate: float) -> float:
    if run.started_at is None or run.finished_at is None:
        return SHIPPED.overhead
    whole = (run.finished_at - run.started_at).total_seconds()
    return max(whole - run.step * IMAGES_PER_STEP / rate, 0.0)
