"""How figures are written on the pages."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def share(value: float) -> str:
    """A share in [0, 1] as per cent that promises no more than was measured: never 0 % or 100 %."""
    per_cent = 100 * float(value)
    if per_cent < 0.1:
        return "< 0.1\u00a0%"
    if per_cent > 99.9:
        return "> 99.9\u00a0%"
    return f"{per_cent:.1f}\u00a0%" if per_cent < 10 or per_cent > 90 else f"{per_cent:.0f}\u00a0%"


@register.filter
def figure(value: float) -> str:
    """A distance or a score, two decimals, with a true minus sign."""
    return f"{float(value):.2f}".replace("-", "−")
