"""The Celery application. Queues: ``embed`` (light, several at a time) and ``train`` (TensorFlow, one at a time)."""

from __future__ import annotations

import logging.config
import os
import sys
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sigweb.settings")

app = Celery("sigweb")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["mlcore.trainer"])  # no Django app of its own


@signals.setup_logging.connect
def _logging(**_: Any) -> None:
    """Log as the web process does, instead of as Celery would."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@signals.worker_init.connect
@signals.beat_init.connect
def _refuse_misconfiguration(**_: Any) -> None:
    """Celery logs and ignores what a receiver raises, all but SystemExit."""
    from django.core.exceptions import ImproperlyConfigured

    from sigweb.checks import refuse_misconfiguration

    try:
        refuse_misconfiguration()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
