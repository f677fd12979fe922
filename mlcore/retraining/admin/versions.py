"""Model versions: what each is, how a candidate compares, and its promotion, roll back and pruning."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from mlcore.models import Embedding, ModelVersion, Promotion, TrainingRun, long_columns
from mlcore.retraining.admin.exchange import ExchangePages
from mlcore.retraining.admin.pages import PROMOTE, START, PageAdmin, require
from mlcore.retraining.comparison import card_figures, comparison_of
from mlcore.retraining.forms import OverrideForm
from mlcore.retraining.promotion import (
    PromotionRefused,
    embeddings_prune,
    model_rollback,
    promotion_approve,
    promotion_cancel,
    promotion_request,
)
from mlcore.retraining.promotion_words import promotion_message
from mlcore.retraining.runs import RunRefused, run_measure, run_measuring
from mlcore.retraining.selectors import learnt_elsewhere, start_of
from mlcore.selectors import NoChampion, embeddings_prunable

TEMPLATES = "admin/mlcore/modelversion/"


@admin.register(ModelVersion)
class ModelVersionAdmin(ExchangePages, PageAdmin):
    list_display = ("name", "state", "compare", "installed_at", "promoted_at")
    list_filter = ("state",)
    show_facets = admin.ShowFacets.NEVER
    change_list_template = TEMPLATES + "list.html"
    search_fields = ("name", "digest")
    actions = ("retrain_from_here",)

    @admin.display(description=gettext_lazy("comparison"))
    def compare(self, version: ModelVersion) -> SafeString | str:
        if version.state == ModelVersion.State.CHAMPION:
            return ""
        address = reverse("admin:mlcore_modelversion_comparison", args=[version.public_id])
        return format_html('<a href="{}">{}</a>', address, _("beside the champion"))

    @admin.action(description=gettext_lazy("Retrain from here"), permissions=["start"])
    def retrain_from_here(self, request: HttpRequest, chosen: QuerySet[ModelVersion]) -> HttpResponseRedirect | None:
        """Lead to the form of a training that begins with the chosen version."""
        versions = list(chosen[:2])
        start = start_of(versions[0]) if len(versions) == 1 else None
        if start is None:
            told = _("A training goes on from the champion or from the shipped base: select one of these, and only it.")
            self.message_user(request, told, messages.WARNING)
            return None
        return HttpResponseRedirect(f"{reverse('admin:mlcore_trainingrun_retrain')}?{urlencode({'start': start})}")

    def has_start_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(START)

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "mlcore_modelversion_"
        return [
            path("<uuid:public_id>/comparison/", wrap(self.comparison), name=name + "comparison"),
            path("<uuid:public_id>/measure/", wrap(self.measure), name=name + "measure"),
            path("<uuid:public_id>/promotion/", wrap(self.promotion), name=name + "promotion"),
            path("<uuid:public_id>/promote/", wrap(self.promote), name=name + "promote"),
            path("<uuid:public_id>/prune/", wrap(self.prune), name=name + "prune"),
            path("roll-back/", wrap(self.roll_back), name=name + "roll_back"),
            path("promotions/<uuid:public_id>/approve/", wrap(self.approve), name=name + "approve"),
            path("promotions/<uuid:public_id>/cancel/", wrap(self.cancel), name=name + "cancel"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Model versions"), **(extra_context or {})})

    @method_decorator(require_GET)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One model version: what it is and what may be done with it."""
        self.view_or_403(request)
        version = self.row_or_404(request, object_id)
        promotion = self._promotion(request, version)
        vectors = Embedding.objects.filter(model_version=version).count()
        prunable = embeddings_prunable(version=version).count()
        unused = version.state != ModelVersion.State.CHAMPION and promotion["open"] is None
        past = version.promotions.exclude(state__in=Promotion.OPEN).select_related("requested_by", "approved_by")
        return self.page(
            request,
            TEMPLATES + "version.html",
            title=version.name,
            card=card_figures(version),
            vectors=vectors,
            prunable=prunable,
            may_prune=bool(prunable) and unused and promotion["may_promote"],
            may_start=request.user.has_perm(START),
            run=getattr(version, "training_run", None),
            past=[(ended, promotion_message(ended)) for ended in past[:10]],
            **promotion,
        )

    @method_decorator(require_GET)
    def comparison(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Candidate and champion side by side."""
        self.view_or_403(request)
        version = self.row_or_404(request, public_id)
        return self.page(
            request,
            TEMPLATES + "comparison.html",
            title=_("Comparison"),
            may_see_verifications=request.user.has_perm("verification.view_verification"),
            **self._promotion(request, version),
        )

    @method_decorator(require_POST)
    def measure(self, request: HttpRequest, public_id: UUID) -> HttpResponseRedirect:
        """Ask for a run that only compares; where there is one already, lead to it."""
        actor = require(request, START)
        version = self.row_or_404(request, public_id)
        try:
            run = run_measure(version=version, actor=actor)
        except RunRefused as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
            going = run_measuring(version)
            return HttpResponseRedirect(_run(going) if going else _comparison(version))
        self.message_user(request, _("The comparison has been asked for."), messages.SUCCESS)
        return HttpResponseRedirect(_run(run))

    @method_decorator(require_GET)
    def promotion(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """The panel of a promotion, as it goes; once that has ended, the page around it is loaded anew."""
        self.view_or_403(request)
        context = self._promotion(request, self.row_or_404(request, public_id))
        response = self.fragment(request, TEMPLATES + "_promotion.html", **context)
        if context["open"] is None:
            response["HX-Refresh"] = "true"
        return response

    @method_decorator(require_POST)
    def promote(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """Ask for a promotion; with `override` for one that the gate does not let pass, which needs a reason."""
        actor = require(request, PROMOTE)
        version = self.row_or_404(request, public_id)
        form = OverrideForm(request.POST)
        if "override" in request.POST and not form.is_valid():
            context = {**self._promotion(request, version), "override": form}
            return self.page(request, TEMPLATES + "comparison.html", title=_("Comparison"), **context)
        reason = form.cleaned_data["reason"] if "override" in request.POST else ""

        def done() -> str:
            asked = promotion_request(version=version, actor=actor, override_reason=reason)
            if asked.state == Promotion.State.WAITING:
                return _("Asked for. A second administrator has to approve it.")
            return _("The promotion has begun: vectors are made first, then the models change places.")

        return self.attempt(request, done, refusal=PromotionRefused, back=_comparison(version))

    @method_decorator(require_POST)
    def approve(self, request: HttpRequest, public_id: UUID) -> HttpResponseRedirect:
        """Approve what another administrator has asked for."""
        actor = require(request, PROMOTE)
        promotion = get_object_or_404(Promotion, public_id=public_id)

        def done() -> str:
            promotion_approve(promotion=promotion, actor=actor)
            return _("Approved. Vectors are made first, then the models change places.")

        return self.attempt(request, done, refusal=PromotionRefused, back=_comparison(promotion.version))

    @method_decorator(require_POST)
    def cancel(self, request: HttpRequest, public_id: UUID) -> HttpResponseRedirect:
        """Cancel an open promotion."""
        actor = require(request, PROMOTE)
        promotion = get_object_or_404(Promotion, public_id=public_id)

        def done() -> str:
            return promotion_message(promotion_cancel(promotion=promotion, actor=actor))

        return self.attempt(request, done, refusal=PromotionRefused, back=_comparison(promotion.version))

    @method_decorator(require_POST)
    def roll_back(self, request: HttpRequest) -> HttpResponseRedirect:
        """Put the model version before the champion back in its place.

        The form says from which to which, so that a second click does not go back once more.
        """
        actor = require(request, PROMOTE)
        champion = self.row_or_404(request, request.POST.get("champion", ""))

        def done() -> str:
            back = model_rollback(actor=actor, of=champion)
            return _("Rolled back: %(name)s is the champion again.") % {"name": back.name}

        return self.attempt(request, done, refusal=(PromotionRefused, NoChampion), back=_address(champion))

    @method_decorator(require_POST)
    def prune(self, request: HttpRequest, public_id: UUID) -> HttpResponseRedirect:
        """Remove the vectors of a version that is not in use."""
        actor = require(request, PROMOTE)
        version = self.row_or_404(request, public_id)

        def done() -> str:
            count = embeddings_prune(version=version, actor=actor)
            return ngettext("%(count)d vector was removed.", "%(count)d vectors were removed.", count) % {
                "count": count
            }

        return self.attempt(request, done, refusal=PromotionRefused, back=_address(version))

    def _promotion(self, request: HttpRequest, version: ModelVersion) -> dict[str, Any]:
        """What the panel of a promotion needs; open: the one of this version, other: that of another one."""
        running = (
            Promotion.objects.filter(state__in=Promotion.OPEN)
            .select_related("version", "requested_by")
            .defer(*long_columns("version"))
            .first()
        )
        own = running is not None and running.version_id == version.pk
        last = version.promotions.exclude(state__in=Promotion.OPEN).first()
        may = request.user.has_perm(PROMOTE)
        return {
            "version": version,
            "measuring": run_measuring(version),
            "may_measure": request.user.has_perm(START) and version.state != ModelVersion.State.CHAMPION,
            "learnt_elsewhere": learnt_elsewhere(version),
            "comparison": comparison_of(version),
            "open": running if own else None,
            "other": None if own else running,
            "last": last,
            "last_message": promotion_message(last) if last else "",
            "may_promote": may,
            "may_approve": may and own and running is not None and running.requested_by_id != request.user.pk,
            "override": OverrideForm(),
        }


def _address(version: ModelVersion) -> str:
    return reverse("admin:mlcore_modelversion_change", args=[version.public_id])


def _run(run: TrainingRun) -> str:
    return reverse("admin:mlcore_trainingrun_change", args=[run.public_id])


def _comparison(version: ModelVersion) -> str:
    return reverse("admin:mlcore_modelversion_comparison", args=[version.public_id])
