"""Figures in words for the pages of retraining."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

register = template.Library()
MINUTE, HOUR = 60, 3600


@register.filter
def duration(seconds: float | None) -> str:
    """Roughly, in the unit that a person would use."""
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return _("less than a minute")
    if seconds < 2 * HOUR:
        minutes = round(seconds / MINUTE)
        return ngettext("about %(n)d minute", "about %(n)d minutes", minutes) % {"n": minutes}
    return _("about %(hours)s hours") % {"hours": _number(seconds / HOUR, 1)}


@register.filter
def per_cent(share: float | None, digits: int = 1) -> str:
    """A fraction as per cent."""
    return _("not measured") if share is None else f"{_number(100 * share, digits)} %"


@register.filter
def points(difference: float | None, digits: int = 1) -> str:
    """A difference of two fractions in points of a per cent, with its sign."""
    if difference is None:
        return _("not measured")
    value = round(100 * difference, digits)
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return f"{sign}{_number(abs(value), digits)}"


@register.filter
def megabytes(size: float | None) -> str:
    """Bytes as megabytes."""
    return _("not measured") if size is None else f"{_number(size / 1e6, 1)} MB"


@register.filter
def pretty(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=1, ensure_ascii=False)


def _number(value: float, digits: int) -> str:
    """In the reader's format; Django's alone would cut digits off."""
    return formats.number_format(round(value, digits), digits)
