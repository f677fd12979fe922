from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from customers.models import Customer, Specimen
from tests.customers.making import customer, draft, specimens, user

pytestmark = pytest.mark.django_db


def refused(**fields: Any) -> bool:
    specimen = draft(user("teller"))
    try:
        with transaction.atomic():
            Specimen.objects.filter(pk=specimen.pk).update(**fields)
    except IntegrityError:
        return True
    return False


def test_only_drafts_have_no_customer_and_drafts_have_none() -> None:
    assert refused(state="pending")
    assert refused(customer=customer())
    assert not refused(state="pending", customer=customer())


def test_a_refused_picture_stays_a_draft() -> None:
    assert refused(state="pending", customer=customer(), quality_grade="refused")


def test_nothing_is_approved_by_nobody() -> None:
    assert refused(state="approved", customer=customer())


def test_the_same_bytes_are_one_specimen_of_a_customer() -> None:
    (specimen,) = specimens(customer(), 1)
    assert refused(state="pending", customer=specimen.customer, digest=specimen.digest)


def test_numbers_are_stored_in_upper_case_once() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        customer(number="abc")
    with pytest.raises(IntegrityError), transaction.atomic():
        customer(number="")
    customer(number="A1")
    with pytest.raises(IntegrityError), transaction.atomic():
        customer(number="A1")


def test_they_have_readable_names() -> None:
    assert str(Customer(name="José Müller", number="1")) == "José Müller (1)"
    public_id = uuid.uuid4()
    assert str(Specimen(public_id=public_id, state="pending")) == f"Waiting for approval {public_id}"
