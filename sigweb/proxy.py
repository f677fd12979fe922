"""The client's address behind a reverse proxy; in use only where BEHIND_PROXY is set."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class ClientAddressMiddleware:
    """Sets REMOTE_ADDR, by which log-ins are limited and events are audited, to the address that the proxy saw.

    That is the last one of X-Forwarded-For: the proxy appends it, while everything before it is the client's claim.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Replace the address where the header holds one."""
        claimed = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        with contextlib.suppress(ValueError):
            request.META["REMOTE_ADDR"] = str(ipaddress.ip_address(claimed))
        return self.get_response(request)
