"""The part of the enrolment page that tells whether the chosen pictures belong together."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from customers.models import THIN_BELOW, Customer
from customers.views.access import uuid_in, uuids_in
from sigweb.accounts.access import person
from verification.agreement import enrolment_agreement


@login_required
@require_POST
def agreement(request: HttpRequest) -> HttpResponse:
    """A fragment for the drafts that are ticked now; empty where there is nothing to say."""
    user = person(request, "customers.enrol_specimen", "customers.view_customer")
    enrolment = uuid_in(request.POST.get("enrolment", ""))
    of_customer = uuid_in(request.POST.get("customer", ""))
    customer = get_object_or_404(Customer, public_id=of_customer) if of_customer else None
    chosen = uuids_in(request.POST.getlist("drafts"))
    found = None
    if enrolment:
        found = enrolment_agreement(actor=user, enrolment=enrolment, chosen=chosen, customer=customer, request=request)
    context = {"agreement": found, "thin": found is not None and found.compared < THIN_BELOW}
    return render(request, "customers/_agreement.html", context)
