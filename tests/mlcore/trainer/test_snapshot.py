"""What a run uses is frozen, named by its content, and tells whether a customer was in it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from customers.models import Customer
from mlcore.models import ModelVersion, SnapshotItem, TrainingRun, TrainingSnapshot
from mlcore.retraining import selectors
from mlcore.retraining.runs import run_cancel, run_measure, run_start
from mlcore.trainer.gathering import snapshot_signatures
from mlcore.trainer.snapshot import snapshot_take
from tests.customers.making import customer, erased, specimens
from tests.mlcore.making import make_user
from tests.mlcore.retraining.making import bank as registered
from tests.mlcore.retraining.making import make_verification, succeeded
from tests.mlcore.trainer.enrolled import enrol_bank

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank() -> list[Customer]:
    """Ten customers with three specimens each, whose pictures nobody opens here."""
    return registered(10)


def take(seed: int = 1) -> TrainingSnapshot:
    return snapshot_take(run_start(actor=None, steps=1, seed=seed))


def test_the_same_content_and_seed_are_the_same_snapshot(bank: list[Customer]) -> None:
    first = take()
    TrainingRun.objects.all().delete()
    again = take()
    assert again.pk == first.pk
    assert TrainingSnapshot.objects.count() == 1


def test_another_specimen_is_another_snapshot(bank: list[Customer]) -> None:
    first = take()
    specimens(bank[0], 1, approved=True)
    TrainingRun.objects.all().delete()
    assert take().digest != first.digest


def test_a_run_keeps_its_snapshot_whatever_is_enrolled_later(bank: list[Customer]) -> None:
    run = run_start(actor=None, steps=1)
    run.snapshot = snapshot_take(run)
    specimens(bank[0], 1, approved=True)
    assert snapshot_take(run).pk == run.snapshot.pk


def test_one_in_five_of_the_able_is_held_out_and_never_trained_on() -> None:
    enrol_bank(10)
    snapshot = take()
    assert snapshot.held_out == 2
    trained, held = (snapshot_signatures(snapshot, held_out=flag) for flag in (False, True))
    assert len(trained.names) == 8
    assert len(held.names) == 2
    assert not set(trained.names) & set(held.names)


def held(snapshot: TrainingSnapshot) -> set[object]:
    return set(snapshot.items.filter(held_out=True).values_list("customer", flat=True))


def test_another_seed_holds_out_others(bank: list[Customer]) -> None:
    drawn = [held(take(seed)) for seed in (1, 2, 3, 4)]
    assert len({frozenset(found) for found in drawn}) > 1


def test_nobody_is_measured_with_whom_the_champion_was_trained_on(bank: list[Customer], champion: ModelVersion) -> None:
    first = take()
    succeeded(champion, snapshot=first)
    for seed in range(2, 7):
        assert held(take(seed)) == held(first), "whatever the seed"
    new = {customer.public_id for customer in registered(10)}
    for seed in range(7, 12):
        again = take(seed)
        assert again.held_out == 10
        assert held(first) < held(again) <= held(first) | new
        assert set(again.items.filter(held_out=False).values_list("customer", flat=True)) & new


def test_to_measure_alone_all_are_taken_whom_neither_model_has_learnt_from(
    bank: list[Customer], champion: ModelVersion
) -> None:
    thin = customer()
    specimens(thin, 2, approved=True)
    first = take()
    candidate = ModelVersion.objects.create(name="file", directory="file", digest="1" * 64)
    run = run_measure(version=candidate, actor=None)
    alone = snapshot_take(run)
    assert held(alone) == {of.public_id for of in bank}
    assert (alone.customers, alone.held_out, alone.images) == (10, 10, 30)
    run_cancel(run=run, actor=None)
    for learner in (champion, candidate):
        trained = succeeded(learner, snapshot=first)
        run = run_measure(version=candidate, actor=None)
        assert held(snapshot_take(run)) == held(first)
        run_cancel(run=run, actor=None)
        trained.delete()


def test_what_an_ancestor_was_trained_on_counts_too(bank: list[Customer], champion: ModelVersion) -> None:
    first = take()
    ancestor = ModelVersion.objects.create(name="before", directory="before", digest="0" * 64)
    succeeded(ancestor, snapshot=first)
    champion.parent = ancestor
    champion.save()
    assert all(held(take(seed)) == held(first) for seed in range(2, 7))


def test_of_many_decisions_a_few_of_each_kind_are_drawn(bank: list[Customer], champion: ModelVersion) -> None:
    reviewer = make_user()
    for number in range(20):
        kind = (
            {"human_decision": "accepted"} if number % 2 else {"human_decision": "rejected", "reason_code": "differs"}
        )
        make_verification(bank[0], champion, decided_by=reviewer, decided_at=timezone.now(), **kind)
    run = run_start(actor=None, steps=1, with_decisions=True)
    decided = snapshot_take(run).items.filter(kind=SnapshotItem.Kind.DECIDED)
    assert decided.filter(genuine=True).count() == decided.filter(genuine=False).count() == selectors.MOST_DECIDED
    assert set(decided.values_list("customer", flat=True)) == {bank[0].public_id}
    again = run_start(actor=None, steps=2, with_decisions=True)
    assert snapshot_take(again).digest == decided[0].snapshot.digest


def test_decisions_about_a_customer_held_out_are_held_out_with_him(
    bank: list[Customer], champion: ModelVersion
) -> None:
    for of in bank:
        decided = {"decided_by": make_user(), "decided_at": timezone.now()}
        make_verification(of, champion, human_decision="accepted", **decided)
    items = snapshot_take(run_start(actor=None, steps=1, with_decisions=True)).items
    assert items.filter(kind=SnapshotItem.Kind.DECIDED, held_out=True).count() == 2
    flags = items.values_list("customer", "held_out").order_by("customer").distinct()
    assert len(flags) == len(bank)


def test_customers_with_one_or_two_specimens_are_never_held_out(bank: list[Customer]) -> None:
    thin = customer()
    specimens(thin, 2, approved=True)
    for seed in range(1, 6):
        items = take(seed).items.filter(customer=thin.public_id)
        assert items.count() == 2
        assert not items.filter(held_out=True).exists()


def test_only_approved_specimens_are_used(bank: list[Customer]) -> None:
    waiting = customer()
    specimens(waiting, 3)
    assert not take().items.filter(customer=waiting.public_id).exists()


def test_one_can_tell_whether_an_erased_customer_was_in_it(bank: list[Customer]) -> None:
    snapshot, gone = take(), bank[0]
    erased(*gone.specimens.all())
    gone.delete()
    assert SnapshotItem.objects.filter(snapshot=snapshot, customer=gone.public_id).count() == 3
    assert not SnapshotItem.objects.filter(customer=customer().public_id).exists()


def test_the_snapshot_holds_no_image_and_no_name(bank: list[Customer]) -> None:
    item = take().items.first()
    assert item is not None
    assert {field.name for field in SnapshotItem._meta.get_fields()} == {
        "id", "snapshot", "customer", "kind", "source", "content", "genuine", "held_out",
    }  # fmt: skip
