"""Django configuration of the project package itself: checks and database rights."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class SigwebConfig(AppConfig):
    """Registers the system checks of the deployment."""

    name = "sigweb"
    label = "sigweb"
    verbose_name = "SigWeb"

    def ready(self) -> None:
        """Make the Celery application the default one, register the checks and the grants after a migration."""
        from sigweb import checks, rights
        from sigweb.celery import app

        app.set_default()  # also for the web server's threads
        checks.register_all()
        # Django sends the signal once an app with models; this one comes after all migrations like the others.
        post_migrate.connect(rights.grant_after_migrate, sender=apps.get_app_config("audit"))
