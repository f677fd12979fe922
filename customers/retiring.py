"""Several specimens retired at once, after a look at what each of their customers is left with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from customers.models import THIN_BELOW, Customer, Specimen
from customers.queries import compared
from customers.selectors import IN_USE
from customers.services import customers_lock, specimen_retire
from sigweb.accounts.models import User

MOST = 50  # that are looked at and retired at once


@dataclass(frozen=True, slots=True)
class Leaving:
    """The chosen specimens of one customer. before, left: how many he is compared with now, and without these."""

    customer: Customer
    specimens: tuple[Specimen, ...]
    before: int
    left: int

    @property
    def bare(self) -> bool:
        """Nothing could be verified any more."""
        return self.left == 0 < self.before

    @property
    def thin(self) -> bool:
        """Verification would be less certain."""
        return 0 < self.left < min(self.before, THIN_BELOW)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was chosen, by customer. closed: specimens of closed customers, which stay. more: left for the next time."""

    leaving: tuple[Leaving, ...]
    closed: int = 0
    more: int = 0

    @property
    def specimens(self) -> tuple[Specimen, ...]:
        return tuple(specimen for one in self.leaving for specimen in one.specimens)

    @property
    def told(self) -> str:
        """What the page says of each customer: sent back with the form, so that nobody agrees to something else."""
        return " ".join(f"{one.customer.public_id}:{one.before}:{one.left}" for one in self.leaving)


@dataclass(frozen=True, slots=True)
class Outcome:
    """retired: how many. changed: what was told did not hold any more, so nothing was."""

    retired: int
    changed: bool = False


def retirement_sheet(*, chosen: Sequence[UUID]) -> Sheet:
    """Look at the chosen specimens that are in use; whatever else was chosen is no matter."""
    in_use = _in_use(chosen)
    active = in_use.filter(customer__status=Customer.Status.ACTIVE)
    shown = list(active[:MOST])
    by_customer = groupby(shown, key=lambda specimen: specimen.customer)
    return Sheet(
        leaving=tuple(_leaving(customer, tuple(rows)) for customer, rows in by_customer if customer is not None),
        closed=in_use.exclude(customer__status=Customer.Status.ACTIVE).count(),
        more=active.count() - len(shown),
    )


@transaction.atomic
def specimens_retire(*, actor: User, chosen: Sequence[UUID], told: str, request: HttpRequest | None = None) -> Outcome:
    """Retire all of the chosen that are in use, provided that each customer is left with what was `told`."""
    customers_lock(specimens=chosen)
    sheet = retirement_sheet(chosen=chosen)
    if sheet.specimens and sheet.told != told:
        return Outcome(0, changed=True)
    for specimen in sheet.specimens:
        specimen_retire(actor=actor, specimen=specimen, request=request)
    return Outcome(len(sheet.specimens))


def _in_use(chosen: Sequence[UUID]) -> QuerySet[Specimen]:
    found = Specimen.objects.filter(public_id__in=chosen, state__in=IN_USE)
    order = ("customer__name", "customer__pk", "enrolled_at", "pk")
    return found.select_related("customer").defer("image").order_by(*order)


def _leaving(customer: Customer, specimens: tuple[Specimen, ...]) -> Leaving:
    now = customer.specimens.filter(compared(timezone.localdate()))
    left = now.exclude(pk__in=[specimen.pk for specimen in specimens])
    return Leaving(customer, specimens, now.count(), left.count())
