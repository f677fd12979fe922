"""Reviewing blind: what the system says of a referral is hidden from a reviewer, wherever it stands, until decided."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.http import HttpRequest

from sigweb.accounts.access import person
from verification.decisions import REVIEWS
from verification.models import Verification
from verification.review import is_waiting_for, referrals_waiting

_BLIND = "review_blind"


def is_blind(request: HttpRequest) -> bool:
    """Whether this person reviews blind, since he said so in this log-in."""
    return bool(request.session.get(_BLIND)) and person(request).has_perm(REVIEWS)


def blind_set(request: HttpRequest, *, on: bool) -> None:
    """Review blind from now on, or no longer; kept for this log-in."""
    request.session[_BLIND] = on


def hidden_of(request: HttpRequest, verifications: Iterable[Verification]) -> frozenset[int]:
    """Keys of those whose verdict and score this person does not see yet: referrals that he may still decide blind."""
    if not is_blind(request):
        return frozenset()
    viewer = person(request)
    return frozenset(row.pk for row in verifications if is_waiting_for(row, viewer=viewer))


def referrals_hidden(request: HttpRequest) -> QuerySet[Verification, int]:
    """The keys of all such referrals, as a query."""
    keys = referrals_waiting(viewer=person(request)).order_by().values_list("pk", flat=True)
    return keys if is_blind(request) else keys.none()
