"""Drift: the days with their alarms, a page a day, and a look at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from mlcore.evaluation.drift import NOTABLE
from mlcore.models import DriftReport
from mlcore.retraining import drift_chart, drift_words
from mlcore.retraining.admin.pages import START, PageAdmin, require
from mlcore.retraining.drift import DriftUnasked, drift_ask

TEMPLATES = "admin/mlcore/driftreport/"


class DayChangeList(ChangeList):
    """Days are addressed by their date."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pk_attname = "day"


@admin.register(DriftReport)
class DriftReportAdmin(PageAdmin):
    change_list_template = TEMPLATES + "list.html"
    list_display = ("day", "changed", "what_helps", "compared")
    date_hierarchy = "day"

    @admin.display(description=gettext_lazy("changed"), ordering="alarm")
    def changed(self, report: DriftReport) -> str:
        count = sum(finding["drifted"] for finding in report.report["findings"])
        return str(count) if count else _("nothing")

    @admin.display(description=gettext_lazy("what helps"))
    def what_helps(self, report: DriftReport) -> str:
        return drift_words.suggestion_in_words(report.report["suggestion"])

    @admin.display(description=gettext_lazy("compared"))
    def compared(self, report: DriftReport) -> str:
        return str(report.report["comparisons"]) if report.report["comparisons"] else _("too few signatures")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DayChangeList

    def get_urls(self) -> list[URLPattern]:
        look = path("look/", self.admin_site.admin_view(self.look), name="mlcore_driftreport_look")
        return [look, *super().get_urls()]

    def row_or_404(self, request: HttpRequest, day: Any) -> DriftReport:
        """The report of a day, written as in 2026-05-20. Raises Http404."""
        try:
            found: DriftReport | None = self.get_queryset(request).filter(day=day).first()
        except (ValidationError, ValueError):
            found = None
        if found is None:
            raise Http404(_("There is no report of this day."))
        return found

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        more = {"may_look": request.user.has_perm(START), "none_yet": not DriftReport.objects.exists()}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    @method_decorator(require_GET)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One day: what changed, what would help, and every comparison."""
        self.view_or_403(request)
        row = self.row_or_404(request, object_id)
        report = row.report
        return self.page(
            request,
            TEMPLATES + "report.html",
            title=_("Drift"),
            row=row,
            report=report,
            changes=[drift_words.change_in_words(one) for one in report["findings"] if one["drifted"]],
            advice=drift_words.advice(report),
            caveats=drift_words.caveats(report),
            trend=drift_chart.trend(report["days"]),
            findings=[_row(finding) for finding in report["findings"]],
            pictures=list(_pictures(report["findings"])),
            before=self.get_queryset(request).filter(day__lt=row.day).first(),
            after=self.get_queryset(request).filter(day__gt=row.day).last(),
            may_look=request.user.has_perm(START),
        )

    @method_decorator(require_POST)
    def look(self, request: HttpRequest) -> HttpResponse:
        """Look now; the report of today is made, or made anew."""
        actor = require(request, START)
        try:
            row = drift_ask(actor=actor)
        except DriftUnasked as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:index"))
        if row is None:
            self.message_user(request, _("A worker looks now; the report is here in a minute or two."), messages.INFO)
            return HttpResponseRedirect(reverse("admin:index"))
        said = _("There is an alarm: something has changed.") if row.alarm else _("Looked; there is no alarm.")
        self.message_user(request, said, messages.WARNING if row.alarm else messages.SUCCESS)
        if not self.has_view_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        return HttpResponseRedirect(reverse("admin:mlcore_driftreport_change", args=[row.day]))


def _row(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding in a line of the table; share and limit: of the bar, in per cent."""
    limit = max(finding.get("limit", 0.0), NOTABLE)
    return {
        **finding,
        "where": drift_words.group_in_words(finding["group"], finding["name"]),
        "what": drift_words.measure_in_words(finding["measure"]),
        "bound": limit,
        "share": round(min(finding.get("value", 0.0) / limit, 2.0) * 50, 1),
    }


def _pictures(findings: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Findings with their bins: numbers as bars, remarks as a table."""
    for finding in findings:
        bins = finding.get("bins")
        if not bins or (not bins["edges"] and not bins["sets"]):
            continue
        drawn: dict[str, Any] = {**_row(finding), "bars": drift_chart.bars(bins) if bins["edges"] else None}
        if bins["sets"]:
            named = [drift_words.remarks_in_words(codes) for codes in bins["sets"]]
            drawn["remarks"] = list(zip(named, bins["before"], bins["lately"], strict=True))
        yield drawn
