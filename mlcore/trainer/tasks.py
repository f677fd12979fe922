"""The task of the queue ``train``. TensorFlow is imported inside it: its import outlasts Celery's start-up watch."""

from __future__ import annotations

from celery import shared_task


# Acknowledged at once and never delivered again by the broker: the run's row and its heartbeat decide who goes on.
@shared_task(name="mlcore.trainer.tasks.training_run", ignore_result=True, acks_late=False)
def training_run(public_id: str) -> None:
    """Carry out one training run; does nothing when it is not queued any more."""
    from mlcore.trainer.execute import execute

    execute(public_id)
