"""What a run uses, frozen before it begins: which images of which customers, and who is held out to measure with."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from django.db import transaction

from customers.models import THIN_BELOW
from mlcore.models import SnapshotItem, TrainingRun, TrainingSnapshot
from mlcore.retraining.selectors import (
    MOST_CUSTOMERS,
    decisions_for_training,
    held_out_of,
    specimens_for_training,
)
from verification.models import Verification


@transaction.atomic
def snapshot_take(run: TrainingRun) -> TrainingSnapshot:
    """The run's snapshot: the one it has, or one of the approved specimens and, if wanted, of the decisions.

    Who is held out is drawn by the run's seed from the customers' public ids, so the same customers and seed give the
    same snapshot, whatever the order of enrolment. Equal content is the same row.
    """
    if run.snapshot is not None:
        return run.snapshot
    items = list(_items(run))
    digest = _digest(items)
    held_out = {item.customer for item in items if item.held_out}
    snapshot, created = TrainingSnapshot.objects.get_or_create(
        digest=digest,
        defaults={
            "customers": len({item.customer for item in items}),
            "held_out": len(held_out),
            "images": len(items),
        },
    )
    if created:
        for item in items:
            item.snapshot = snapshot
        SnapshotItem.objects.bulk_create(items, batch_size=2000)
    return snapshot


def _items(run: TrainingRun) -> Iterator[SnapshotItem]:
    by_customer: dict[UUID, list[SnapshotItem]] = defaultdict(list)
    for item in _specimens():
        by_customer[item.customer].append(item)
    drawn = sorted(by_customer, key=lambda customer: _place(run.seed, customer))[:MOST_CUSTOMERS]
    held_out = _held_out(drawn, by_customer)
    if run.with_decisions:
        for item in _decided():
            by_customer[item.customer].append(item)
    for customer in drawn:
        for item in by_customer[customer]:
            item.held_out = customer in held_out
            yield item


def _held_out(drawn: Sequence[UUID], specimens: Mapping[UUID, Sequence[SnapshotItem]]) -> frozenset[UUID]:
    """Some of those that have enough specimens to measure with, the first of those drawn."""
    able = [customer for customer in drawn if len(specimens[customer]) >= THIN_BELOW]
    return frozenset(able[: held_out_of(len(able))])


def _specimens() -> Iterator[SnapshotItem]:
    rows = specimens_for_training().values_list("customer__public_id", "public_id", "digest")
    for customer, source, content in rows.iterator():
        yield SnapshotItem(customer=customer, kind=SnapshotItem.Kind.SPECIMEN, source=source, content=content)


def _decided() -> Iterator[SnapshotItem]:
    named = decisions_for_training().values_list("customer__public_id", "public_id", "digest", "human_decision")
    for customer, source, content, decision in named.iterator():
        yield SnapshotItem(
            customer=customer,
            kind=SnapshotItem.Kind.DECIDED,
            source=source,
            content=content,
            genuine=decision == Verification.Decision.ACCEPTED,
        )


def _place(seed: int, customer: UUID) -> bytes:
    return hashlib.sha256(f"{seed}:{customer}".encode()).digest()


def _digest(items: Iterable[SnapshotItem]) -> str:
    lines = sorted(
        f"{item.customer} {item.kind} {item.source} {item.content} {item.genuine:d} {item.held_out:d}" for item in items
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
