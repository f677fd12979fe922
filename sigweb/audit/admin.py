from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sigweb.accounts.public_ids import PublicIdAdmin
from sigweb.audit.models import AuditEvent


@admin.register(AuditEvent)
class AuditEventAdmin(PublicIdAdmin):
    """The trail, to be read only."""

    list_display = ("at", "actor_name", "action", "object_type", "object_id", "ip")
    list_filter = ("action", "object_type")
    date_hierarchy = "at"
    search_fields = ("actor_name", "object_id")
    search_help_text = _("Log-in, or the random id of an object")
    actions = None
    list_per_page = 50

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False
