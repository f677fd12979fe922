"""Whether a customer's signatures were in a training: asked of the frozen snapshots, which outlive an erasure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from customers.models import Customer
from mlcore.models import LONG_COLUMNS, ModelVersion, SnapshotItem, TrainingRun, TrainingSnapshot
from mlcore.selectors import BASE
from sigweb.audit.services import audit_record

if TYPE_CHECKING:
    from sigweb.accounts.models import User

# With its dashes, since a number may be as long as it is without. A number has 32 letters at most, this has 36.
_PUBLIC_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class CustomerUnknown(LookupError):
    """A number that no customer has; the message says what to ask with instead."""


class Answer(Enum):
    """Learnt: a model version holds something of what was learnt. Going: a training with the signatures is under way.
    Unfinished: trained on, but nothing came of it.

    Measured: held out each time, so that nothing was learnt.
    """

    NONE = "none"
    LEARNT = "learnt"
    GOING = "going"
    UNFINISHED = "unfinished"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class CustomerInRun:
    """A snapshot with signatures of the customer, and a run that used it, None where its run is not kept.

    specimens, decisions: how many images of this customer. trained_on: False where the customer was held out.
    """

    snapshot: TrainingSnapshot
    run: TrainingRun | None
    specimens: int
    decisions: int
    trained_on: bool


@dataclass(frozen=True, slots=True)
class CustomerInVersion:
    """A model version that a run with signatures of the customer has made, or that goes on from such a one.

    trained_on, measured_with: by the run that made it. after: the nearest version behind it that was trained on the
    customer. One that only goes on from a version that held the customer out has nothing of him, and is not told of.
    """

    version: ModelVersion
    trained_on: bool
    measured_with: bool
    after: ModelVersion | None

    @property
    def learnt(self) -> bool:
        return self.trained_on or self.after is not None


@dataclass(frozen=True, slots=True)
class Membership:
    """Where a customer's signatures were used. enrolled: somebody has this public id now.

    elsewhere: model versions that came as files; what they learnt from is not on record here.
    """

    customer: UUID
    enrolled: bool
    runs: tuple[CustomerInRun, ...]
    versions: tuple[CustomerInVersion, ...]
    elsewhere: tuple[ModelVersion, ...]

    @property
    def answer(self) -> Answer:
        if any(found.learnt for found in self.versions):
            return Answer.LEARNT
        if any(found.trained_on and found.run is not None and found.run.is_open for found in self.runs):
            return Answer.GOING
        if any(found.trained_on for found in self.runs):
            return Answer.UNFINISHED
        return Answer.MEASURED if self.runs else Answer.NONE

    @property
    def learnt(self) -> int:
        """How many model versions hold something of what was learnt."""
        return sum(found.learnt for found in self.versions)


def membership_look_up(*, given: str, actor: User | None, request: HttpRequest | None = None) -> Membership:
    """Answer for a customer's number or public id, and note in the audit trail that it was asked.

    A number works while the customer is there, the public id always. Raises CustomerUnknown for a number of nobody.
    """
    number = " ".join(given.split()).upper()
    known = Customer.objects.filter(number=number).values_list("public_id", flat=True).first()
    if known is None and not _PUBLIC_ID.fullmatch(number):
        audit_record(actor=actor, action="customer.training_looked_up", request=request, details={"known": False})
        raise CustomerUnknown(
            _("No customer has this number. After an erasure only the public id is known; the audit trail keeps it.")
        )
    found = membership_of(known or UUID(number))
    audit_record(
        actor=actor,
        action="customer.training_looked_up",
        obj=Customer(public_id=found.customer),  # by its id alone: the row may be gone
        request=request,
        details={"known": found.enrolled, "runs": len(found.runs), "versions": len(found.versions)},
    )
    return found


def membership_of(customer: UUID) -> Membership:
    """Every snapshot, run and model version that signatures of this public id went into, the latest first."""
    runs = tuple(_runs(customer))
    versions = {version.pk: version for version in ModelVersion.objects.defer(*LONG_COLUMNS)}
    made = dict(TrainingRun.objects.filter(produced__isnull=False).values_list("produced", "parent"))
    return Membership(
        customer=customer,
        enrolled=Customer.objects.filter(public_id=customer).exists(),
        runs=runs,
        versions=tuple(_versions(runs, versions, made)),
        elsewhere=tuple(row for row in versions.values() if row.pk not in made and row.directory != BASE),
    )


def _runs(customer: UUID) -> Iterator[CustomerInRun]:
    kinds = SnapshotItem.Kind
    counted = (
        SnapshotItem.objects.filter(customer=customer)
        .order_by()
        .values("snapshot")
        .annotate(
            specimens=Count("pk", filter=Q(kind=kinds.SPECIMEN)),
            decisions=Count("pk", filter=Q(kind=kinds.DECIDED)),
            learnt=Count("pk", filter=Q(held_out=False)),
        )
    )
    rows = {row["snapshot"]: row for row in counted}
    for snapshot in TrainingSnapshot.objects.filter(pk__in=rows).order_by("-created_at", "-pk"):
        row = rows[snapshot.pk]
        runs = (
            snapshot.runs.select_related("produced", "measured").defer("log", "curves").order_by("-created_at", "-pk")
        )
        used: list[TrainingRun | None] = [*runs]
        for run in used or [None]:
            yield CustomerInRun(snapshot, run, row["specimens"], row["decisions"], row["learnt"] > 0)


def _versions(
    runs: tuple[CustomerInRun, ...], versions: Mapping[int, ModelVersion], made: Mapping[int, int | None]
) -> Iterator[CustomerInVersion]:
    own = {used.run.produced_id: used.trained_on for used in runs if used.run and used.run.produced_id}
    for key, version in versions.items():
        after = next((before for before in _behind(key, versions, made) if own.get(before)), None)
        if key in own or after is not None:
            yield CustomerInVersion(
                version,
                trained_on=own.get(key, False),
                measured_with=own.get(key) is False,
                after=versions[after] if after is not None else None,
            )


def _behind(key: int, versions: Mapping[int, ModelVersion], made: Mapping[int, int | None]) -> Iterator[int]:
    """The versions that this one goes on from, the nearest first."""
    seen = {key}
    while (parent := made.get(key) or versions[key].parent_id) is not None and parent not in seen:
        yield parent
        seen.add(parent)
        key = parent
