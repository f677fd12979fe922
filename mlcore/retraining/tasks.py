"""Celery tasks of the queue ``embed`` that keep retraining alive. They are thin: what they do is in the services."""

from __future__ import annotations

from celery import shared_task

from mlcore.retraining import runs


@shared_task(name="mlcore.retraining.tasks.training_watch", ignore_result=True)
def training_watch() -> dict[str, int]:
    """Take runs from dead workers and deliver what waits."""
    return runs.runs_watch()
