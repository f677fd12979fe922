"""Put the question: choose the customer, give the image, get the verdict."""

from __future__ import annotations

import json
from dataclasses import astuple
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from customers.advice import seems_to_lie
from customers.models import THIN_BELOW, Customer
from customers.selectors import customers_search, customers_with_counts
from mlcore.imaging import ImageRefused, array_png, decode
from mlcore.imaging.boxes import propose_boxes
from mlcore.imaging.decoding import TURNS
from mlcore.sentences import refusal_in_words
from sigweb.accounts.access import person
from verification.forms import VerifyForm
from verification.questions import VerificationRefused
from verification.selectors import customers_recent
from verification.services import verification_ready, verification_run
from verification.views.access import ASKS, asker, customer_for
from verification.views.pictures import png_response

RECENT_SHOWN = 5
RESULTS_SHOWN = 12
PREVIEW_SIDE = 1400


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
    """A page of a chosen file as PNG, turned by `turn` degrees to the right; nothing is kept.

    The headers tell its size in pixels (X-Page-Size), the pages of the file (X-Pages), where signatures may be
    (X-Boxes, JSON), the likeliest first, and that the only one seems to lie on its side (X-Lying).
    """
    asker(request)
    upload = request.FILES.get("image")
    number, turn = request.POST.get("page", "")[:4], request.POST.get("turn", "")
    try:
        page = decode(
            upload.read() if upload else b"",
            page=int(number) - 1 if number.isdecimal() else 0,
            turn=int(turn) if turn in map(str, TURNS) else 0,
        )
    except ImageRefused as refusal:
        return HttpResponse(refusal_in_words(refusal), status=422, content_type="text/plain; charset=utf-8")
    answer = png_response(array_png(page.grey, max_side=PREVIEW_SIDE))
    height, width = page.grey.shape
    answer["X-Page-Size"], answer["X-Pages"] = f"{width},{height}", str(page.pages)
    boxes = [proposal.box for proposal in propose_boxes(page.grey)]
    answer["X-Boxes"] = json.dumps([astuple(box) for box in boxes])
    if len(boxes) == 1 and seems_to_lie(boxes[0]):
        answer["X-Lying"] = "1"
    return answer


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify_customer(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """Put the question: whose signature is this?"""
    user, customer = customer_for(request, public_id)
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
                **form.part,
            )
        except VerificationRefused as refusal:
            form.add_error(refusal.field or None, refusal.sentence)
        else:
            url = reverse("verification:detail", args=[verification.public_id])
            return HttpResponseClientRedirect(url) if getattr(request, "htmx", False) else redirect(url)
    return _verify_page(request, customer, form)


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
