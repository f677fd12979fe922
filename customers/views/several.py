"""Pages that several specimens are chosen for: their ids stand in the address, `specimen` once for each."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode


def several_url(page: str, specimens: Iterable[UUID]) -> str:
    """The address of the page so named, for these specimens."""
    return f"{reverse(page)}?{urlencode({'specimen': [*map(str, specimens)]}, doseq=True)}"
