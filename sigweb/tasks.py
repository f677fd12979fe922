"""Housekeeping that belongs to no app."""

from __future__ import annotations

from importlib import import_module

from celery import shared_task
from django.conf import settings


@shared_task(name="sigweb.tasks.sessions_purge")
def sessions_purge() -> None:
    """Forget the sessions that have expired."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
