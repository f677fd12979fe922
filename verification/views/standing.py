"""The part of a customer's page that tells how the set of specimens stands."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from customers.models import Customer
from customers.selectors import customers_with_counts
from sigweb.accounts.access import person
from verification.standing import customer_standing
from verification.views.blind import hidden_of


@login_required
@require_safe
def standing(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """For whoever may see the customer; past verifications only with the right to read them.

    A fragment of the customer's page, and without JavaScript a page of its own.
    """
    user = person(request, "customers.view_customer")
    customer = get_object_or_404(customers_with_counts(Customer.objects.all()), public_id=public_id)
    fragment = bool(getattr(request, "htmx", False))
    found = customer_standing(customer=customer)
    past = [point.verification for point in found.chart.points] if found.chart else []
    context = {
        "customer": customer,
        "standing": found,
        "hidden": hidden_of(request, past),
        "may_read": user.has_perm("verification.view_verification"),
        "fragment": fragment,
    }
    return render(request, "verification/_standing.html" if fragment else "verification/standing.html", context)
