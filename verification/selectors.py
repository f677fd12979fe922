"""Reading verifications and what a verification stands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer, Specimen
from customers.queries import compared
from customers.selectors import customers_with_counts
from mlcore.models import long_columns
from mlcore.scoring.likelihood import support
from verification.models import Verification

if TYPE_CHECKING:
    from sigweb.accounts.models import User


STRANGE_TURNS = 0.65  # 99 of 100 pairs of different people's signatures lie closer than this
OLD_YEARS = 5  # after which a specimen's age is pointed out


@dataclass(frozen=True, slots=True)
class Comparison:
    """One specimen beside the questioned signature.

    vector, local: distances in [0, 2]; small is alike. years: whole ones from its signing to the verification, None
    where the day of signing is not known. hinge: distance of slant and turns in [0, 1], None where it was not compared.
    """

    specimen: Specimen
    vector: float
    local: float
    years: int | None = None
    hinge: float | None = None

    @property
    def is_old(self) -> bool:
        """Signed so long before the questioned signature that the hand may have changed."""
        return self.years is not None and self.years >= OLD_YEARS

    @property
    def vector_share(self) -> float:
        """Per cent of the widest distance, for a bar."""
        return round(min(max(self.vector / 2, 0.0), 1.0) * 100, 1)

    @property
    def local_share(self) -> float:
        """Per cent of a distance of 1, beyond which strokes have nothing in common, for a bar."""
        return round(min(max(self.local, 0.0), 1.0) * 100, 1)

    @property
    def hinge_share(self) -> float:
        """Per cent of the distance that different people's signatures rarely exceed, for a bar."""
        return round(min(max((self.hinge or 0.0) / STRANGE_TURNS, 0.0), 1.0) * 100, 1)


def specimens_usable(*, customer: Customer, on: date) -> QuerySet[Specimen]:
    """The approved specimens of a customer that have not expired by a day; the images stay in the database."""
    return Specimen.objects.filter(compared(on), customer=customer).order_by("enrolled_at", "pk").defer("image")


def specimens_kept(*, customer: Customer) -> QuerySet[Specimen]:
    """All specimens of a customer, in use or not; the images stay in the database."""
    return Specimen.objects.filter(customer=customer).order_by("enrolled_at", "pk").defer("image")


def verifications_list(*, asked_by: User | None = None, verdict: str = "") -> QuerySet[Verification]:
    """Verifications, latest first, of one person or of all, of one verdict or any; without the images."""
    found = Verification.objects.select_related("customer", "asked_by", "model_version").defer(
        "image", "sketch", *long_columns("model_version")
    )
    if asked_by is not None:
        found = found.filter(asked_by=asked_by)
    if verdict:
        found = found.filter(verdict=verdict)
    return found


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Verifications of a day by verdict, and how many of them a person has decided."""

    match: int
    refer: int
    no_match: int
    decided: int

    @property
    def asked(self) -> int:
        return self.match + self.refer + self.no_match


def day_counts(*, day: date) -> DayCounts:
    """What was verified on a day, by everybody."""
    verdicts = Verification.Verdict
    counted = Verification.objects.filter(asked_at__date=day).aggregate(
        match=Count("pk", filter=Q(verdict=verdicts.MATCH)),
        refer=Count("pk", filter=Q(verdict=verdicts.REFER)),
        no_match=Count("pk", filter=Q(verdict=verdicts.NO_MATCH)),
        decided=Count("pk", filter=~Q(human_decision="")),
    )
    return DayCounts(**counted)


def verification_comparisons(verification: Verification, *, ranked: bool = True) -> list[Comparison]:
    """The specimens that were compared, the closest first; not `ranked`, in the order in which they were enrolled."""
    ids = [UUID(entry["specimen"]) for entry in verification.distances]
    specimens = {row.public_id: row for row in Specimen.objects.filter(public_id__in=ids).defer("image")}
    asked = timezone.localdate(verification.asked_at)
    found = [
        Comparison(
            specimen,
            float(entry["vector"]),
            float(entry["local"]),
            _years(specimen.signed_on, asked),
            entry.get("hinge"),
        )
        for entry in verification.distances
        if (specimen := specimens.get(UUID(entry["specimen"]))) is not None
    ]
    if not ranked:
        return sorted(found, key=lambda comparison: comparison.specimen.pk)
    return sorted(found, key=lambda comparison: (comparison.local, comparison.vector))


def _years(signed: date | None, asked: date) -> int | None:
    if signed is None:
        return None
    return asked.year - signed.year - ((asked.month, asked.day) < (signed.month, signed.day))


def likelihood_in_words(ratio: float) -> str:
    """What follows "so many times": which explanation a likelihood ratio speaks for, and how strongly."""
    genuine = ratio >= 1
    strength = {
        "none": _("no support for either"),
        "weak": _("weak support for genuine") if genuine else _("weak support for a forgery"),
        "moderate": _("moderate support for genuine") if genuine else _("moderate support for a forgery"),
        "moderately_strong": (
            _("moderately strong support for genuine") if genuine else _("moderately strong support for a forgery")
        ),
        "strong": _("strong support for genuine") if genuine else _("strong support for a forgery"),
    }[support(ratio)]
    if genuine:
        return _("as likely from a genuine signature as from a skilled forgery: %s") % strength
    return _("as likely from a skilled forgery as from a genuine signature: %s") % strength


def customers_recent(*, asked_by: User, limit: int) -> list[Customer]:
    """The customers of one person's latest verifications, the latest first, with the counts of their specimens."""
    latest = (
        Verification.objects.filter(asked_by=asked_by)
        .order_by()
        .values("customer")
        .annotate(at=Max("asked_at"))
        .order_by("-at")[:limit]
    )
    keys = [row["customer"] for row in latest]
    found = {row.pk: row for row in customers_with_counts(Customer.objects.filter(pk__in=keys))}
    return [found[key] for key in keys]
