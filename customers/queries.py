"""Pieces of queries on specimens that several selectors are put together from."""

from __future__ import annotations

from datetime import date

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from customers.models import Specimen


def compared(on: date, *, prefix: str = "") -> Q:
    """Specimens that a verification of a day would use: approved, and not expired by then.

    prefix: leads from the rows asked for to the specimen.
    """
    in_force = Q(**{f"{prefix}expires_on__isnull": True}) | Q(**{f"{prefix}expires_on__gte": on})
    return Q(**{f"{prefix}state": Specimen.State.APPROVED}) & in_force


def specimens_count(which: Q) -> Coalesce:
    """How many of a customer's specimens are such, counted for the rows of a page and not for all found."""
    counted = (
        Specimen.objects.filter(which, customer=OuterRef("pk"))
        .order_by()
        .values("customer")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Coalesce(Subquery(counted), 0)
