"""What speaks against the specimens that wait for approval: at the customer's page, and where several are approved."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from customers.views.access import customer_for, uuids_in
from customers.views.several import several_url
from sigweb.accounts.access import person
from verification.approval import waiting_look
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
    context = {
        "customer": customer,
        "waiting": waiting_look(customer=customer),
        "may_see": user.has_perm(SEES),
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
    context = {"sheet": sheet, "most": MOST, "may_see": True, "onward": _onward(request)}
    return render(request, "verification/approve.html", context)


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
