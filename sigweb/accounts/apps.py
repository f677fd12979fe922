from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "sigweb.accounts"
    label = "accounts"
    verbose_name = _("People and branches")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from sigweb.accounts import signals  # noqa: F401
        from sigweb.accounts.roles import roles_sync

        post_migrate.connect(roles_sync, dispatch_uid="accounts.roles_sync")
