"""How far a training run is, as its page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from mlcore.models import TrainingRun
from mlcore.retraining.rates import IMAGES_PER_STEP
from mlcore.retraining.run_words import run_message
from mlcore.retraining.runs import HEARTBEAT_SECONDS

CURVES = ("loss", "spread", "violating", "images_per_second")
MOST_POINTS = 300  # of a curve that is drawn
SILENT_AFTER = 3 * HEARTBEAT_SECONDS


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run as it stands. headline: state and phase in words; note: what it waits for, "" where it does not.
    message: how it ended, "" while it goes on.

    silent_for: whole seconds since the last sign of its worker, None while that is not late. left: seconds of training
    left, None outside of training. epoch, epochs: reached and in all; the sampler draws each batch anew, so one epoch
    is as many images drawn as the training set has, of which some come twice and others not; None before the set is put
    together. loss, spread (mean distance between the vectors of strangers, 0 to 2), violating (share of triplets, 0 to
    1) and images_per_second: the last told, None before the first. curves: for the plots.
    """

    run: TrainingRun
    headline: str
    note: str
    message: str
    silent_for: int | None
    left: float | None
    epoch: float | None
    epochs: float | None
    loss: float | None
    spread: float | None
    violating: float | None
    images_per_second: float | None
    curves: dict[str, list[float]]

    @property
    def percent(self) -> int:
        """Whole per cent; 100 only when it is done."""
        return int(self.run.progress * 100)

    @property
    def is_stopping(self) -> bool:
        return self.run.is_open and self.run.cancel_requested_at is not None

    @property
    def log_latest_first(self) -> str:
        return "\n".join(reversed(self.run.log.splitlines()))


def run_progress(run: TrainingRun, *, now: datetime | None = None) -> RunProgress:
    """A run as it stands at a moment."""
    latest = {name: _last(run.curves, name) for name in CURVES}
    return RunProgress(
        run=run,
        headline=_headline(run),
        note=_note(run),
        message=run_message(run),
        silent_for=_silent_for(run, now or timezone.now()),
        left=_left(run, latest["images_per_second"]),
        epoch=_epochs(run, run.step),
        epochs=_epochs(run, run.steps),
        curves=_thinned(run.curves),
        **latest,
    )


def _headline(run: TrainingRun) -> str:
    if run.is_open and run.cancel_requested_at is not None:
        return _("Stopping")
    return str(run.get_phase_display() if run.state == TrainingRun.State.RUNNING else run.get_state_display())


def _note(run: TrainingRun) -> str:
    if run.is_open and run.cancel_requested_at is not None:
        return _("The worker stops after the step that it is at. Nothing is changed.")
    if run.state != TrainingRun.State.QUEUED:
        return ""
    if TrainingRun.objects.filter(state=TrainingRun.State.RUNNING).exists():
        return _("Another run is under way; this one begins after it.")
    if run.attempts and run.measured_id:
        return _("Its worker stopped; the next one begins anew.")
    if run.attempts:
        return _("Its worker stopped; the next one goes on from the last checkpoint.")
    return _("It begins when a worker of the queue “train” is free. If nothing happens, see whether one is running.")


def _silent_for(run: TrainingRun, now: datetime) -> int | None:
    if run.state != TrainingRun.State.RUNNING or run.heartbeat_at is None:
        return None
    seconds = (now - run.heartbeat_at).total_seconds()
    return int(seconds) if seconds > SILENT_AFTER else None


def _left(run: TrainingRun, rate: float | None) -> float | None:
    if run.state != TrainingRun.State.RUNNING or run.phase != TrainingRun.Phase.TRAINING or not rate:
        return None
    return max(run.steps - run.step, 0) * IMAGES_PER_STEP / rate


def _epochs(run: TrainingRun, steps: int) -> float | None:
    return steps * IMAGES_PER_STEP / run.images if run.images else None


def _last(curves: Mapping[str, Any], name: str) -> float | None:
    points: Sequence[Any] = curves.get(name) or ()
    return None if not points or points[-1] is None else float(points[-1])


def _thinned(curves: Mapping[str, Any]) -> dict[str, list[float]]:
    """Every so many-th point, the last always among them."""
    every = max(-(-len(curves.get("step") or ()) // MOST_POINTS), 1)
    return {name: list(reversed((curves.get(name) or [])[::-1][::every])) for name in ("step", *CURVES)}
