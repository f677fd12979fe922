"""Training runs: the list, the form with its dry run, and the page on which one is watched and cancelled."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mlcore.models import GateReport, TrainingRun
from mlcore.retraining.admin.pages import START, PageAdmin, require
from mlcore.retraining.forms import CustomerForm, RetrainForm
from mlcore.retraining.membership import CustomerUnknown, membership_look_up
from mlcore.retraining.progress import run_progress
from mlcore.retraining.rates import SHIPPED_SOURCE
from mlcore.retraining.runs import RunRefused, run_cancel, run_start
from mlcore.retraining.selectors import dry_run
from sigweb.accounts.access import person

TEMPLATES = "admin/mlcore/trainingrun/"
VIEW_VERSION = "mlcore.view_modelversion"


@admin.register(TrainingRun)
class TrainingRunAdmin(PageAdmin):
    change_list_template = TEMPLATES + "list.html"
    list_display = ("asked_at", "state", "share_done", "asked_by", "finished_at", "version_made")
    show_facets = admin.ShowFacets.NEVER
    list_display_links = ("asked_at",)
    list_filter = ("state",)
    list_select_related = ("requested_by", "produced", "measured")
    ordering = ("-created_at",)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without the way to the version made for those who may not see model versions, such as an auditor."""
        if request.user.has_perm(VIEW_VERSION):
            return self.list_display
        return [{"version_made": "version_named"}.get(name, name) for name in self.list_display]

    @admin.display(description=gettext_lazy("asked for"), ordering="created_at")
    def asked_at(self, run: TrainingRun) -> Any:
        return run.created_at

    @admin.display(description=gettext_lazy("by"), ordering="requested_by")
    def asked_by(self, run: TrainingRun) -> Any:
        return run.requested_by

    @admin.display(description=gettext_lazy("progress"), ordering="progress")
    def share_done(self, run: TrainingRun) -> str:
        return f"{run.progress:.0%}"

    @admin.display(description=gettext_lazy("model version"))
    def version_made(self, run: TrainingRun) -> SafeString | str:
        if run.candidate is None:
            return ""
        address = reverse("admin:mlcore_modelversion_comparison", args=[run.candidate.public_id])
        return format_html('<a href="{}">{}</a>', address, self.version_named(run))

    @admin.display(description=gettext_lazy("model version"))
    def version_named(self, run: TrainingRun) -> str:
        if run.measured is not None:
            return _("%(name)s (only measured)") % {"name": run.measured}
        return str(run.produced or "")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("retrain/", wrap(self.retrain), name="mlcore_trainingrun_retrain"),
            path("retrain/dry-run/", wrap(self.dry_run), name="mlcore_trainingrun_dry_run"),
            path("customer/", wrap(self.customer), name="mlcore_trainingrun_customer"),
            path("<uuid:public_id>/live/", wrap(self.live), name="mlcore_trainingrun_live"),
            path("<uuid:public_id>/cancel/", wrap(self.cancel), name="mlcore_trainingrun_cancel"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        more = {
            "title": _("Training runs"),
            "may_start": request.user.has_perm(START),
            "none_yet": not TrainingRun.objects.exists(),
        }
        return super().changelist_view(request, {**more, **(extra_context or {})})

    @method_decorator(require_GET)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One run, as it goes."""
        self.view_or_403(request)
        run = self.row_or_404(request, object_id)
        return self.page(request, TEMPLATES + "run.html", **self._run(request, run))

    @method_decorator(require_GET)
    def live(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """The part of a run's page that changes."""
        self.view_or_403(request)
        run = self.row_or_404(request, public_id)
        return self.fragment(request, TEMPLATES + "_fragment.html", **self._run(request, run))

    @method_decorator(require_http_methods(["GET", "POST"]))
    def retrain(self, request: HttpRequest) -> HttpResponse:
        """The form, with its dry run; what it sends becomes a run."""
        actor = require(request, START)
        if request.method == "GET":
            return self._form(request, RetrainForm(initial=_chosen(request)))
        form = RetrainForm(request.POST)
        if not form.is_valid():
            return self._form(request, form)
        try:
            run = run_start(actor=actor, **form.cleaned_data)
        except RunRefused as refusal:
            trainings = TrainingRun.objects.filter(state__in=TrainingRun.OPEN, measured=None)
            same = trainings.filter(**form.cleaned_data).first()
            if same is not None:  # a second click, or another administrator: lead to that run
                self.message_user(request, str(refusal), messages.WARNING)
                return HttpResponseRedirect(_address(same))
            form.add_error(None, str(refusal))
            return self._form(request, form)
        self.message_user(request, _("The training has been asked for."), messages.SUCCESS)
        return HttpResponseRedirect(_address(run))

    @method_decorator(require_GET)
    def dry_run(self, request: HttpRequest) -> HttpResponse:
        """What the options would do, while they are chosen."""
        require(request, START)
        return self.fragment(request, TEMPLATES + "_dry_run.html", **_dry(RetrainForm(request.GET)))

    @method_decorator(require_POST)
    def cancel(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Cancel a run that has not ended; a second click finds it cancelled."""
        actor = require(request, START)
        run = self.row_or_404(request, public_id)

        def done() -> str:
            cancelled = run_cancel(run=run, actor=actor)
            if cancelled.is_open:
                return _("The worker has been asked to stop.")
            return _("The comparison was cancelled.") if run.measured else _("The training was cancelled.")

        return self.attempt(request, done, refusal=RunRefused, back=_address(run))

    @method_decorator(require_http_methods(["GET", "POST"]))
    def customer(self, request: HttpRequest) -> HttpResponse:
        """Whether a customer was in a training; the number comes in the body, and each question is audited."""
        actor = person(request, "mlcore.view_trainingrun", "customers.view_customer")
        form, found = CustomerForm(request.POST or None), None
        if form.is_valid():
            try:
                found = membership_look_up(given=form.cleaned_data["customer"], actor=actor, request=request)
            except CustomerUnknown as unknown:
                form.add_error("customer", str(unknown))
        title = _("Was this customer in a training?")
        return self.page(request, TEMPLATES + "customer.html", title=title, form=form, found=found)

    def _form(self, request: HttpRequest, form: RetrainForm) -> TemplateResponse:
        asked = form if form.is_bound else RetrainForm({**_defaults(), **form.initial})
        return self.page(request, TEMPLATES + "retrain.html", title=_("Retrain"), form=form, **_dry(asked))

    def _run(self, request: HttpRequest, run: TrainingRun) -> dict[str, Any]:
        return {
            "title": _("Comparison with the champion") if run.measured else _("Training run"),
            "run": run,
            "progress": run_progress(run),
            "gate": _gate(run),
            "may_cancel": run.is_open and run.cancel_requested_at is None and person(request).has_perm(START),
        }


def _gate(run: TrainingRun) -> GateReport | None:
    """What the run itself has measured; a later comparison of its candidate is another run's."""
    if run.candidate is None or run.started_at is None:
        return None
    made = GateReport.objects.filter(candidate=run.candidate, created_at__gte=run.started_at)
    return (made.filter(created_at__lte=run.finished_at) if run.finished_at else made).first()


def _address(run: TrainingRun) -> str:
    return reverse("admin:mlcore_trainingrun_change", args=[run.public_id])


def _chosen(request: HttpRequest) -> dict[str, Any]:
    """What the address asks the form to begin with; what it does not know is left to the defaults."""
    start = request.GET.get("start")
    return {"start": start} if start in TrainingRun.Start.values else {}


def _defaults() -> dict[str, Any]:
    return {name: field.initial for name, field in RetrainForm.base_fields.items() if field.initial is not None}


def _dry(form: RetrainForm) -> dict[str, Any]:
    """dry: None where the options can not be."""
    if not form.is_valid():
        return {"dry": None, "asked": form, "shipped_source": SHIPPED_SOURCE}
    options = {name: value for name, value in form.cleaned_data.items() if name != "seed"}
    return {"dry": dry_run(**options), "asked": form, "shipped_source": SHIPPED_SOURCE}
