from __future__ import annotations

import logging

from celery import shared_task

from customers import services

logger = logging.getLogger(__name__)


@shared_task(name="customers.tasks.drafts_purge", ignore_result=True)
def drafts_purge() -> int:
    """Forget drafts that nobody submitted; a picture of an abandoned form must not stay in the database."""
    removed = services.drafts_purge()
    if removed:
        logger.info("Removed %d abandoned drafts.", removed)
    return removed
