"""Whether something speaks against a waiting specimen, kept with it, so that lists can mark it without comparing.

What speaks against it is found elsewhere (verification.approval); here it is stored, forgotten and asked for. A mark is
fresh until the customer's set changes: then `looked_at` is emptied, and the doubt stays until it is looked at again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from customers.models import Customer, Specimen
from customers.queries import specimens_count

Basis = frozenset[tuple[int, str]]  # key and state of every specimen in use


def marks_basis(*, customer: Customer) -> Basis:
    """What a look at the customer's waiting specimens rests on; read before the look."""
    in_use = customer.specimens.filter(state__in=(Specimen.State.APPROVED, Specimen.State.PENDING))
    return frozenset(in_use.values_list("pk", "state"))


@transaction.atomic
def marks_store(*, customer: Customer, basis: Basis, doubtful: Collection[int]) -> bool:
    """Mark every waiting specimen, those in `doubtful` (keys) as doubtful.

    Nothing is stored, and False returned, where the set has changed since `basis` was read.
    """
    Customer.objects.select_for_update().get(pk=customer.pk)
    if marks_basis(customer=customer) != basis:
        return False
    waiting = customer.specimens.filter(state=Specimen.State.PENDING)
    now = timezone.now()
    waiting.filter(pk__in=doubtful).update(doubtful=True, looked_at=now)
    waiting.exclude(pk__in=doubtful).update(doubtful=False, looked_at=now)
    return True


def marks_forget(*, customer: Customer) -> None:
    """The set changes: what was found of those that wait has to be looked at again. Within the change's transaction."""
    customer.specimens.filter(state=Specimen.State.PENDING, looked_at__isnull=False).update(looked_at=None)


def specimens_unlooked(*, before: datetime) -> QuerySet[Specimen]:
    """Waiting specimens of active customers that were last looked at before a moment or never, the oldest first."""
    never = Q(looked_at__isnull=True) | Q(looked_at__lt=before)
    waiting = Specimen.objects.filter(never, state=Specimen.State.PENDING, customer__status=Customer.Status.ACTIVE)
    return waiting.defer("image").order_by("enrolled_at", "pk")


def specimens_clear(*, since: datetime) -> QuerySet[Specimen]:
    """Waiting specimens that nothing speaks against, by a look that is fresh and no older than a moment."""
    waiting = Specimen.objects.filter(state=Specimen.State.PENDING, doubtful=False, looked_at__gte=since)
    return waiting.defer("image")


def with_marks(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Add `doubts` and `unlooked`: waiting specimens that are marked, and those of which nothing fresh is known."""
    waiting = Q(state=Specimen.State.PENDING)
    unmarked = Q(doubtful=False) | Q(doubtful__isnull=True)
    return customers.annotate(
        doubts=specimens_count(waiting & Q(doubtful=True)),
        unlooked=specimens_count(waiting & Q(looked_at__isnull=True) & unmarked),
    )
