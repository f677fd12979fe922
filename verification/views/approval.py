"""The part of a customer's page that tells what speaks against the specimens that wait for approval."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from customers.views.access import customer_for
from verification.approval import waiting_set


@login_required
@require_safe
def waiting(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """For whoever may see the customer: a summary, and a note for each waiting card.

    A fragment of the customer's page, and without JavaScript a page of its own.
    """
    user, customer = customer_for(request, public_id)
    fragment = bool(getattr(request, "htmx", False))
    context = {
        "customer": customer,
        "waiting": waiting_set(customer=customer),
        "may_see": user.has_perm("customers.view_signature"),
        "fragment": fragment,
    }
    return render(request, "verification/_waiting.html" if fragment else "verification/waiting.html", context)
