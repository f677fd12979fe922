"""The pages of a verification: choose a customer, put the question, read the verdict, look back."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from customers.models import THIN_BELOW, Customer
from customers.selectors import customers_search
from sigweb.accounts.models import User
from sigweb.audit.services import audit_record
from verification.forms import ListForm, SearchForm, VerifyForm
from verification.images import ImageLost, verification_png
from verification.models import Verification
from verification.scale import score_scale
from verification.selectors import specimens_usable, verification_comparisons, verifications_list
from verification.services import VerificationRefused, verification_run

PAGE_SIZE = 25
RESULTS_SHOWN = 12


@login_required
@require_GET
def verify(request: HttpRequest) -> HttpResponse:
    """Choose the customer."""
    _asker(request)
    return render(request, "verification/verify.html", {"form": SearchForm()})


@login_required
@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Customers found by number or name, as links into the form; a fragment for htmx, else the whole page."""
    _asker(request)
    form = SearchForm(request.POST)
    text = form.cleaned_data["text"].strip() if form.is_valid() else ""
    found = list(customers_search(text=text)[: RESULTS_SHOWN + 1])
    context = {"form": form, "text": text, "customers": found[:RESULTS_SHOWN], "more": len(found) > RESULTS_SHOWN}
    template = "verification/_search_results.html" if request.htmx else "verification/verify.html"
    return render(request, template, context)


@login_required
@require_http_methods(["GET", "POST"])
def verify_customer(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Put the question: whose signature is this?"""
    user, customer = _asker_and_customer(request, public_id)
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
            return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    return _verify_page(request, customer, form)


@login_required
@require_GET
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The verdict and what it stands on."""
    verification = _verification(request, public_id)
    comparisons = verification_comparisons(verification)
    context = {
        "verification": verification,
        "customer": verification.customer,
        "comparisons": comparisons,
        "thin": len(comparisons) < THIN_BELOW,
        "may_see_images": request.user.has_perm("customers.view_signature"),
        "scale": score_scale(
            score=verification.score, t_match=verification.t_match, t_no_match=verification.t_no_match
        ),
    }
    return render(request, "verification/detail.html", context)


@login_required
@require_GET
def verification_list(request: HttpRequest) -> HttpResponse:
    """One's own verifications, or everybody's, latest first."""
    user = _reader(request)
    form = ListForm(request.GET)
    form.is_valid()
    whose = form.cleaned_data.get("whose") or "own"
    verdict = form.cleaned_data.get("verdict") or ""
    found = verifications_list(asked_by=None if whose == "all" else user, verdict=verdict)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "whose": whose, "verdict": verdict, "verdicts": Verification.Verdict.choices}
    return render(request, "verification/list.html", context)


@login_required
@require_GET
def image(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The questioned signature as PNG: the page, or the ink that was compared. Every look is audited."""
    verification = _verification(request, public_id, image=True)
    view = request.GET.get("view", "original")
    try:
        png = verification_png(verification=verification, view=view)
    except ImageLost as error:
        raise Http404 from error
    audit_record(
        actor=_user(request), action="verification.viewed", obj=verification, request=request, details={"view": view}
    )
    response = HttpResponse(png, content_type="image/png")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _verify_page(request: HttpRequest, customer: Customer, form: VerifyForm) -> HttpResponse:
    usable = specimens_usable(customer=customer, on=timezone.localdate()).count()
    context = {
        "customer": customer,
        "form": form,
        "usable": usable,
        "thin": 0 < usable < THIN_BELOW,
        "ready": bool(usable) and customer.is_active,
    }
    if not form.is_bound:
        return render(request, "verification/verify_customer.html", context)
    # htmx swaps the messages only, so that the chosen file stays chosen; without it the whole page comes back.
    template = "verification/_form_messages.html" if request.htmx else "verification/verify_customer.html"
    return render(request, template, context, status=422)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _asker(request: HttpRequest) -> User:
    """The user, who may ask for verifications and find customers."""
    if not request.user.has_perms(["verification.add_verification", "customers.view_customer"]):
        raise PermissionDenied
    return _user(request)


def _asker_and_customer(request: HttpRequest, public_id: UUID) -> tuple[User, Customer]:
    user = _asker(request)
    return user, get_object_or_404(Customer.objects.select_related("branch"), public_id=public_id)


def _reader(request: HttpRequest) -> User:
    """The user, who may read verifications."""
    if not request.user.has_perm("verification.view_verification"):
        raise PermissionDenied
    return _user(request)


def _verification(request: HttpRequest, public_id: UUID, *, image: bool = False) -> Verification:
    """A verification that the user may read; with `image`, whose signature he may see too."""
    _reader(request)
    if image and not request.user.has_perm("customers.view_signature"):
        raise PermissionDenied
    found = Verification.objects.select_related("customer__branch", "asked_by", "model_version")
    return get_object_or_404(found if image else found.defer("image"), public_id=public_id)
