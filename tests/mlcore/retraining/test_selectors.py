from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from customers.models import Specimen
from mlcore.embedding import finetuning
from mlcore.evaluation.gate import FEWEST_WRITERS
from mlcore.models import ModelVersion
from mlcore.retraining.selectors import (
    FEWEST_CUSTOMERS,
    MOST_DECIDED,
    WORTH_CUSTOMERS,
    DryRun,
    dry_run,
    held_out_of,
)
from mlcore.trainer.snapshot import snapshot_take
from tests.mlcore.making import make_customer, make_specimen, make_user
from tests.mlcore.retraining.making import bank, make_run, make_verification, succeeded

pytestmark = pytest.mark.django_db


def asked(*, start: str = "champion", with_decisions: bool = False, steps: int = 600) -> DryRun:
    return dry_run(start=start, with_decisions=with_decisions, steps=steps)


def test_customers_are_counted_by_what_they_can_teach(champion: ModelVersion) -> None:
    bank(able=25, thin=4)
    make_specimen(make_customer(), state=Specimen.State.PENDING)
    make_specimen(make_customer(), unreadable_at=timezone.now())
    counts = asked().counts
    assert (counts.customers, counts.able, counts.thin, counts.specimens) == (29, 25, 4, 79)
    assert (counts.held_out, counts.trained_on) == (10, 19)


def test_a_bank_that_the_model_has_never_seen_is_worth_it(champion: ModelVersion) -> None:
    bank(able=20)
    made = asked()
    assert made.possible and made.worth
    assert made.counts.fresh is None
    assert "20 customers can teach it" in made.reasons[0]


def test_too_few_customers_with_three_specimens_are_not_worth_it_and_it_says_how_many_are_missing(
    champion: ModelVersion,
) -> None:
    bank(able=12)
    made = asked()
    assert made.possible and not made.worth
    assert "12 of the 20" in made.reasons[0]
    assert "8 more" in made.reasons[0]


def test_a_bank_of_hardly_anybody_can_not_be_trained_on(champion: ModelVersion) -> None:
    bank(able=7)
    made = asked()
    assert not made.possible and not made.worth
    assert "8 are needed" in made.reasons[0]


def test_without_a_champion_there_is_only_the_base_to_go_on_from() -> None:
    bank(able=20)
    assert not asked(start="champion").possible
    assert asked(start="base").possible


def test_a_champion_that_has_seen_everything_has_nothing_to_learn(champion: ModelVersion) -> None:
    bank(able=20)
    succeeded(champion)
    made = asked()
    assert made.counts.fresh == 0
    assert not made.worth
    assert "has seen all of them" in made.reasons[0]


def test_new_specimens_since_the_champions_training_make_it_worth_it(champion: ModelVersion) -> None:
    customers = bank(able=20)
    run = succeeded(champion)
    assert run.snapshot is not None
    run.snapshot.created_at = timezone.now() - timedelta(days=9)
    run.snapshot.save()
    Specimen.objects.update(approved_at=timezone.now() - timedelta(days=10))
    make_specimen(customers[0])
    few = asked()
    assert (few.counts.fresh, few.worth) == (1, False)
    assert "Only 1 of 61" in few.reasons[0]
    for customer in customers[1:4]:
        make_specimen(customer)
    enough = asked()
    assert (enough.counts.fresh, enough.worth) == (4, True)
    assert "4 of 64" in enough.reasons[0]


def test_decisions_count_where_a_person_has_judged_the_signature_itself(champion: ModelVersion) -> None:
    customer = bank(able=20)[0]
    reviewer = make_user()
    decided = {"decided_by": reviewer, "decided_at": timezone.now()}
    accepted = {"human_decision": "accepted", **decided}
    rejected = {"human_decision": "rejected", **decided}
    make_verification(customer, champion)
    make_verification(customer, champion, **accepted)
    make_verification(customer, champion, **accepted, copy_of={"kind": "specimen"})
    make_verification(customer, champion, **rejected, reason_code="differs")
    make_verification(customer, champion, **rejected, reason_code="mandate")
    make_verification(make_customer(), champion, **accepted)
    asker = make_user()
    make_verification(customer, champion, **{**accepted, "decided_by": asker}, asked_by=asker)  # no review
    with_them, without = asked(with_decisions=True).counts, asked().counts
    assert (with_them.genuine, with_them.forged) == (1, 1)
    assert (without.genuine, without.forged) == (0, 0)


def test_of_a_customer_with_many_decisions_a_few_are_counted(champion: ModelVersion) -> None:
    customers = bank(able=20)
    decided = {"decided_by": make_user(), "decided_at": timezone.now(), "human_decision": "accepted"}
    for customer, count in zip(customers, (MOST_DECIDED + 5, 2), strict=False):
        for _ in range(count):
            make_verification(customer, champion, **decided)
    assert asked(with_decisions=True).counts.genuine == MOST_DECIDED + 2


def test_of_too_many_customers_some_are_drawn(champion: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.retraining.selectors.MOST_CUSTOMERS", 20)
    bank(able=30, thin=10)
    counts = asked().counts
    assert (counts.enrolled, counts.customers, counts.able, counts.thin, counts.specimens) == (40, 20, 15, 5, 50)
    assert (counts.held_out, counts.trained_on) == (3, 17)


def test_where_it_is_worth_it_enough_are_held_out_for_the_gate_to_compare_on() -> None:
    assert held_out_of(WORTH_CUSTOMERS) > FEWEST_WRITERS
    assert WORTH_CUSTOMERS - held_out_of(WORTH_CUSTOMERS) >= FEWEST_CUSTOMERS
    assert [held_out_of(able) for able in (19, 49, 100, 1200, 9000)] == [3, 10, 20, 240, 300]


def test_the_least_that_can_be_trained_on_is_what_the_trainer_takes() -> None:
    assert FEWEST_CUSTOMERS == finetuning.FEWEST_CUSTOMERS


def test_what_is_counted_is_what_a_snapshot_holds(champion: ModelVersion) -> None:
    customers = bank(able=21, thin=3)
    decided = {"decided_by": make_user(), "decided_at": timezone.now()}
    make_verification(customers[0], champion, human_decision="accepted", **decided)
    make_verification(customers[1], champion, human_decision="rejected", reason_code="differs", **decided)
    counts = asked(with_decisions=True).counts
    snapshot = snapshot_take(make_run(with_decisions=True))
    assert (snapshot.customers, snapshot.held_out) == (counts.customers, counts.held_out) == (24, 10)
    assert snapshot.images == counts.specimens + counts.decided == 68


def test_more_steps_take_longer(champion: ModelVersion) -> None:
    succeeded(seconds=100)
    assert asked(steps=800).seconds > asked(steps=400).seconds > 100
