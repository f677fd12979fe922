"""What every request passes through on its way to a log-in."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


class BackToTheForm:
    """Whoever has to log in while sending a form comes back to the page that the form stands on.

    Django would lead to the address that the form is sent to; many show nothing to look at. What was typed waits in
    the browser (static/js/keep.js).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "POST" or response.status_code != 302:
            return response
        # The pages that ask who somebody is: ours, and the administration's.
        logins = (resolve_url(settings.LOGIN_URL), reverse("admin:login"))
        page = _page_of_the_form(request)
        target = urlsplit(response["Location"])
        if target.path not in logins or REDIRECT_FIELD_NAME not in parse_qs(target.query) or not page:
            return response
        if urlsplit(page).path in logins:  # a form of a log-in page itself, such as the switch of the language
            return response
        response["Location"] = redirect_to_login(page, target.path)["Location"]
        return response


def _page_of_the_form(request: HttpRequest) -> str:
    """Path and query of the page that sent the request; empty where the browser does not tell, or it is not ours."""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
