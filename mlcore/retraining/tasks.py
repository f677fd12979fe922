"""Celery tasks of the queue ``embed`` that keep retraining alive. They are thin: what they do is in the services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from mlcore.retraining import advancing, drift, promotion, runs
from sigweb.accounts.models import User


@shared_task(name="mlcore.retraining.tasks.training_watch", ignore_result=True)
def training_watch() -> dict[str, int]:
    """Take runs from dead workers and deliver what waits."""
    return runs.runs_watch()


# Not requeued when its process dies: the sweep sends it again, and is in no hurry.
@shared_task(
    name="mlcore.retraining.tasks.promotion_advance", acks_late=True, reject_on_worker_lost=False, ignore_result=True
)
def promotion_advance(public_id: str, turn: int | None = None) -> bool:
    """Go forward with a promotion for a few seconds. Safe to run any number of times."""
    return advancing.promotion_advance(public_id=public_id, turn=turn)


@shared_task(name="mlcore.retraining.tasks.promotions_sweep", ignore_result=True)
def promotions_sweep(late_seconds: float | None = None) -> int:
    """Send again the promotion whose message was lost or whose worker was killed; returns how many were sent."""
    late = promotion.LATE_AFTER if late_seconds is None else timedelta(seconds=late_seconds)
    return promotion.promotions_resend(late_after=late)


@worker_ready.connect
def _sweep_at_start(sender: Any, **kwargs: Any) -> None:
    """A worker that starts goes on at once with what a killed one has left undone."""
    if "embed" in sender.app.amqp.queues.consume_from:
        promotions_sweep.apply_async(kwargs={"late_seconds": 0}, retry=False)


@shared_task(name="mlcore.retraining.tasks.drift_nightly", ignore_result=True)
def drift_nightly(again: bool = False, actor: str | None = None) -> str:
    """Look whether scores, pictures and decisions have drifted; a day that has its report keeps it, unless `again`."""
    person = User.objects.filter(public_id=actor).first() if actor else None
    return str(drift.drift_look(again=again, actor=person).day)
