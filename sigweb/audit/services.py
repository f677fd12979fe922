"""The only way to write to the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.http import HttpRequest

from sigweb.audit.models import AuditEvent

if TYPE_CHECKING:
    from sigweb.accounts.models import User


def audit_record(
    *,
    actor: User | AnonymousUser | None,
    action: str,
    obj: Model | None = None,
    request: HttpRequest | None = None,
    details: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Add one row to the audit trail and return it.

    `actor` is None for the system itself; `action` is a dotted string such as "verification.judged"; `obj` is
    named by its kind and random public_id. `details` must be JSON and hold no image, name or customer number.
    Joins the caller's transaction: what is rolled back was not done.
    """
    known = None if actor is None or isinstance(actor, AnonymousUser) else actor
    return AuditEvent.objects.create(
        actor=known,
        actor_name=known.get_username() if known is not None else "",
        action=action,
        object_type=obj._meta.label_lower if obj is not None else "",
        object_id=getattr(obj, "public_id", None),
        ip=_address(request),
        details=dict(details or {}),
    )


def _address(request: HttpRequest | None) -> str | None:
    if request is None:
        return None
    # Forwarded headers can be forged by anybody; a trusted proxy has to set REMOTE_ADDR itself.
    return request.META.get("REMOTE_ADDR") or None
