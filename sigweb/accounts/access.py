"""Asking for permissions, in one place, for all views."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from sigweb.accounts.models import User


def person(request: HttpRequest, *permissions: str) -> User:
    """The person who is logged in and has every one of `permissions`.

    Raises PermissionDenied (403) otherwise; views put `login_required` in front, which sends strangers to the
    log-in page.
    """
    user = request.user
    if not isinstance(user, User) or not user.has_perms(permissions):
        raise PermissionDenied
    return user
