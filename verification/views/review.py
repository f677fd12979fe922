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
from verification.forms import ReviewFilterForm
from verification.models import Verification
from verification.review import referral_next, referrals_waiting, waiting_for
from verification.selectors import verification_comparisons
from verification.views.access import READS, SEES, verification_for
from verification.views.blind import blind_set, is_blind
from verification.wording import entry_in_words

_TYPED = "decision_typed"
_FILTERS = ("branch", "amount_from", "amount_to", "reason")


@login_required
@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """One referral of the queue beside the specimens: `at` names it, `after` the one to go on from, else the oldest."""
    user = person(request, READS, REVIEWS)
    form = ReviewFilterForm(request.GET)
    form.is_valid()
    chosen = _given(form.cleaned_data)
    understood = {name: request.GET[name] for name in chosen}
    if branch := chosen.pop("branch", None):
        chosen["branch"] = branch.public_id
    queue = referrals_waiting(viewer=user, **chosen)
    verification = referral_next(queue, at=_named(request, user, "at"), after=_named(request, user, "after"))
    blindly = is_blind(request)
    context: dict[str, Any] = {
        "form": form,
        "filtered": bool(understood),
        "filters": urlencode(understood),
        "waiting": queue.count(),
        "verification": verification,
        "blind": blindly,
        "may_see": user.has_perm(SEES),
        "reasons": Verification.Reason.choices,
    }
    if verification is not None:
        context |= {
            "typed": typed_take(request, verification),
            "customer": verification.customer,
            "comparisons": verification_comparisons(verification, ranked=not blindly),
            "image_url": reverse("verification:image", args=[verification.public_id]),
        }
    return render(request, "verification/review.html", context)


@login_required
@require_POST
def blind(request: HttpRequest) -> HttpResponse:
    """Hide the verdict until decided, or show it again; kept for this log-in."""
    person(request, READS, REVIEWS)
    blind_set(request, on=request.POST.get("blind") == "on")
    return redirect(_review_url(QueryDict(request.POST.get("filters", "")), at=request.POST.get("at", "")))


@login_required
@require_POST
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Record a decision; from the queue it goes on to the next referral, else back to the verdict.

    What lacks something comes back to the same referral with what was typed.
    """
    user, verification = verification_for(request, public_id)
    in_queue = request.POST.get("from") == "review"
    typed = {name: request.POST.get(name, "") for name in ("reason_code", "note")}
    step = "after"
    try:
        decided = verification_decide(
            actor=user, verification=verification, decision=request.POST.get("decision", ""), request=request, **typed
        )
    except DecisionRefused as refusal:
        messages.error(request, refusal.sentence)
        if refusal.field:
            step = "at"
            request.session[_TYPED] = {**typed, "of": str(public_id), "field": refusal.field}
    else:
        _tell(request, decided, blind=in_queue and is_blind(request))
    if not in_queue:
        return redirect("verification:detail", public_id)
    return redirect(_review_url(QueryDict(request.POST.get("filters", "")), **{step: str(public_id)}))


@login_required
@require_safe
def notice(request: HttpRequest) -> HttpResponse:
    """How many referrals wait: a badge that renews itself, and on the first page (`page=home`) the words too."""
    user = person(request)
    waiting = waiting_for(viewer=user) if user.has_perms((READS, REVIEWS)) else None
    context = {"referrals": waiting, "swap": waiting is not None and request.GET.get("page") == "home"}
    return render(request, "verification/_notice.html", context)


def typed_take(request: HttpRequest, verification: Verification) -> dict[str, str]:
    """What was typed into a decision on `verification` that was refused, once; empty otherwise."""
    if request.session.get(_TYPED, {}).get("of") != str(verification.public_id):
        return {}
    typed: dict[str, str] = request.session.pop(_TYPED)
    return typed


def _tell(request: HttpRequest, decided: Verification, *, blind: bool) -> None:
    what = {
        Verification.Decision.ACCEPTED: _("Accepted: the signature of %(name)s."),
        Verification.Decision.REJECTED: _("Rejected: the signature of %(name)s."),
    }[Verification.Decision(decided.human_decision)]
    words = what % {"name": decided.customer.name}
    if blind:
        reasons = " ".join(entry_in_words(reason) for reason in decided.reasons)
        words += " " + _("The system had said “%(verdict)s”, score %(score).2f: %(reasons)s") % {
            "verdict": decided.get_verdict_display(),
            "score": decided.score,
            "reasons": reasons,
        }
    messages.success(request, words)


def _given(chosen: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in chosen.items() if value not in (None, "")}


def _named(request: HttpRequest, user: User, name: str) -> Verification | None:
    """The referral that the address names; whatever else it names is no matter."""
    try:
        public_id = UUID(request.GET.get(name, ""))
    except ValueError:
        return None
    return Verification.objects.filter(public_id=public_id).exclude(asked_by=user).only("pk", "asked_at").first()


def _query(given: QueryDict) -> str:
    return urlencode({name: given[name] for name in _FILTERS if given.get(name)})


def _review_url(given: QueryDict, **step: str) -> str:
    query = "&".join(part for part in (_query(given), urlencode(_given(step))) if part)
    return reverse("verification:review") + (f"?{query}" if query else "")
