"""Deciding on verdicts: one at a time on the verdict page, or the queue of referrals, the oldest first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sigweb.accounts.access import person
from sigweb.accounts.models import User
from verification.decisions import REVIEWS, DecisionRefused, verification_decide
from verification.forms import DecideForm, ReviewFilterForm
from verification.models import Verification
from verification.review import referral_next, referrals_waiting, waiting_for
from verification.selectors import verification_comparisons
from verification.views.access import READS, SEES, verification_for

BLIND = "review_blind"
_FILTERS = ("branch", "amount_from", "amount_to", "reason")


@login_required
@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """One referral of the queue, side by side with the specimens; `after` skips the one named."""
    user = person(request, READS, REVIEWS)
    form = ReviewFilterForm(request.GET)
    form.is_valid()
    chosen = {name: form.cleaned_data.get(name) for name in _FILTERS}
    branch = chosen.pop("branch")
    queue = referrals_waiting(viewer=user, branch=branch.public_id if branch else None, **_given(chosen))
    verification = referral_next(queue, after=_skipped(request, user))
    context: dict[str, Any] = {
        "form": form,
        "filtered": any(request.GET.get(name) for name in _FILTERS),
        "filters": _query(request.GET),
        "waiting": queue.count(),
        "verification": verification,
        "blind": bool(request.session.get(BLIND)),
        "may_see": user.has_perm(SEES),
        "reasons": Verification.Reason.choices,
    }
    if verification is not None:
        context |= {
            "customer": verification.customer,
            "comparisons": verification_comparisons(verification),
            "image_url": reverse("verification:image", args=[verification.public_id]),
        }
    return render(request, "verification/review.html", context)


@login_required
@require_POST
def blind(request: HttpRequest) -> HttpResponse:
    """Hide the verdict until decided, or show it again; kept for this log-in."""
    person(request, READS, REVIEWS)
    request.session[BLIND] = request.POST.get("blind") == "on"
    return redirect(_review_url(QueryDict(request.POST.get("filters", ""))))


@login_required
@require_POST
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Record a decision; from the queue it goes on to the next referral, else back to the verdict."""
    user, verification = verification_for(request, public_id)
    form = DecideForm(request.POST)
    form.is_valid()
    in_queue = request.POST.get("from") == "review"
    try:
        decided = verification_decide(
            actor=user,
            verification=verification,
            decision=request.POST.get("decision", ""),
            reason_code=request.POST.get("reason_code", ""),
            note=form.cleaned_data.get("note") or "",
            request=request,
        )
    except DecisionRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        _tell(request, decided, blind=in_queue and bool(request.session.get(BLIND)))
    if not in_queue:
        return redirect("verification:detail", public_id)
    return redirect(_review_url(QueryDict(request.POST.get("filters", ""))))


@login_required
@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    """How many referrals wait, as a badge that renews itself."""
    user = person(request)
    waiting = waiting_for(viewer=user) if user.has_perms((READS, REVIEWS)) else None
    return render(request, "verification/_notice.html", {"waiting": waiting})


def _tell(request: HttpRequest, decided: Verification, *, blind: bool) -> None:
    what = {
        Verification.Decision.ACCEPTED: _("Accepted: the signature of %(name)s."),
        Verification.Decision.REJECTED: _("Rejected: the signature of %(name)s."),
    }[Verification.Decision(decided.human_decision)]
    words = what % {"name": decided.customer.name}
    if blind:
        reasons = " ".join(str(reason["sentence"]) for reason in decided.reasons)
        words += " " + _("The system had said “%(verdict)s”, score %(score).2f: %(reasons)s") % {
            "verdict": decided.get_verdict_display(),
            "score": decided.score,
            "reasons": reasons,
        }
    messages.success(request, words)


def _given(chosen: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in chosen.items() if value not in (None, "")}


def _skipped(request: HttpRequest, user: User) -> Verification | None:
    """The referral after which to go on, when the address names one; whatever else it names is no matter."""
    try:
        public_id = UUID(request.GET.get("after", ""))
    except ValueError:
        return None
    return Verification.objects.filter(public_id=public_id).exclude(asked_by=user).only("pk", "asked_at").first()


def _query(given: QueryDict) -> str:
    return urlencode({name: given[name] for name in _FILTERS if given.get(name)})


def _review_url(given: QueryDict) -> str:
    query = _query(given)
    return reverse("verification:review") + (f"?{query}" if query else "")
