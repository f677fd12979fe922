"""Several waiting specimens approved at once: only those that nothing speaks against.

The others are approved one by one at their customer's page, where the approved ones stand beside them: a mark in a long
list is overlooked, and one wrong specimen weakens every verification.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from customers.marks import specimens_clear
from customers.models import Specimen
from customers.results import Refused
from customers.selectors import specimens_approvable
from customers.services import customers_lock, specimen_approve
from sigweb.accounts.models import User
from verification.approval import Waiting, marks_outdated, waiting_look
from verification.questions import VerificationRefused, model_demand

MOST = 20  # that are looked at and approved at once


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was chosen, as it is shown to the approver.

    clear: may be approved together. doubtful: only one by one. expired: not at all, whatever else is said of them. own:
    how many the approver enrolled himself. left: how many more were chosen than are looked at at once.
    """

    clear: tuple[Waiting, ...]
    doubtful: tuple[Waiting, ...]
    expired: tuple[Waiting, ...] = ()
    own: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """approved: how many. unclear: not approved, since something speaks against them by now. refusals: sentences."""

    approved: int
    unclear: tuple[UUID, ...]
    refusals: tuple[str, ...]


def approval_sheet(*, viewer: User, chosen: Sequence[UUID]) -> Sheet:
    """Look at the chosen specimens that wait; whatever else was chosen is no matter."""
    waiting = specimens_approvable(viewer=viewer).filter(public_id__in=chosen)
    shown = list(waiting[:MOST])
    keys = {specimen.pk for specimen in shown}
    customers = dict.fromkeys(specimen.customer for specimen in shown if specimen.customer is not None)
    looked = chain.from_iterable(waiting_look(customer=customer).rows for customer in customers)
    rows = [row for row in looked if row.specimen.pk in keys]
    in_force = [row for row in rows if not row.specimen.has_expired]
    return Sheet(
        clear=tuple(row for row in in_force if not row.doubtful),
        doubtful=tuple(row for row in in_force if row.doubtful),
        expired=tuple(row for row in rows if row.specimen.has_expired),
        own=_own(viewer, chosen),
        left=waiting.count() - len(shown),
    )


@transaction.atomic
def specimens_approve(*, actor: User, chosen: Sequence[UUID], request: HttpRequest | None = None) -> Outcome:
    """Approve those of the chosen that nothing speaks against; whether that still holds is asked before the first."""
    specimens = list(specimens_approvable(viewer=actor).filter(public_id__in=chosen)[:MOST])
    customers_lock(specimens=[specimen.public_id for specimen in specimens])
    clear = _clear(specimens)
    refusals = []
    for specimen in specimens:
        if specimen.pk in clear:
            try:
                specimen_approve(actor=actor, specimen=specimen, request=request)
            except Refused as refusal:
                refusals.append(refusal.sentence)
    unclear = tuple(specimen.public_id for specimen in specimens if specimen.pk not in clear)
    return Outcome(len(clear) - len(refusals), unclear, tuple(refusals))


def _clear(specimens: Sequence[Specimen]) -> set[int]:
    try:
        version, _bundle = model_demand()
    except VerificationRefused:
        return set()
    since = marks_outdated(version=version)
    return set(specimens_clear(since=since).filter(pk__in=[row.pk for row in specimens]).values_list("pk", flat=True))


def _own(viewer: User, chosen: Sequence[UUID]) -> int:
    if not settings.FOUR_EYES:
        return 0
    return Specimen.objects.filter(public_id__in=chosen, state=Specimen.State.PENDING, enrolled_by=viewer).count()
