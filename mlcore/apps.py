from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MlcoreConfig(AppConfig):
    name = "mlcore"
    verbose_name = _("Models and embeddings")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from mlcore import dispatch

        dispatch.connect()
