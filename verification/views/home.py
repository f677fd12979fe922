"""The first page: search, what waits for this person, what was done today."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from customers.models import Customer
from customers.selectors import (
    customers_ready,
    customers_thin,
    customers_turned_down,
    customers_waiting,
    specimens_barred,
    specimens_enrolled,
    specimens_unreadable,
)
from sigweb.accounts.access import person
from sigweb.accounts.models import User
from verification.decisions import REVIEWS
from verification.review import waiting_for
from verification.selectors import day_counts, verifications_list
from verification.views.access import ASKS, READS

SHOWN = 8
RECENT = 5
READY = 3
LATELY = timedelta(days=14)


@login_required
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Search, and what waits for this person."""
    return render(request, "home/home.html", waiting_context(person(request)))


def waiting_context(user: User) -> dict[str, object]:
    """What the page shows to this person; what he may not see is not there."""
    context: dict[str, object] = {}
    if user.has_perms((READS, REVIEWS)):
        context["referrals"] = waiting_for(viewer=user)  # its place is renewed by itself, also on a bare page
    if user.has_perm("customers.view_customer") and not Customer.objects.exists():
        return context | {"bare": True}
    if user.has_perm("customers.approve_specimen"):
        waiting = list(customers_waiting(viewer=user)[: SHOWN + 1])
        context |= {"waiting": waiting[:SHOWN], "waiting_more": len(waiting) > SHOWN}
        context["barred"] = specimens_barred(viewer=user)
    if user.has_perm("customers.enrol_specimen"):
        thin = list(customers_thin()[: SHOWN + 1])
        context |= {"thin": thin[:SHOWN], "thin_more": len(thin) > SHOWN}
        lately = timezone.now() - LATELY
        context["turned_down"] = list(customers_turned_down(enrolled_by=user, since=lately)[:SHOWN])
    if user.has_perm("customers.view_customer"):
        context["unreadable"] = list(specimens_unreadable()[:SHOWN])
    if user.has_perm(READS):
        today = timezone.localdate()
        context |= {"today": day_counts(day=today), "enrolled": specimens_enrolled(day=today)}
        if user.has_perms(ASKS):
            recent = list(verifications_list(asked_by=user)[:RECENT])
            context |= {"recent": recent, "ready": [] if recent else list(customers_ready()[:READY])}
    return context
