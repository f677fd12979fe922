"""How figures are written on the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.formats import number_format

from verification.wording import entry_in_words

register = template.Library()


@register.filter
def share(value: float) -> str:
    """A share in [0, 1] as per cent that promises no more than was measured: never 0 % or 100 %."""
    return f"{of_hundred(value)}\u00a0%"


@register.filter
def of_hundred(value: float) -> str:
    """A share in [0, 1] as so many of a hundred, never none and never all."""
    count = 100 * float(value)
    return "< 0.1" if count < 0.1 else "> 99.9" if count > 99.9 else _rounded(count)


@register.filter
def gain(value: float) -> str:
    """A difference of two shares as so many of a hundred, whole; it may well be none."""
    return str(round(100 * float(value)))


@register.filter
def interval(share: Mapping[str, float]) -> str:
    """The ends of a share's interval as so many of a hundred; they may well be none and all."""
    low, high = (_rounded(100 * float(share[end])).removesuffix(".0") for end in ("low", "high"))
    return f"{low}–{high}"


@register.filter
def times(value: float) -> str:
    """A likelihood ratio, or its inverse below 1, with no more than two digits, in the reader's notation as counts."""
    strength = float(f"{max(float(value), 1.0 / float(value)):.2g}")
    return number_format(strength, decimal_pos=1 if strength < 10 else 0, force_grouping=True)


@register.filter
def in_words(entry: Mapping[str, Any]) -> str:
    """A stored reason or remark in the reader's language."""
    return entry_in_words(entry)


def _rounded(count: float) -> str:
    return f"{count:.1f}" if count < 10 or count > 90 else f"{count:.0f}"


@register.filter
def figure(value: float) -> str:
    """A distance or a score, two decimals, with a true minus sign."""
    return f"{float(value):.2f}".replace("-", "−")
