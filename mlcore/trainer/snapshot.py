"""What a run uses, frozen before it begins: which images of which customers, and who is held out to measure with."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from django.db import transaction

from customers.models import THIN_BELOW
from mlcore.models import ModelVersion, SnapshotItem, TrainingRun, TrainingSnapshot
from mlcore.retraining.selectors import (
    MOST_CUSTOMERS,
    MOST_DECIDED,
    MOST_HELD_OUT,
    decisions_for_training,
    held_out_of,
    specimens_for_training,
)
from verification.models import Verification

_HELD_OUT, _UNKNOWN, _TRAINED_ON = 0, 1, 2  # what earlier trainings did with a customer, best to measure with first


@transaction.atomic
def snapshot_take(run: TrainingRun) -> TrainingSnapshot:
    """The run's snapshot: the one it has, or one of the approved specimens and, if wanted, of the decisions.

    Who is held out is drawn by the run's seed from the customers' public ids, whatever the order of enrolment; those
    come first whom no training behind parent or champion has seen, since one can not measure with what was learnt. So
    the same customers, seed and models give the same snapshot. Equal content is the same row. A run that only measures
    freezes nobody else than those that it measures with.
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
    placed = sorted(by_customer, key=lambda customer: _place(run.seed, customer))
    if run.measured is not None:
        for customer in _measured_with(placed, by_customer, _history(run)):
            for item in by_customer[customer]:
                item.held_out = True
                yield item
        return
    drawn = placed[:MOST_CUSTOMERS]
    held_out = _held_out(drawn, by_customer, _history(run))
    decided = _decided(frozenset(drawn), run.seed) if run.with_decisions else {}
    for customer in drawn:
        for item in [*by_customer[customer], *decided.get(customer, ())]:
            item.held_out = customer in held_out
            yield item


def _held_out(
    drawn: Sequence[UUID], specimens: Mapping[UUID, Sequence[SnapshotItem]], history: Mapping[UUID, int]
) -> frozenset[UUID]:
    """Some of those that have enough specimens to measure with, the first of those drawn, by their history."""
    able = _able(drawn, specimens, history)
    return frozenset(able[: held_out_of(len(able))])


def _measured_with(
    placed: Sequence[UUID], specimens: Mapping[UUID, Sequence[SnapshotItem]], history: Mapping[UUID, int]
) -> list[UUID]:
    """All that there are to measure with, since nobody is learnt from: but none whom either model has learnt from."""
    unseen = [customer for customer in placed if history.get(customer) != _TRAINED_ON]
    return _able(unseen, specimens, history)[:MOST_HELD_OUT]


def _able(
    customers: Sequence[UUID], specimens: Mapping[UUID, Sequence[SnapshotItem]], history: Mapping[UUID, int]
) -> list[UUID]:
    """Those with enough specimens to measure with, the best to measure with first."""
    able = [customer for customer in customers if len(specimens[customer]) >= THIN_BELOW]
    return sorted(able, key=lambda customer: history.get(customer, _UNKNOWN))


def _history(run: TrainingRun) -> dict[UUID, int]:
    """What the trainings behind the run's parent, the version it measures and the champion did with each customer.

    Held out of all of them comes before unknown, so that new customers are learnt from; trained on by any comes last.
    """
    champion = ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION).select_related("parent").first()
    behind: set[int] = set()
    for version in (run.parent, run.measured, champion):
        while version is not None and version.pk not in behind:
            behind.add(version.pk)
            version = version.parent
    rows = SnapshotItem.objects.filter(snapshot__runs__produced__in=behind).order_by()
    found: dict[UUID, int] = {}
    for customer, held_out in rows.values_list("customer", "held_out").distinct():
        found[customer] = max(found.get(customer, 0), _HELD_OUT if held_out else _TRAINED_ON)
    return found


def _specimens() -> Iterator[SnapshotItem]:
    rows = specimens_for_training().values_list("customer__public_id", "public_id", "digest")
    for customer, source, content in rows.iterator():
        yield SnapshotItem(customer=customer, kind=SnapshotItem.Kind.SPECIMEN, source=source, content=content)


def _decided(customers: Collection[UUID], seed: int) -> dict[UUID, list[SnapshotItem]]:
    """Of each of these customers a few genuine and a few forged ones; somebody may have thousands."""
    kept: dict[tuple[UUID, bool], list[tuple[bytes, UUID, str]]] = defaultdict(list)
    named = decisions_for_training().values_list("customer__public_id", "public_id", "digest", "human_decision")
    for customer, source, content, decision in named.iterator():
        if customer in customers:
            own = kept[customer, decision == Verification.Decision.ACCEPTED]
            own.append((_place(seed, source), source, content))
            if len(own) > MOST_DECIDED:
                own.remove(max(own))
    found: dict[UUID, list[SnapshotItem]] = defaultdict(list)
    for (customer, genuine), own in kept.items():
        found[customer] += [
            SnapshotItem(
                customer=customer, kind=SnapshotItem.Kind.DECIDED, source=source, content=content, genuine=genuine
            )
            for _, source, content in own
        ]
    return found


def _place(seed: int, public_id: UUID) -> bytes:
    return hashlib.sha256(f"{seed}:{public_id}".encode()).digest()


def _digest(items: Iterable[SnapshotItem]) -> str:
    lines = sorted(
        f"{item.customer} {item.kind} {item.source} {item.content} {item.genuine:d} {item.held_out:d}" for item in items
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
