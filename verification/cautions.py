"""What a reader of a verdict should know beside it: specimens that are old or expired, and what the picture copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from customers.models import Specimen
from verification.models import Verification
from verification.selectors import OLD_YEARS, Comparison


@dataclass(frozen=True, slots=True)
class Cautions:
    """old: of the compared specimens, signed OLD_YEARS or more before. expired: approved ones left out for that.

    place: which of the comparisons, from 1, it is a copy of; 0 for none. apart: the specimen that it is a copy of,
    where it was not compared with that one. earlier: the verification it is a copy of.
    """

    old: int
    old_years: int
    expired: int
    place: int
    apart: Specimen | None
    earlier: Verification | None


def verification_cautions(verification: Verification, comparisons: Sequence[Comparison]) -> Cautions:
    """The cautions on a verdict; comparisons in the order in which they are shown."""
    copied = verification.copy_of.get("public_id", "")
    places = [str(comparison.specimen.public_id) for comparison in comparisons]
    return Cautions(
        old=sum(comparison.is_old for comparison in comparisons),
        old_years=OLD_YEARS,
        expired=_expired(verification),
        place=places.index(copied) + 1 if copied in places else 0,
        apart=None if copied in places else _apart(verification),
        earlier=_earlier(verification),
    )


def _expired(verification: Verification) -> int:
    """Specimens that were approved and had expired when the verification was asked, whatever became of them since."""
    asked = verification.asked_at
    approved = Specimen.objects.filter(customer=verification.customer_id, approved_at__lte=asked)
    return approved.filter(expires_on__lt=timezone.localdate(asked)).exclude(retired_at__lte=asked).count()


def _apart(verification: Verification) -> Specimen | None:
    if verification.copy_of.get("kind") != "specimen":
        return None
    return Specimen.objects.filter(public_id=verification.copy_of["public_id"]).defer("image").first()


def _earlier(verification: Verification) -> Verification | None:
    if verification.copy_of.get("kind") != "verification":
        return None
    rows = Verification.objects.select_related("asked_by").defer("image", "sketch")
    return rows.filter(public_id=verification.copy_of["public_id"]).first()
