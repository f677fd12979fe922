"""The pages of a verification: choose a customer, put the question, read the verdict, look back."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from customers.models import THIN_BELOW, Customer
from customers.selectors import customers_search, customers_with_counts
from mlcore.imaging import ImageRefused, page_png
from sigweb.accounts.access import person
from sigweb.accounts.models import User
from sigweb.audit.services import audit_record
from verification.forms import ListForm, VerifyForm
from verification.images import VIEWS, ImageLost, verification_png
from verification.models import Verification
from verification.scale import score_scale
from verification.selectors import (
    customers_recent,
    likelihood_in_words,
    verification_comparisons,
    verifications_list,
)
from verification.services import VerificationRefused, verification_ready, verification_run

ASKS = ("verification.add_verification", "customers.view_customer")
READS = "verification.view_verification"
SEES = "customers.view_signature"
PAGE_SIZE = 25
RECENT_SHOWN = 5
RESULTS_SHOWN = 12
PREVIEW_SIDE = 900


@login_required
@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """Choose the customer."""
    user = person(request, *ASKS)
    context = {"recent": customers_recent(asked_by=user, limit=RECENT_SHOWN), "thin_below": THIN_BELOW}
    return render(request, "verification/verify.html", context)


@login_required
@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Customers found by number or name, as links into the form; a fragment for htmx, else the whole page."""
    person(request, *ASKS)
    text = request.POST.get("text", "").strip()
    found = list(customers_with_counts(customers_search(text=text))[: RESULTS_SHOWN + 1])
    context = {
        "text": text,
        "customers": found[:RESULTS_SHOWN],
        "more": len(found) > RESULTS_SHOWN,
        "thin_below": THIN_BELOW,
    }
    fragment = getattr(request, "htmx", False)
    return render(request, "verification/_search_results.html" if fragment else "verification/verify.html", context)


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """A chosen file as PNG, for files that a browser can not show, such as TIFF; nothing is kept."""
    person(request, *ASKS)
    upload = request.FILES.get("image")
    try:
        return _png(page_png(upload.read() if upload else b"", max_side=PREVIEW_SIDE))
    except ImageRefused as refusal:
        return HttpResponse(refusal.sentence, status=422, content_type="text/plain; charset=utf-8")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify_customer(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Put the question: whose signature is this?"""
    user, customer = _customer(request, public_id)
    form = VerifyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            verification = verification_run(
                actor=user,
                customer=customer,
                data=form.cleaned_data["image"].read(),
                request_token=form.cleaned_data["token"],
                amount=form.cleaned_data["amount"],
                cheque_number=form.cleaned_data["cheque_number"],
                request=request,
            )
        except VerificationRefused as refusal:
            form.add_error(refusal.field or None, refusal.sentence)
        else:
            url = reverse("verification:detail", args=[verification.public_id])
            return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)
    return _verify_page(request, customer, form)


@login_required
@require_safe
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The verdict and what it stands on."""
    user, verification = _verification(request, public_id)
    ratio = verification.calibration.get("likelihood_ratio")
    context = {
        "verification": verification,
        "customer": verification.customer,
        "likelihood": likelihood_in_words(ratio) if ratio else "",
        "comparisons": verification_comparisons(verification),
        "may_see": user.has_perm(SEES),
        "image_url": reverse("verification:image", args=[verification.public_id]),
        "scale": score_scale(
            score=verification.score, t_match=verification.t_match, t_no_match=verification.t_no_match
        ),
    }
    return render(request, "verification/detail.html", context)


@login_required
@require_safe
def verification_list(request: HttpRequest) -> HttpResponse:
    """One's own verifications, or everybody's, latest first."""
    user = person(request, READS)
    form = ListForm(request.GET)
    form.is_valid()
    # Who can not ask, such as an auditor, has none of his own to look at.
    whose = form.cleaned_data.get("whose") or ("own" if user.has_perm(ASKS[0]) else "all")
    verdict = form.cleaned_data.get("verdict") or ""
    found = verifications_list(asked_by=None if whose == "all" else user, verdict=verdict)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "whose": whose, "verdict": verdict, "verdicts": Verification.Verdict.choices}
    return render(request, "verification/list.html", context)


@login_required
@require_safe
def image(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The questioned signature as PNG: the page, or the ink that was compared. Every look is audited."""
    user, verification = _verification(request, public_id, image=True)
    view = request.GET.get("view", "original")
    if view not in VIEWS:
        raise Http404
    try:
        png = verification_png(verification=verification, view=view)
    except ImageLost:
        return HttpResponse(_("This picture can not be read any more."), status=503, content_type="text/plain")
    audit_record(actor=user, action="signature.viewed", obj=verification, request=request, details={"view": view})
    return _png(png)


def _png(png: bytes) -> HttpResponse:
    return HttpResponse(
        png,
        content_type="image/png",
        headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
    )


def _verify_page(request: HttpRequest, customer: Customer, form: VerifyForm) -> HttpResponse:
    usable, obstacle = 0, ""
    try:
        usable = len(verification_ready(customer=customer))
    except VerificationRefused as refusal:
        obstacle = refusal.sentence
    context = {
        "customer": customer,
        "form": form,
        "usable": usable,
        "thin": usable < THIN_BELOW,
        "obstacle": obstacle,
    }
    if not form.is_bound:
        return render(request, "verification/verify_customer.html", context)
    # htmx swaps the messages only, so that the chosen file stays chosen; without it the whole page comes back.
    fragment = getattr(request, "htmx", False)
    template = "verification/_form_messages.html" if fragment else "verification/verify_customer.html"
    return render(request, template, context, status=422)


def _customer(request: HttpRequest, public_id: UUID) -> tuple[User, Customer]:
    """The person, who may ask for verifications, and the customer."""
    user = person(request, *ASKS)
    return user, get_object_or_404(Customer.objects.select_related("branch"), public_id=public_id)


def _verification(request: HttpRequest, public_id: UUID, *, image: bool = False) -> tuple[User, Verification]:
    """The person, and a verification that he may read; with `image`, whose signature he may see too."""
    user = person(request, READS, *([SEES] if image else []))
    found = Verification.objects.select_related("customer__branch", "asked_by", "model_version")
    return user, get_object_or_404(found if image else found.defer("image"), public_id=public_id)
