"""Celery tasks of the queue ``embed``. They are thin: what they do is in the services."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import Task, current_app, shared_task
from celery.signals import worker_ready
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from kombu.exceptions import ChannelError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from customers.models import Specimen
from mlcore import services
from mlcore.bundle import ArtefactError
from mlcore.selectors import NoChampion, model_bundle, model_champion, specimens_without_embedding

logger = logging.getLogger(__name__)

# The default queue of the settings.
QUEUE = "embed"
# A sweep queues at most this many; the next one goes on where it stopped.
SWEEP_BATCH = 500
# That may wait without being about specimens: the next turn of a promotion and its sweep. A sweep that waited for an
# empty queue would find none while a promotion goes on in a single worker process.
OTHER_MESSAGES = 2
# Younger specimens have most likely just been dispatched themselves.
SWEEP_GRACE = timedelta(seconds=15)


# Not requeued when its process dies: an image that kills the worker would come back at once and for ever. Such a
# specimen is left to the sweep, which is in no hurry.
@shared_task(
    bind=True,
    name="mlcore.tasks.specimen_embed",
    acks_late=True,
    reject_on_worker_lost=False,
    ignore_result=True,
    autoretry_for=(OperationalError, InterfaceError, RedisError, BrokerError),
    retry_backoff=1,
    retry_backoff_max=300,
    retry_jitter=True,
    max_retries=10,
)
def specimen_embed(self: Task[Any, Any], public_id: str) -> None:
    """Make the embedding of one specimen under the champion. Safe to run any number of times."""
    specimen = Specimen.objects.filter(
        public_id=UUID(public_id), state__in=[Specimen.State.PENDING, Specimen.State.APPROVED]
    ).first()
    if specimen is None:
        # Retired or removed since it was queued.
        return
    try:
        services.specimen_embed(specimen=specimen)
    except services.SpecimenUnusable as error:
        logger.warning("Specimen %s can not be embedded (%s).", public_id, error.code)
    except (NoChampion, ArtefactError) as error:
        # No retry mends this; once an administrator has, the sweep finds the specimen.
        logger.error("Specimen %s waits for a usable model: %s", public_id, error)


@shared_task(name="mlcore.tasks.embedding_sweep", ignore_result=True)
def embedding_sweep(grace_seconds: float | None = None) -> int:
    """Queue the specimens that have no vector under the champion; returns how many were queued.

    Does nothing while more than a few messages wait: they may be for these very specimens. What a killed worker had
    taken but not acknowledged is in no queue until the broker's visibility timeout, hours later; here it is found at
    once.
    """
    grace = SWEEP_GRACE if grace_seconds is None else timedelta(seconds=grace_seconds)
    try:
        version = model_champion()
        model_bundle(version)
    except (NoChampion, ArtefactError) as error:
        logger.error("Nothing can be embedded: %s", error)
        return 0
    missing = specimens_without_embedding(version=version, stored_before=timezone.now() - grace)
    if not missing.exists() or queue_depth() > OTHER_MESSAGES:
        return 0
    public_ids = list(missing.values_list("public_id", flat=True)[:SWEEP_BATCH])
    for public_id in public_ids:
        specimen_embed.apply_async(args=(str(public_id),), retry=False)
    logger.info("The sweep queued %d specimens without a vector.", len(public_ids))
    return len(public_ids)


def queue_depth() -> int:
    """Messages that wait in the queue; those that a worker has taken do not count."""
    with current_app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        try:
            return int(channel.queue_declare(queue=QUEUE, passive=True).message_count)
        except ChannelError:
            # Redis forgets an empty list.
            return 0


@worker_ready.connect
def _sweep_at_start(sender: Any, **kwargs: Any) -> None:
    """A worker that starts first asks what a killed one has left undone."""
    if QUEUE in sender.app.amqp.queues.consume_from:
        embedding_sweep.apply_async(kwargs={"grace_seconds": 0}, retry=False)
