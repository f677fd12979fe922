"""Pages are kept by nobody: at a shared desk the browser's Back must not show what a colleague had open."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class NothingKept:
    """Forbids browsers and proxies to keep an answer that does not say itself how it may be kept.

    Without it a browser brings a page back as it stood in memory, pictures too, after its person has logged out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
