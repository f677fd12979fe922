"""Is the questioned picture one that is already here: a specimen, or what was questioned before?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from customers.blobs import BlobDamaged, seal, unseal
from customers.models import Customer, Specimen
from mlcore.scoring import Reason
from mlcore.scoring.copies import COPY_FROM, COPY_OF_EARLIER_FROM, copy_likenesses, sketch_readable
from verification.models import Verification
from verification.wording import reason_copied

EARLIER = 200  # of a customer's latest verifications that are looked through


@dataclass(frozen=True, slots=True)
class Copy:
    """What the questioned picture is a copy of. likeness: 0..1, 1 for the same file; reason: why it is referred."""

    kind: Literal["specimen", "verification"]
    public_id: UUID
    likeness: float
    reason: Reason

    def as_dict(self) -> dict[str, Any]:
        """As Verification.copy_of keeps it."""
        return {"kind": self.kind, "public_id": str(self.public_id), "likeness": round(self.likeness, 3)}


def copy_of(verification: Verification, *, sketch: bytes, specimens: Mapping[Specimen, bytes]) -> Copy | None:
    """The specimen or earlier verification that a verification, not yet stored, shows once more; None if it is new.

    verification: its customer, digest, page and area are read. sketch: its strokes. specimens: each with its sketch.
    """
    return (
        _of_specimen(sketch, specimens)
        or _of_file(verification)
        or _of_earlier(verification.customer, sketch)  # last, since it takes longest
    )


def sketch_sealed(sketch: bytes, verification: Verification) -> bytes:
    """As Verification.sketch keeps it."""
    return seal(sketch, context=_context(verification.public_id))


def copies_lock(customer: Customer) -> None:
    """Of two that bring the same picture at once, the second waits and finds the first; until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"copies:{customer.public_id}"])


def _of_specimen(sketch: bytes, specimens: Mapping[Specimen, bytes]) -> Copy | None:
    known = list(specimens)
    place, likeness = _closest(sketch, list(specimens.values()))
    if likeness < COPY_FROM:
        return None
    return Copy("specimen", known[place].public_id, likeness, reason_copied("copy_of_specimen"))


def _of_file(verification: Verification) -> Copy | None:
    """The same part of the same page of the same file, however long ago."""
    earlier = Verification.objects.filter(customer=verification.customer, digest=verification.digest)
    for row in earlier.only("public_id", "page", "turn", "area", "asked_at", "cheque_number"):
        if (row.page, row.turn, row.area) == (verification.page, verification.turn, verification.area):
            return Copy("verification", row.public_id, 1.0, reason_copied("same_picture", row))
    return None


def _of_earlier(customer: Customer, sketch: bytes) -> Copy | None:
    latest = Verification.objects.filter(customer=customer).exclude(sketch=b"").order_by("-asked_at", "-pk")
    rows, sketches = [], []
    for row in latest.only("public_id", "sketch", "asked_at", "cheque_number")[:EARLIER]:
        try:
            plain = unseal(row.sketch, context=_context(row.public_id))
        except BlobDamaged:
            continue
        if sketch_readable(plain):
            rows.append(row)
            sketches.append(plain)
    place, likeness = _closest(sketch, sketches)
    if likeness < COPY_OF_EARLIER_FROM:
        return None
    found = rows[place]
    return Copy("verification", found.public_id, likeness, reason_copied("copy_of_earlier", found))


def _closest(sketch: bytes, known: Sequence[bytes]) -> tuple[int, float]:
    if not known:
        return 0, 0.0
    likeness = copy_likenesses(sketch, known)
    place = int(likeness.argmax())
    return place, float(likeness[place])


def _context(public_id: UUID) -> str:
    return f"{public_id}:sketch"
