from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.utils.translation import gettext_lazy as _

# From how alike on (0..1) a word in a name counts as found. The server's 0.6 misses "mueller" for "Müller".
WORD_SIMILARITY = 0.5


def _set_similarity(sender: Any, connection: Any, **kwargs: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, false)", [str(WORD_SIMILARITY)])


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers and specimens")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        connection_created.connect(_set_similarity, dispatch_uid="customers.word_similarity")
