"""Finding a customer as one types."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from customers.selectors import customers_search, customers_with_counts
from sigweb.accounts.access import person

FOUND = 12


@login_required
@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Customers as one types; a POST, so that neither name nor number is ever part of an address."""
    person(request, "customers.view_customer")
    text = request.POST.get("q", "").strip()
    found = list(customers_with_counts(customers_search(text=text))[: FOUND + 1])
    context = {"q": text, "found": found[:FOUND], "more": len(found) > FOUND}
    fragment = getattr(request, "htmx", False)
    return render(request, "customers/_results.html" if fragment else "home/home.html", context)
