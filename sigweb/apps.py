"""Django configuration of the project package itself: checks and database rights."""

from __future__ import annotations

from django.apps import AppConfig


class SigwebConfig(AppConfig):
    """Registers the system checks of the deployment."""

    name = "sigweb"
    label = "sigweb"
    verbose_name = "SigWeb"
