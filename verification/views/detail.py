"""The verdict, what it stands on, and the list of verifications."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mlcore.bundle import ArtefactError
from mlcore.selectors import model_bundle
from sigweb.accounts.access import person
from verification.cautions import verification_cautions
from verification.decisions import decision_options, is_override
from verification.forms import ListForm
from verification.models import Verification
from verification.scale import Curves, score_curves, score_scale
from verification.selectors import likelihood_in_words, verification_comparisons, verifications_list
from verification.views.access import ASKS, READS, SEES, verification_for
from verification.views.blind import hidden_of
from verification.views.review import typed_take

PAGE_SIZE = 25


@login_required
@require_safe
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The verdict and what it stands on; of a referral that is to be decided blind, the queue at that referral."""
    user, verification = verification_for(request, public_id)
    if hidden_of(request, [verification]):
        return redirect(reverse("verification:review", query={"at": public_id}))
    ratio = verification.calibration.get("likelihood_ratio")
    comparisons = verification_comparisons(verification)
    context = {
        "verification": verification,
        "options": decision_options(actor=user, verification=verification),
        "override": is_override(verification, verification.human_decision),
        "reasons": Verification.Reason.choices,
        "typed": typed_take(request, verification),
        "customer": verification.customer,
        "likelihood": likelihood_in_words(ratio) if ratio else "",
        "comparisons": comparisons,
        "cautions": verification_cautions(verification, comparisons),
        "may_see": user.has_perm(SEES),
        "image_url": reverse("verification:image", args=[verification.public_id]),
        "scale": score_scale(
            score=verification.score, t_match=verification.t_match, t_no_match=verification.t_no_match
        ),
        "curves": _curves(verification),
    }
    return render(request, "verification/detail.html", context)


def _curves(verification: Verification) -> Curves | None:
    """What others scored, under the model that judged; None where its artefact is no longer here."""
    try:
        calibration = model_bundle(verification.model_version).scorer.calibrations[len(verification.distances)]
    except (ArtefactError, KeyError):
        return None
    return score_curves(calibration=calibration, t_match=verification.t_match, t_no_match=verification.t_no_match)


@login_required
@require_safe
def verification_list(request: HttpRequest) -> HttpResponse:
    """One's own verifications, or everybody's, latest first."""
    user = person(request, READS)
    form = ListForm(request.GET)
    form.is_valid()
    # Who can not ask, such as an auditor, has none of his own to look at.
    whose = form.cleaned_data.get("whose") or ("own" if user.has_perm(ASKS[0]) else "all")
    verdict = form.cleaned_data.get("verdict") or ""
    found = verifications_list(asked_by=None if whose == "all" else user, verdict=verdict)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "hidden": hidden_of(request, page),
        "whose": whose,
        "verdict": verdict,
        "verdicts": Verification.Verdict.choices,
    }
    return render(request, "verification/list.html", context)
