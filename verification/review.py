"""The queue of referrals that wait for a person, as one reviewer sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Min, Q, QuerySet

from mlcore.models import long_columns
from verification.models import Verification

if TYPE_CHECKING:
    from sigweb.accounts.models import User


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many referrals wait for a reviewer, and since when the oldest does."""

    count: int
    since: datetime | None


def referrals_waiting(
    *,
    viewer: User,
    branch: UUID | None = None,
    amount_from: Decimal | None = None,
    amount_to: Decimal | None = None,
    reason: str = "",
) -> QuerySet[Verification]:
    """Undecided referrals that somebody else asked for, the oldest first; without the images.

    branch: of the customer. reason: code of a reason that made it a referral. An amount that was not given is in no
    range.
    """
    found = (
        Verification.objects.filter(verdict=Verification.Verdict.REFER, human_decision="")
        .exclude(asked_by=viewer)
        .select_related("customer__branch", "asked_by", "decided_by", "model_version")
        .defer("image", "sketch", *long_columns("model_version"))
        .order_by("asked_at", "pk")
    )
    if branch is not None:
        found = found.filter(customer__branch__public_id=branch)
    if amount_from is not None:
        found = found.filter(amount__gte=amount_from)
    if amount_to is not None:
        found = found.filter(amount__lte=amount_to)
    if reason:
        found = found.filter(reasons__contains=[{"code": reason}])
    return found


def is_waiting_for(verification: Verification, *, viewer: User) -> bool:
    """Whether it is in the queue that `viewer` sees."""
    is_open = verification.verdict == Verification.Verdict.REFER and not verification.human_decision
    return is_open and verification.asked_by_id != viewer.pk


def referral_next(
    queue: QuerySet[Verification], *, at: Verification | None = None, after: Verification | None = None
) -> Verification | None:
    """`at` itself where it is in the queue, else what follows `after`, else the oldest; past the end it begins anew."""
    if at is not None and (found := queue.filter(pk=at.pk).first()) is not None:
        return found
    if after is not None:
        later = Q(asked_at__gt=after.asked_at) | Q(asked_at=after.asked_at, pk__gt=after.pk)
        found = queue.filter(later).first()
        if found is not None:
            return found
    return queue.first()


def waiting_for(*, viewer: User) -> Waiting:
    """What the home page and the navigation tell a reviewer."""
    queue = referrals_waiting(viewer=viewer).order_by()
    return Waiting(queue.count(), queue.aggregate(since=Min("asked_at"))["since"])
