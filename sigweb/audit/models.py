"""Who did or saw what, when. Rows are added and read, never changed: a trigger in the database holds that."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """One thing that somebody (or the system: `actor` is null) did or looked at."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("actor"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # The log-in as it was then: a user may be renamed, the trail may not.
    actor_name = models.CharField(_("log-in"), max_length=150, blank=True)
    action = models.CharField(_("action"), max_length=64)
    object_type = models.CharField(_("kind"), max_length=64, blank=True)
    object_id = models.UUIDField(_("object"), null=True)
    ip = models.GenericIPAddressField(_("address"), null=True)
    details = models.JSONField(_("details"), default=dict)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ("-at", "-pk")
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=("-at",), name="audit_at"),
            models.Index(fields=("object_type", "object_id"), name="audit_object"),
            models.Index(fields=("action", "-at"), name="audit_action"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name or '-'} {self.action}"
