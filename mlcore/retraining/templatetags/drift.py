"""The last look at drift, where administrators come first."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import RequestContext

from mlcore.models import DriftReport
from mlcore.retraining.drift_words import suggestion_in_words

register = template.Library()


@register.inclusion_tag("admin/mlcore/driftreport/_notice.html", takes_context=True)
def drift_notice(context: RequestContext) -> dict[str, Any]:
    """Says so, to whoever may see it, when the last report alarms; else nothing."""
    request = context.get("request")
    if request is None or not request.user.has_perm("mlcore.view_driftreport"):
        return {}
    last = DriftReport.objects.first()
    if last is None or not last.alarm:
        return {}
    return {"last": last, "helps": suggestion_in_words(last.report["suggestion"])}
