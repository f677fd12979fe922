from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Customer
from sigweb.accounts.models import User
from tests.mlcore.making import drawn_png, make_customer, make_specimen, make_user
from verification.models import Verification
from verification.selectors import (
    customers_recent,
    specimens_usable,
    verification_comparisons,
    verifications_list,
)

pytestmark = pytest.mark.django_db


def test_specimens_expire_after_their_last_day(customer: Customer) -> None:
    today = timezone.localdate()
    specimen = make_specimen(customer, expires_on=today)
    assert specimen in specimens_usable(customer=customer, on=today)
    assert specimen not in specimens_usable(customer=customer, on=today + timedelta(days=1))


def test_images_stay_in_the_database(customer: Customer, ask: Any) -> None:
    ask()
    assert "image" in specimens_usable(customer=customer, on=timezone.localdate())[0].get_deferred_fields()
    assert "image" in verifications_list()[0].get_deferred_fields()


def test_comparisons_come_closest_first_and_survive_a_missing_specimen(ask: Any) -> None:
    made = ask(data=drawn_png(3))
    made.distances.append({"specimen": str(uuid.uuid4()), "vector": 0.0, "local": 0.0})
    found = verification_comparisons(made)
    assert len(found) == 3
    assert [row.local for row in found] == sorted(row.local for row in found)
    assert (found[0].vector_share, found[0].local_share, found[0].hinge_share) == (0.0, 0.0, 0.0)
    assert 0 < found[2].vector_share <= 100
    assert 0 < found[2].hinge_share <= 100


def test_a_comparison_made_before_there_was_a_hinge_tells_none(ask: Any) -> None:
    made = ask(data=drawn_png(3))
    for entry in made.distances:
        del entry["hinge"]
    assert [row.hinge for row in verification_comparisons(made)] == [None] * 3


def test_recent_customers_come_latest_first_with_all_their_specimens(
    ask: Any, customer: Customer, verifier: User
) -> None:
    other = make_customer()
    make_specimen(other)
    ask()
    ask(customer=other)
    ask(data=drawn_png(2))
    ask(actor=make_user(), customer=other)
    found = customers_recent(asked_by=verifier, limit=5)
    assert [(row.pk, row.approved) for row in found] == [(customer.pk, 3), (other.pk, 1)]  # type: ignore[attr-defined]
    assert len(customers_recent(asked_by=verifier, limit=1)) == 1
    assert Verification.objects.count() == 4
