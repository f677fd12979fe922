"""Enrolment: files are checked singly as drafts, then one submission stores the chosen set."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from customers import leaves, services
from customers.forms import CustomerForm, EnrolForm, LeafForm
from customers.models import MAX_APPROVED, THIN_BELOW, Customer, Specimen
from customers.results import DraftResult, Refused, Submitted
from customers.selectors import drafts_of, enrolment_customer, enrolment_rows, specimens_room
from customers.views.access import customer_for, draft_for, uuid_in, uuids_in
from mlcore.imaging import Limits
from sigweb.accounts.access import person
from sigweb.accounts.models import User

MAX_BYTES = Limits().max_bytes


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """A new customer with his first specimens."""
    user = person(request, "customers.enrol_specimen", "customers.add_customer", "customers.view_customer")
    return _enrol(request, user, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def enrol_more(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """More specimens of a known customer."""
    user, customer = customer_for(request, public_id, "customers.enrol_specimen")
    if not customer.is_active:
        messages.error(request, _("This customer is closed; no specimens can be enrolled."))
        return redirect("customers:detail", customer.public_id)
    return _enrol(request, user, customer)


@login_required
@require_POST
def draft_add(request: HttpRequest) -> HttpResponse:
    """Check one file and answer with its card; `replaces` names the draft that it was cut from."""
    user = person(request, "customers.enrol_specimen")
    customer = _customer_of(request)
    enrolment, upload = uuid_in(request.POST.get("enrolment")), request.FILES.get("file")
    if enrolment is None or upload is None:
        return _card(request, _unread("", _("No file arrived. Choose it again.")), 400)
    try:
        result = _draft(user, enrolment, upload, customer, uuid_in(request.POST.get("replaces")))
    except Refused as refusal:
        return _card(request, _unread(upload.name or "", refusal.sentence), 409)
    return _card(request, result, 200)


@login_required
@require_POST
def draft_leaf(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Another page of a draft's file, or the draft turned; answers with a card."""
    user, specimen = draft_for(request, public_id)
    form = LeafForm(request.POST)
    if not form.is_valid():
        return _card(request, _unread(specimen.filename, _("There is no such page. Write its number in digits.")), 400)
    page, turn = (form.cleaned_data["page"] or 1) - 1, form.cleaned_data["turn"] or 0
    try:
        result = leaves.draft_leaf(actor=user, specimen=specimen, page=page, turn=turn, customer=_customer_of(request))
    except Refused as refusal:
        return _card(request, _unread(specimen.filename, refusal.sentence), 409)
    return _card(request, result, 200)


