"""Identify: a signature whose writer is unknown, searched among everybody who is enrolled."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from mlcore.models import long_columns
from sigweb.accounts.access import person
from sigweb.accounts.models import User
from sigweb.audit.services import audit_record
from verification.forms import IdentifyForm
from verification.identification import identification_ranking, identification_run, identifications_latest
from verification.models import Identification
from verification.questions import VerificationRefused
from verification.views.access import SEARCHES, SEES
from verification.views.pictures import questioned_response

READS = ("verification.view_identification", "customers.view_customer")
LATEST = 8


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def identify(request: HttpRequest) -> HttpResponseBase:
    """Ask whose signature it is, and what for."""
    user = person(request, *SEARCHES)
    form = IdentifyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = identification_run(
                actor=user,
                data=form.cleaned_data["image"].read(),
                purpose=form.cleaned_data["purpose"],
                request_token=form.cleaned_data["token"],
                request=request,
                **form.part,
            )
        except VerificationRefused as refusal:
            form.add_error(refusal.field or None, refusal.sentence)
        else:
            url = reverse("verification:identification", args=[made.public_id])
            return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)
    if not form.is_bound:
        context = {"form": form, "latest": identifications_latest(asked_by=user, limit=LATEST)}
        return render(request, "verification/identify.html", context)
    fragment = getattr(request, "htmx", False)
    template = "verification/_form_messages.html" if fragment else "verification/identify.html"
    return render(request, template, {"form": form}, status=422)


@login_required
@require_safe
def identification(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Who may have written it, or that nobody who is enrolled comes close enough."""
    user, made = _identification(request, public_id)
    ranking = identification_ranking(made)
    if made.asked_by != user:
        # It names customers; that one's own does is told by the search itself.
        audit_record(actor=user, action="identification.viewed", obj=made, request=request)
    context = {
        "identification": made,
        "ranking": ranking,
        "several": sum(row.near for row in ranking) > 1,
        "may_see": user.has_perm(SEES),
        "image_url": reverse("verification:identification_image", args=[made.public_id]),
    }
    return render(request, "verification/identification.html", context)


@login_required
@require_safe
def image(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The questioned signature as PNG; every look is audited."""
    user, made = _identification(request, public_id, SEES)
    return questioned_response(request, user, made)


def _identification(request: HttpRequest, public_id: UUID, *permissions: str) -> tuple[User, Identification]:
    """The person, who may read searches, and the search."""
    user = person(request, *READS, *permissions)
    found = Identification.objects.select_related("asked_by", "model_version").defer(*long_columns("model_version"))
    return user, get_object_or_404(found, public_id=public_id)
