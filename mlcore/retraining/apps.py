from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetrainingConfig(AppConfig):
    """Retraining, promotion and drift: services and admin pages over the models of mlcore; it has none of its own."""

    name = "mlcore.retraining"
    label = "retraining"
    verbose_name = _("Retraining")