@login_required
@require_http_methods(["POST", "DELETE"])
def draft_remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    user, specimen = draft_for(request, public_id)
    try:
        services.draft_remove(actor=user, specimen=specimen)
    except Refused as refusal:
        return HttpResponse(refusal.sentence, status=409, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


def _customer_of(request: HttpRequest) -> Customer | None:
    """The customer whom the form is for, where he exists already. Raises Http404."""
    public_id = uuid_in(request.POST.get("customer"))
    return get_object_or_404(Customer, public_id=public_id) if public_id else None


def _enrol(request: HttpRequest, user: User, customer: Customer | None) -> HttpResponse:
    if request.method == "POST":
        return _submit(request, user, customer)
    enrolment = uuid_in(request.GET.get("enrolment"))
    if enrolment is not None:
        done = enrolment_customer(enrolment=enrolment, actor=user)
        if done is not None:  # came back with the browser's button after submitting
            return redirect("customers:detail", done.public_id)
        if enrolment_rows(enrolment=enrolment).exclude(enrolled_by=user).exists():
            enrolment = None  # the address of a colleague's form: he logged out, another person logged in
    initial = {"branch": user.branch.public_id} if user.branch else {}
    return _page(
        request,
        user,
        customer,
        EnrolForm(initial={"enrolment": enrolment or uuid.uuid4()}),
        None if customer else CustomerForm(initial=initial),
    )


def _submit(request: HttpRequest, user: User, customer: Customer | None) -> HttpResponse:
    form = EnrolForm(request.POST)
    about = None if customer else CustomerForm(request.POST)
    enrolment = uuid_in(request.POST.get("enrolment"))
    if enrolment is None:
        form = EnrolForm({**request.POST.dict(), "enrolment": str(uuid.uuid4())})
        return _page(request, user, customer, form, about, _("The form was incomplete. Add the pictures again."))
    done = enrolment_customer(enrolment=enrolment, actor=user)
    if done is not None:
        return redirect("customers:detail", done.public_id)
    chosen = set(uuids_in(request.POST.getlist("drafts")))
    # Without JavaScript the files come with the form itself.
    unread, refusal = _files_with_form(request, user, enrolment, customer, chosen)
    valid = form.is_valid() & (about is None or about.is_valid())
    if not refusal and unread:
        refusal = _("Not every picture can be enrolled; see below. Nothing has been stored yet.")
    if valid and not refusal:
        try:
            done_now = services.specimens_submit(
                actor=user,
                enrolment=enrolment,
                chosen=list(chosen),
                customer=customer,
                fields=about.cleaned_data if about else None,
                source=form.cleaned_data["source"],
                signed_on=form.cleaned_data["signed_on"],
                expires_on=form.cleaned_data["expires_on"],
                request=request,
            )
        except Refused as error:
            return _page(request, user, customer, form, about, error.sentence, unread, chosen, error)
        _tell(request, done_now)
        return redirect("customers:detail", done_now.customer.public_id)
    return _page(request, user, customer, form, about, refusal, unread, chosen)


def _files_with_form(
    request: HttpRequest, user: User, enrolment: UUID, customer: Customer | None, chosen: set[UUID]
) -> tuple[list[DraftResult], str]:
    """Check the files that came with the form itself: adds the good ones to `chosen`, returns the others."""
    unread: list[DraftResult] = []
    for upload in request.FILES.getlist("files"):
        try:
            result = _draft(user, enrolment, upload, customer)
        except Refused as refusal:
            return unread, refusal.sentence
        if result.chosen and result.specimen:
            chosen.add(result.specimen.public_id)
        else:
            unread.append(result)
    return unread, ""


def _draft(
    user: User,
    enrolment: UUID,
    upload: UploadedFile[bytes],
    customer: Customer | None,
    replaces: UUID | None = None,
) -> DraftResult:
    # One that is too large was cut short on arrival; imaging says so by its length.
    return services.draft_add(
        actor=user,
        enrolment=enrolment,
        data=upload.read(),
        filename=upload.name or "",
        customer=customer,
        replaces=replaces,
    )


def _page(
    request: HttpRequest,
    user: User,
    customer: Customer | None,
    form: EnrolForm,
    about: CustomerForm | None,
    refusal: str = "",
    unread: list[DraftResult] | None = None,
    chosen: set[UUID] | None = None,
    error: Refused | None = None,
) -> HttpResponse:
    if error is not None and error.code == "number_taken" and about is not None:
        about.add_error("number", error.sentence)
    drafts = [
        services.draft_result(specimen=specimen, customer=customer)
        for specimen in drafts_of(enrolment=form["enrolment"].value(), actor=user)
    ]
    context: dict[str, Any] = {
        "form": form,
        "about": about,
        "customer": customer,
        "results": [*drafts, *(result for result in unread or () if result.specimen is None)],
        "unchosen": _left_out(drafts, chosen),
        "refusal": refusal,
        "other": error.customer if error is not None and error.customer != customer else None,
        "room": specimens_room(customer=customer),
        "most": MAX_APPROVED,
        "fully": THIN_BELOW,
        "max_bytes": MAX_BYTES,
    }
    return render(request, "customers/enrol.html", context, status=422 if request.method == "POST" else 200)


def _left_out(drafts: list[DraftResult], chosen: set[UUID] | None) -> list[UUID]:
    """The drafts whose box stays unticked when the page comes back."""
    if chosen is None:
        return []
    return [d.specimen.public_id for d in drafts if d.specimen and d.specimen.public_id not in chosen]


def _tell(request: HttpRequest, done: Submitted) -> None:
    count = len(done.specimens)
    if count:
        text = ngettext(
            "%(count)d specimen is enrolled and waits for approval.",
            "%(count)d specimens are enrolled and wait for approval.",
            count,
        )
        messages.success(request, text % {"count": count})
    for note in done.notes:
        messages.info(request, note)


def _card(request: HttpRequest, result: DraftResult, status: int) -> HttpResponse:
    return render(request, "customers/_draft.html", {"result": result, "unchosen": []}, status=status)


def _unread(filename: str, sentence: str) -> DraftResult:
    return DraftResult(filename, None, Specimen.Grade.REFUSED, (sentence,))
