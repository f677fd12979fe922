from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from customers.selectors import (
    customers_search,
    customers_thin,
    customers_waiting,
    customers_with_counts,
    specimens_unreadable,
)
from sigweb.accounts.access import person

SHOWN = 8
FOUND = 12


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Search, and what waits for this person."""
    return render(request, "home/home.html", _waiting(request))


@login_required
@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Customers as one types; a POST, so that neither name nor number is ever part of an address."""
    person(request, "customers.view_customer")
    text = request.POST.get("q", "").strip()
    found = list(customers_with_counts(customers_search(text=text))[: FOUND + 1])
    context = {"q": text, "found": found[:FOUND], "more": len(found) > FOUND}
    if getattr(request, "htmx", False):
        return render(request, "customers/_results.html", context)
    return render(request, "home/home.html", {**_waiting(request), **context})


def _waiting(request: HttpRequest) -> dict[str, object]:
    user = person(request)
    context: dict[str, object] = {}
    if user.has_perm("customers.approve_specimen"):
        waiting = list(customers_waiting()[: SHOWN + 1])
        context |= {"waiting": waiting[:SHOWN], "waiting_more": len(waiting) > SHOWN}
    if user.has_perm("customers.enrol_specimen"):
        thin = list(customers_thin()[: SHOWN + 1])
        context |= {"thin": thin[:SHOWN], "thin_more": len(thin) > SHOWN}
    if user.has_perm("customers.view_customer"):
        context["unreadable"] = list(specimens_unreadable()[:SHOWN])
    return context
