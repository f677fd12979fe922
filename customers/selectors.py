"""Everything that reads customers and specimens."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import (
    BinaryField,
    Case,
    Count,
    F,
    FloatField,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Substr
from django.utils import timezone

from customers.blobs import unseal
from customers.marks import with_marks
from customers.models import MAX_APPROVED, THIN_BELOW, Customer, Fold, Specimen
from customers.queries import compared, specimens_count
from mlcore.sentences import sentence_in_words
from sigweb.accounts.models import User

LONGEST_QUERY = 100
IN_USE = (Specimen.State.APPROVED, Specimen.State.PENDING)


@dataclass(frozen=True, slots=True)
class SpecimenCard:
    """A specimen and what one viewer may do with it; `barred` says why approval is not his."""

    specimen: Specimen
    remarks: tuple[str, ...]
    elsewhere: tuple[Customer, ...]
    may_approve: bool
    may_retire: bool
    barred: bool
    expired: bool


def customers_search(*, text: str) -> QuerySet[Customer]:
    """Customers whose number starts with `text`, or whose name holds it or is alike, the best first.

    Accents and case do not count; small typing errors are forgiven (trigrams). An empty text finds nobody.
    """
    text = " ".join(text.replace("\0", "").split())[:LONGEST_QUERY]
    if not text:
        return Customer.objects.none()
    folded = Fold(Value(text, output_field=TextField()))
    by_number = Q(number__startswith=text.upper())
    by_name = (
        Q(name_folded__contains=folded)
        | Q(name_folded__trigram_similar=folded)
        | Q(name_folded__trigram_word_similar=folded)
    )
    return (
        Customer.objects.select_related("branch")
        .filter(by_number | by_name)
        .annotate(
            rank=Case(
                When(number=text.upper(), then=Value(3.0)),
                When(by_number, then=Value(2.0)),
                default=TrigramWordSimilarity(folded, "name_folded"),  # type: ignore[arg-type]
                output_field=FloatField(),
            )
        )
        .annotate(by_number=Case(When(by_number, then=F("number")), default=Value("")))
        .order_by("-rank", "by_number", "name", "number")
    )


def customers_with_counts(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Add `approved`, `expired` and `pending`, the numbers of specimens.

    approved: those that verifications compare with, so none that has expired.
    """
    today = timezone.localdate()
    return customers.select_related("branch").annotate(
        approved=specimens_count(compared(today)),
        expired=specimens_count(Q(state=Specimen.State.APPROVED, expires_on__lt=today)),
        pending=specimens_count(Q(state=Specimen.State.PENDING)),
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
    if show == "thin":
        found = found.exclude(pk__in=_with_enough())
    elif show == "pending":
        found = found.filter(pk__in=Specimen.objects.filter(state=Specimen.State.PENDING).values("customer"))
    return with_marks(customers_with_counts(found))


def customers_thin() -> QuerySet[Customer]:
    """Active customers with fewer than THIN_BELOW approved specimens, by name."""
    return customers_filtered(status=Customer.Status.ACTIVE, show="thin")


def customers_ready() -> QuerySet[Customer]:
    """Active customers with at least THIN_BELOW approved specimens, by number."""
    return Customer.objects.filter(status=Customer.Status.ACTIVE, pk__in=_with_enough()).order_by("number")


def _with_enough() -> QuerySet[Any, Any]:
    """Keys of customers with at least THIN_BELOW approved specimens: one pass over these, not a look-up a customer."""
    many = Specimen.objects.filter(compared(timezone.localdate())).order_by().values("customer")
    return many.alias(n=Count("pk")).filter(n__gte=THIN_BELOW).values("customer")


def customers_waiting(*, viewer: User) -> QuerySet[Customer]:
    """Active customers with specimens that this person may approve, the longest wait first.

    Adds `waits`, how many these are, and `waits_since`.
    """
    waiting = specimens_approvable(viewer=viewer)
    oldest = waiting.filter(customer=OuterRef("pk")).values("enrolled_at")[:1]
    return (
        customers_filtered(status=Customer.Status.ACTIVE)
        .filter(pk__in=waiting.order_by().values("customer"))
        .annotate(waits=specimens_count(_approvable(viewer)), waits_since=Subquery(oldest))
        .order_by(F("waits_since"), "name")
    )


def customers_turned_down(*, enrolled_by: User, since: datetime) -> QuerySet[Customer]:
    """Active customers of whom somebody else retired what this person enrolled, before it was ever approved.

    The latest first. Adds `turned_down`, how many specimens these are, and of the latest `turned_down_at` and
    `turned_down_specimen`, its public_id.
    """
    which = Q(enrolled_by=enrolled_by, state=Specimen.State.RETIRED, approved_at=None, retired_at__gte=since)
    which &= ~Q(retired_by=enrolled_by)
    found = Specimen.objects.filter(which)
    latest = found.filter(customer=OuterRef("pk")).order_by("-retired_at", "-pk")
    return (
        Customer.objects.filter(status=Customer.Status.ACTIVE, pk__in=found.order_by().values("customer"))
        .annotate(
            turned_down=specimens_count(which),
            turned_down_at=Subquery(latest.values("retired_at")[:1]),
            turned_down_specimen=Subquery(latest.values("public_id")[:1]),
        )
        .order_by("-turned_down_at", "name")
    )


def specimens_enrolled(*, day: date) -> int:
    """How many specimens were turned in on a day; drafts do not count."""
    return Specimen.objects.exclude(state=Specimen.State.DRAFT).filter(enrolled_at__date=day).count()


def specimens_unreadable() -> QuerySet[Specimen]:
    """Specimens in use, of active customers, whose stored picture can not be opened."""
    active = Q(customer__status=Customer.Status.ACTIVE)
    return (
        Specimen.objects.filter(active, state__in=IN_USE, unreadable_at__isnull=False)
        .select_related("customer")
        .defer("image")
        .order_by("unreadable_at", "pk")
    )


def specimens_approvable(*, viewer: User) -> QuerySet[Specimen]:
    """Specimens that wait and that this person may approve, in the order in which they were turned in."""
    found = Specimen.objects.filter(_approvable(viewer), customer__status=Customer.Status.ACTIVE)
    if not viewer.has_perm("customers.approve_specimen"):
        return found.none()
    return found.select_related("customer").defer("image").order_by("enrolled_at", "pk")


def specimens_barred(*, viewer: User) -> int:
    """How many specimens wait that this person turned in himself, so that another has to approve them."""
    waiting = Specimen.objects.filter(state=Specimen.State.PENDING, customer__status=Customer.Status.ACTIVE)
    return waiting.filter(enrolled_by=viewer).count() if settings.FOUR_EYES else 0


def _approvable(viewer: User) -> Q:
    waiting = Q(state=Specimen.State.PENDING)
    return waiting & ~Q(enrolled_by=viewer) if settings.FOUR_EYES else waiting


def specimen_next(*, viewer: User, after: Specimen) -> Specimen | None:
    """The specimen of the same customer to look at next: the one after this, else the first; None when none is left."""
    waiting = list(specimens_approvable(viewer=viewer).filter(customer=after.customer).exclude(pk=after.pk))
    later = [row for row in waiting if (row.enrolled_at, row.pk) > (after.enrolled_at, after.pk)]
    return next(iter(later or waiting), None)


def specimens_of(*, customer: Customer) -> QuerySet[Specimen]:
    """All specimens of a customer: what waits for somebody, then approved, then retired; without their images."""
    order = Case(When(state=Specimen.State.PENDING, then=0), When(state=Specimen.State.APPROVED, then=1), default=2)
    return (
        customer.specimens.select_related("enrolled_by", "approved_by", "retired_by")
        .defer("image")
        .order_by(order, "enrolled_at", "pk")
    )


def specimens_cards(*, customer: Customer, viewer: User) -> list[SpecimenCard]:
    """The specimens of a customer as they are shown to `viewer`."""
    specimens = list(specimens_of(customer=customer))
    others: dict[str, list[Customer]] = {}
    for twin in specimens_elsewhere(digests={row.digest for row in specimens}, customer=customer):
        if twin.customer is not None:
            others.setdefault(twin.digest, []).append(twin.customer)
    approves = customer.is_active and viewer.has_perm("customers.approve_specimen")
    retires = customer.is_active and viewer.has_perm("customers.retire_specimen")
    cards = []
    for row in specimens:
        pending = row.state == Specimen.State.PENDING
        barred = pending and settings.FOUR_EYES and row.enrolled_by_id == viewer.pk
        cards.append(
            SpecimenCard(
                specimen=row,
                remarks=tuple(sentence_in_words(str(remark["sentence"])) for remark in row.quality.get("remarks", ())),
                elsewhere=tuple(others.get(row.digest, ())),
                may_approve=pending and approves and not barred and not row.has_expired,
                may_retire=row.state in IN_USE and retires,
                barred=approves and barred,
                expired=row.has_expired,
            )
        )
    return cards


def specimens_elsewhere(*, digests: Collection[str], customer: Customer | None) -> QuerySet[Specimen]:
    """Specimens of other customers made of the very same bytes."""
    others = Specimen.objects.exclude(state=Specimen.State.DRAFT).filter(digest__in=digests)
    if customer is not None:
        others = others.exclude(customer=customer)
    return others.select_related("customer").defer("image")


def enrolment_rows(*, enrolment: UUID) -> QuerySet[Specimen]:
    """All specimens that came through one form, drafts or not, in the order of upload, without their images."""
    return Specimen.objects.filter(enrolment=enrolment).select_related("customer").defer("image").order_by("pk")


def enrolment_customer(*, enrolment: UUID, actor: User) -> Customer | None:
    """The customer that one's own form was submitted for; None while it was not."""
    row = enrolment_rows(enrolment=enrolment).exclude(state=Specimen.State.DRAFT).filter(enrolled_by=actor).first()
    return row.customer if row else None


def specimens_room(*, customer: Customer | None) -> int:
    """How many more specimens may be enrolled for a customer; None is one who does not exist yet."""
    if customer is None:
        return MAX_APPROVED
    in_use = customer.specimens.filter(state__in=IN_USE).count()
    return max(0, MAX_APPROVED - in_use)


def drafts_of(*, enrolment: UUID, actor: User) -> QuerySet[Specimen]:
    """One's own drafts of a form."""
    return enrolment_rows(enrolment=enrolment).filter(state=Specimen.State.DRAFT, enrolled_by=actor)


def drafts_stale() -> QuerySet[Specimen]:
    """Drafts that nobody submitted within settings.DRAFT_HOURS (24)."""
    hours = getattr(settings, "DRAFT_HOURS", 24)
    return Specimen.objects.filter(state=Specimen.State.DRAFT, enrolled_at__lt=timezone.now() - timedelta(hours=hours))


def specimens_sealed(*, latest: bool, limit: int) -> list[bytes]:
    """The first two bytes of the oldest or the latest stored pictures, which tell their keys."""
    heads = Specimen.objects.annotate(head=head_of("image"))
    ordered = heads.order_by("-pk" if latest else "pk")
    return [bytes(head) for head in ordered.values_list("head", flat=True)[:limit]]


def head_of(column: str) -> Func:
    """The first two bytes of a column of sealed bytes, to annotate rows with: what is long is not read for them."""
    return Substr(column, 1, 2, output_field=BinaryField())


def specimen_bytes(*, specimen: Specimen) -> bytes:
    """The uploaded bytes of a specimen. Raises BlobDamaged. The caller has checked the right to see them."""
    return unseal(specimen.image, context=str(specimen.public_id))
