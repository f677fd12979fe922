"""Under which name failed log-ins are counted: people type their password into the field of the user name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from axes.utils import reset
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from sigweb.accounts.models import User


def counted_name(request: HttpRequest | None, credentials: Mapping[str, Any] | None = None) -> str | None:
    """What django-axes counts by: a keyed digest of the name that was typed; None where none was."""
    typed = credentials or (request.POST if request is not None else {})
    name = typed.get("username")
    return _digest(str(name)) if name is not None else None


def lockout_end(user: User) -> None:
    """Forget how often somebody has tried in vain, from wherever."""
    reset(username=_digest(user.get_username()))


def _digest(name: str) -> str:
    return salted_hmac("sigweb.accounts.lockout", name, algorithm="sha256").hexdigest()
