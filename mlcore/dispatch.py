"""Sending specimens to the embed workers. A dispatch that fails is only late: the sweep delivers what is missing."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from celery import current_app

from customers.signals import specimens_stored

logger = logging.getLogger(__name__)

# How long a broker that does not answer may hold up a request.
TIMEOUT_SECONDS = 0.5
# After a failure the broker is left alone for this long, so that a hanging one delays one request, not all.
PAUSE_SECONDS = 10.0

_IMPATIENT = {
    "socket_connect_timeout": TIMEOUT_SECONDS,
    "socket_timeout": TIMEOUT_SECONDS,
    "max_retries": 0,
    "connect_retries_timeout": TIMEOUT_SECONDS,
}
_paused_until = 0.0


def connect() -> None:
    specimens_stored.connect(_specimens_stored, dispatch_uid="mlcore.dispatch")


def _specimens_stored(sender: object, *, public_ids: Iterable[UUID], **kwargs: Any) -> None:
    specimens_dispatch(public_ids)


def specimens_dispatch(public_ids: Iterable[UUID]) -> int:
    """Queue the embedding of these specimens; returns how many were queued. Never raises, never retries."""
    global _paused_until
    # Imported here, since the tasks need the models of all apps.
    from mlcore.tasks import specimen_embed

    if time.monotonic() < _paused_until:
        return 0
    queued = 0
    try:
        with current_app.connection_for_write(transport_options=_IMPATIENT) as broker:
            producer = current_app.amqp.Producer(broker, auto_declare=False)
            for public_id in public_ids:
                specimen_embed.apply_async(args=(str(public_id),), producer=producer, retry=False)
                queued += 1
    except Exception:
        # Whatever the broker's client raises, the specimens are stored already and the request has succeeded.
        _paused_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("Embedding could not be queued; the sweep will find the specimens.", exc_info=True)
    return queued
