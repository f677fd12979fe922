"""Everything that reads customers and specimens."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Case, Count, F, FloatField, Q, QuerySet, TextField, Value, When
from django.utils import timezone

from customers.blobs import unseal
from customers.models import THIN_BELOW, Customer, Fold, Specimen
from sigweb.accounts.models import User

LONGEST_QUERY = 100


def customers_search(*, text: str) -> QuerySet[Customer]:
    """Customers whose number starts with `text`, or whose name holds it or is alike, the best first.

    Accents and case do not count; small typing errors are forgiven (trigrams). An empty text finds nobody.
    """
    text = " ".join(text.replace("\0", "").split())[:LONGEST_QUERY]
    if not text:
        return Customer.objects.none()
    folded = Fold(Value(text, output_field=TextField()))
    by_number = Q(number__startswith=text.upper())
    by_name = Q(folded__contains=folded) | Q(folded__trigram_similar=folded) | Q(folded__trigram_word_similar=folded)
    return (
        Customer.objects.select_related("branch")
        .annotate(folded=Fold(F("name")))
        .filter(by_number | by_name)
        .annotate(
            rank=Case(
                When(number=text.upper(), then=Value(3.0)),
                When(by_number, then=Value(2.0)),
                default=TrigramWordSimilarity(folded, "folded")  # type: ignore[arg-type],
                output_field=FloatField(),
            )
        )
        .order_by("-rank", "name", "number")
    )


def customers_with_counts(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Add `approved`, `pending` (numbers of specimens) and `thin` can then be told from `approved`."""
    return customers.select_related("branch").annotate(
        approved=Count("specimens", filter=Q(specimens__state=Specimen.State.APPROVED)),
        pending=Count("specimens", filter=Q(specimens__state=Specimen.State.PENDING)),
    )


def customers_filtered(
    *, text: str = "", status: str = "", branch: UUID | None = None, show: str = ""
) -> QuerySet[Customer]:
    """The customer list: `show` is "thin" (fewer than 3 approved specimens), "pending" or empty."""
    found = customers_search(text=text) if text.strip() else Customer.objects.order_by("name", "number")
    if status:
        found = found.filter(status=status)
    if branch:
        found = found.filter(branch__public_id=branch)
    found = customers_with_counts(found)
    if show == "thin":
        found = found.filter(Q(approved__lt=THIN_BELOW))
    elif show == "pending":
        found = found.filter(Q(pending__gt=0))
    return found


def customers_thin() -> QuerySet[Customer]:
    """Active customers with fewer than THIN_BELOW approved specimens, the thinnest first."""
    return customers_filtered(status=Customer.Status.ACTIVE, show="thin").order_by(F("approved"), "name", "number")


def specimens_waiting() -> QuerySet[Specimen]:
    """Specimens waiting for approval, the oldest first, without their images."""
    return (
        Specimen.objects.filter(state=Specimen.State.PENDING)
        .select_related("customer", "customer__branch", "enrolled_by")
        .defer("image")
        .order_by("enrolled_at", "pk")
    )


def specimens_unreadable() -> QuerySet[Specimen]:
    """Specimens in use whose stored picture can not be opened."""
    return (
        Specimen.objects.filter(
            state__in=(Specimen.State.PENDING, Specimen.State.APPROVED), unreadable_at__isnull=False
        )
        .select_related("customer")
        .defer("image")
        .order_by("unreadable_at", "pk")
    )


def specimens_of(*, customer: Customer) -> QuerySet[Specimen]:
    """All specimens of a customer: approved, then waiting, then retired; without their images."""
    order = Case(When(state=Specimen.State.APPROVED, then=0), When(state=Specimen.State.PENDING, then=1), default=2)
    return (
        customer.specimens.select_related("enrolled_by", "approved_by", "retired_by")
        .defer("image")
        .order_by(order, "enrolled_at", "pk")
    )


def specimens_elsewhere(*, digest: str, customer: Customer | None) -> QuerySet[Specimen]:
    """Specimens of other customers made of the very same bytes."""
    others = Specimen.objects.exclude(state=Specimen.State.DRAFT).filter(digest=digest)
    if customer is not None:
        others = others.exclude(customer=customer)
    return others.select_related("customer").defer("image")


def enrolment_rows(*, enrolment: UUID) -> QuerySet[Specimen]:
    """All specimens that came through one form, drafts or not, in the order of upload, without their images."""
    return Specimen.objects.filter(enrolment=enrolment).select_related("customer").defer("image").order_by("pk")


def drafts_of(*, enrolment: UUID, actor: User) -> QuerySet[Specimen]:
    """One's own drafts of a form."""
    return enrolment_rows(enrolment=enrolment).filter(state=Specimen.State.DRAFT, enrolled_by=actor)


def drafts_stale() -> QuerySet[Specimen]:
    """Drafts that nobody submitted within settings.DRAFT_HOURS (24)."""
    hours = getattr(settings, "DRAFT_HOURS", 24)
    return Specimen.objects.filter(state=Specimen.State.DRAFT, enrolled_at__lt=timezone.now() - timedelta(hours=hours))


def specimen_bytes(*, specimen: Specimen) -> bytes:
    """The uploaded bytes of a specimen. Raises BlobDamaged. The caller has checked the right to see them."""
    return unseal(specimen.image, context=str(specimen.public_id))
