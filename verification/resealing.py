"""Sealing all that is stored anew with the first of DATA_KEYS, so that an earlier key can be given up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from customers.blobs import BlobDamaged, current_head, seal_anew
from customers.models import Specimen
from customers.selectors import head_of
from mlcore.models import Embedding, SpecimenCanvas
from sigweb.audit.services import audit_record
from verification.models import Identification, Verification

_BATCH = 20  # pictures in memory at once, 10 MB each at most


@dataclass(frozen=True, slots=True)
class Place:
    """A column of sealed bytes. owner: look-up of the public_id that they are bound to; suffix: what follows it."""

    title: str
    model: type[Model]
    column: str
    owner: str = "public_id"
    suffix: str = ""


PLACES = (
    Place("specimens", Specimen, "image"),
    Place("canvases of specimens", SpecimenCanvas, "sealed", "specimen__public_id", ":canvas"),
    Place("sketches of specimens", Embedding, "sketch", "specimen__public_id", ":sketch"),
    Place("verifications", Verification, "image"),
    Place("sketches of verifications", Verification, "sketch", suffix=":sketch"),
    Place("identifications", Identification, "image"),
)


@dataclass
class Resealed:
    """What became of one place. damaged: whose bytes no configured key opens; they stay as they are."""

    anew: int = 0
    damaged: list[UUID] = field(default_factory=list)


def place_reseal(place: Place, tell: Callable[[int, int], None] = lambda done, total: None) -> Resealed:
    """Seal anew what an earlier key has sealed here; tell: called with how many are done, and of how many.

    May be stopped at any moment and run again, also while others work: a row is written only where it still holds what
    was read. What they store with an earlier key meanwhile is found by the next run.
    """
    found, total = Resealed(), _earlier(place).count()
    for done, (key, owner, sealed) in enumerate(_rows(place), start=1):
        try:
            fresh = seal_anew(sealed, context=f"{owner}{place.suffix}")
        except BlobDamaged:
            found.damaged.append(owner)
        else:
            if fresh is not None:
                same = place.model._default_manager.filter(pk=key, **{place.column: sealed})
                found.anew += same.update(**{place.column: fresh})
        tell(done, max(done, total))
    if found.anew or found.damaged:
        details = {"place": place.title, "anew": found.anew, "damaged": len(found.damaged)}
        audit_record(actor=None, action="images.resealed", details=details)
    return found


def _earlier(place: Place) -> QuerySet[Any]:
    """The rows that the current key has not sealed, as far as the database can tell."""
    head = current_head()
    rows: QuerySet[Any] = place.model._default_manager.exclude(**{place.column: b""})
    if head is not None:
        rows = rows.annotate(head=head_of(place.column)).exclude(head=head)
    return rows


def _rows(place: Place) -> Iterator[tuple[int, UUID, bytes]]:
    """Key, owner and bytes, some at a time: for a cursor outside a transaction the server would copy them all first."""
    after = 0
    while batch := list(
        _earlier(place).filter(pk__gt=after).order_by("pk").values_list("pk", place.owner, place.column)[:_BATCH]
    ):
        for key, owner, sealed in batch:
            yield key, owner, bytes(sealed)
        after = batch[-1][0]
