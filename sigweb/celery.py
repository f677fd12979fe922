"""The Celery application. Queues: ``embed`` (light, many) and ``train`` (TensorFlow, one at a time)."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sigweb.settings")

app = Celery("sigweb")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
