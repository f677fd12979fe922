"""Whether a customer was in a training is told from the snapshots, also when the customer is not there any more."""

from __future__ import annotations

import uuid
from uuid import UUID

import pytest

from customers.models import Customer
from mlcore.models import ModelVersion, SnapshotItem, TrainingRun, TrainingSnapshot
from mlcore.retraining.membership import (
    Answer,
    CustomerUnknown,
    Membership,
    membership_look_up,
    membership_of,
)
from mlcore.retraining.runs import run_start
from mlcore.trainer.snapshot import snapshot_take
from sigweb.audit.models import AuditEvent
from tests.customers.making import erased
from tests.mlcore.making import make_customer, make_user
from tests.mlcore.retraining.making import bank, make_run, make_snapshot, succeeded

pytestmark = pytest.mark.django_db


def make_version(name: str, **fields: object) -> ModelVersion:
    return ModelVersion.objects.create(
        **{"name": name, "directory": f"run-{name}", "digest": uuid.uuid4().hex * 2, **fields}
    )


def using(customer: UUID, *, held_out: bool = False, specimens: int = 3, decisions: int = 0) -> TrainingSnapshot:
    """A snapshot with images of this customer and one of somebody else."""
    snapshot = make_snapshot()
    kinds = ["specimen"] * specimens + ["decided"] * decisions
    rows = [(customer, kind, held_out) for kind in kinds] + [(uuid.uuid4(), "specimen", not held_out)]
    SnapshotItem.objects.bulk_create(
        SnapshotItem(snapshot=snapshot, customer=of, kind=kind, source=uuid.uuid4(), content="c" * 64, held_out=held)
        for of, kind, held in rows
    )
    return snapshot


def trained(name: str, snapshot: TrainingSnapshot | None, parent: ModelVersion | None = None) -> ModelVersion:
    """A version that a run on this snapshot has made."""
    version = make_version(name, parent=parent)
    succeeded(version, snapshot=snapshot or using(uuid.uuid4()), parent=parent)
    return version


def told(found: Membership) -> dict[str, tuple[bool, bool, str]]:
    """Of each version: trained on, measured with, after which."""
    return {
        str(trace.version): (trace.trained_on, trace.measured_with, str(trace.after or "")) for trace in found.versions
    }


def test_an_id_that_nobody_ever_had_is_in_none() -> None:
    trained("one", None)
    found = membership_of(uuid.uuid4())
    assert (found.answer, found.enrolled, found.runs, found.versions) == (Answer.NONE, False, (), ())


def test_runs_and_versions_that_learnt_from_a_customer_are_told_with_what_they_used() -> None:
    customer = uuid.uuid4()
    version = trained("one", snapshot := using(customer, specimens=4, decisions=2))
    failed = make_run(state="failed", snapshot=snapshot)
    trained("another", None)
    found = membership_of(customer)
    assert found.answer == Answer.LEARNT
    assert told(found) == {"one": (True, False, "")}
    assert [used.run for used in found.runs] == [failed, version.training_run]
    assert {(used.snapshot, used.specimens, used.decisions, used.trained_on) for used in found.runs} == {
        (snapshot, 4, 2, True)
    }


def test_held_out_is_measured_with_and_nothing_of_it_is_passed_on() -> None:
    customer = uuid.uuid4()
    first = trained("first", using(customer, held_out=True))
    trained("second", None, parent=first)
    found = membership_of(customer)
    assert found.answer == Answer.MEASURED
    assert told(found) == {"first": (False, True, "")}
    assert [used.trained_on for used in found.runs] == [False]


def test_what_goes_on_from_a_version_that_learnt_has_learnt_too_however_far() -> None:
    customer = uuid.uuid4()
    first = trained("first", using(customer), parent=make_version("base", directory="base"))
    second = trained("second", using(customer, held_out=True), parent=first)
    third = trained("third", None, parent=second)
    ModelVersion.objects.filter(pk=third.pk).update(parent=None)  # the run's own record of it is enough
    trained("beside", None, parent=ModelVersion.objects.get(name="base"))
    found = membership_of(customer)
    assert told(found) == {
        "first": (True, False, ""),
        "second": (False, True, "first"),
        "third": (False, False, "first"),
    }
    assert (found.answer, found.learnt, len(found.runs)) == (Answer.LEARNT, 3, 2)


def test_a_training_that_came_to_nothing_is_told_as_such() -> None:
    customer = uuid.uuid4()
    make_run(state="failed", snapshot=using(customer))
    assert membership_of(customer).answer == Answer.UNFINISHED


def test_a_training_under_way_is_not_said_to_have_come_to_nothing() -> None:
    customer = uuid.uuid4()
    make_run(state="failed", snapshot=using(customer))
    make_run(state="running", snapshot=using(customer))
    assert membership_of(customer).answer == Answer.GOING


def test_a_snapshot_whose_run_is_not_kept_is_told_all_the_same() -> None:
    customer = uuid.uuid4()
    snapshot = using(customer)
    (used,) = membership_of(customer).runs
    assert (used.snapshot, used.run) == (snapshot, None)


def test_what_came_as_a_file_is_named_since_nobody_knows_what_it_learnt_from() -> None:
    make_version("base", directory="base")
    imported = make_version("theirs", directory="theirs-1")
    trained("ours", None)
    assert membership_of(uuid.uuid4()).elsewhere == (imported,)


def test_an_erased_customer_is_found_by_the_public_id_and_not_by_the_number(champion: ModelVersion) -> None:
    customers = bank(able=10)
    run = run_start(actor=None, steps=1)
    run.snapshot = snapshot_take(run)
    run.save()
    gone = customers[0]
    public_id, number = gone.public_id, gone.number
    assert membership_look_up(given=f" {number.lower()} ", actor=None).customer == public_id
    before = membership_of(public_id)
    assert before.enrolled and before.runs[0].specimens == 3
    erased(*gone.specimens.all())
    Customer.objects.filter(pk=gone.pk).delete()
    found = membership_look_up(given=str(public_id), actor=None)
    assert (found.runs, found.enrolled) == (before.runs, False)
    with pytest.raises(CustomerUnknown, match="only the public id is known"):
        membership_look_up(given=number, actor=None)


def test_a_number_that_looks_like_an_id_without_dashes_is_a_number() -> None:
    digits = "1234567890" * 3 + "12"
    with pytest.raises(CustomerUnknown):
        membership_look_up(given=digits, actor=None)
    known = make_customer(number=digits)
    assert membership_look_up(given=digits, actor=None).customer == known.public_id


def test_each_question_is_audited_without_the_number() -> None:
    actor, customer = make_user(), make_customer()
    make_run(state="failed", snapshot=using(customer.public_id))
    membership_look_up(given=customer.number, actor=actor)
    gone = uuid.uuid4()
    membership_look_up(given=str(gone), actor=actor)
    with pytest.raises(CustomerUnknown):
        membership_look_up(given="NOBODY-1", actor=actor)
    events = AuditEvent.objects.filter(action="customer.training_looked_up").order_by("pk")
    assert [(event.object_type, event.object_id, event.details) for event in events] == [
        ("customers.customer", customer.public_id, {"known": True, "runs": 1, "versions": 0}),
        ("customers.customer", gone, {"known": False, "runs": 0, "versions": 0}),
        ("", None, {"known": False}),
    ]
    assert {event.actor for event in events} == {actor}
    assert TrainingRun.objects.count() == 1
