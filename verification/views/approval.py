"""What speaks against the specimens that wait for approval: at the customer's page, and where several are approved."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from customers.models import Customer
from customers.views.access import customer_for, uuids_in
from customers.views.several import several_url
from sigweb.accounts.access import person
from sigweb.accounts.models import User
from verification.agreement import IDENTIFIES, Fit, comparison_record
from verification.approval import Waiting, waiting_look
from verification.bulk import MOST, Outcome, approval_sheet, specimens_approve
from verification.views.access import SEES

APPROVES = "customers.approve_specimen"


@login_required
@require_safe
def waiting(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """For whoever may see the customer: a summary, and a note for each waiting card.

    A fragment of the customer's page, and without JavaScript a page of its own.
    """
    user, customer = customer_for(request, public_id)
    fragment = bool(getattr(request, "htmx", False))
    found = waiting_look(customer=customer)
    may_name = user.has_perm(IDENTIFIES) or user.has_perm(APPROVES)
    if may_name:
        _record_names(request, user, found.rows)
    context = {
        "customer": customer,
        "waiting": found,
        "may_see": user.has_perm(SEES),
        "may_name": may_name,
        "fragment": fragment,
    }
    return render(request, "verification/_waiting.html" if fragment else "verification/waiting.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def approve_several(request: HttpRequest) -> HttpResponse:
    """The chosen specimens (`specimen`, several times) with pictures and warnings; POST approves those left ticked."""
    user = person(request, APPROVES, SEES)
    if request.method == "POST":
        outcome = specimens_approve(actor=user, chosen=uuids_in(request.POST.getlist("specimen")), request=request)
        _tell(request, outcome)
        again = several_url("verification:approve_several", outcome.unclear)
        return redirect(again if outcome.unclear else _onward(request))
    sheet = approval_sheet(viewer=user, chosen=uuids_in(request.GET.getlist("specimen")))
    _record_names(request, user, sheet.doubtful)
    context = {"sheet": sheet, "most": MOST, "may_see": True, "may_name": True, "onward": _onward(request)}
    return render(request, "verification/approve.html", context)


def _record_names(request: HttpRequest, user: User, rows: Iterable[Waiting]) -> None:
    """Write down, customer by customer, who else is named to the person."""
    fits: dict[Customer, list[Fit]] = {}
    for row in rows:
        if row.specimen.customer is not None and row.fit is not None and row.fit.nearer is not None:
            fits.setdefault(row.specimen.customer, []).append(row.fit)
    for customer, theirs in fits.items():
        comparison_record(actor=user, customer=customer, fits=theirs, named=True, request=request)


def _tell(request: HttpRequest, outcome: Outcome) -> None:
    for sentence in outcome.refusals:
        messages.error(request, sentence)
    if outcome.approved:
        text = ngettext("%(count)d specimen approved.", "%(count)d specimens approved.", outcome.approved)
        messages.success(request, text % {"count": outcome.approved})
    if outcome.unclear:
        text = ngettext(
            "%(count)d specimen was not approved: something has changed since you looked. Look again.",
            "%(count)d specimens were not approved: something has changed since you looked. Look again.",
            len(outcome.unclear),
        )
        messages.warning(request, text % {"count": len(outcome.unclear)})
    if not (outcome.approved or outcome.unclear or outcome.refusals):
        messages.info(request, _("Nothing was approved: none was ticked, or somebody else was faster."))


def _onward(request: HttpRequest) -> str:
    """Back to the administration for whoever comes from there."""
    return reverse("admin:customers_specimen_changelist" if request.user.is_staff else "home")
