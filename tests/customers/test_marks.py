from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from customers import services
from customers.marks import marks_basis, marks_store, specimens_clear, specimens_unlooked
from customers.models import Customer, Specimen
from customers.selectors import customers_waiting
from tests.customers.making import customer, specimens, user

pytestmark = pytest.mark.django_db


def looked(at: Customer, *doubtful: Specimen) -> bool:
    return marks_store(customer=at, basis=marks_basis(customer=at), doubtful={row.pk for row in doubtful})


def counts() -> tuple[int, int]:
    (row,) = customers_waiting(viewer=user("supervisor"))
    return row.doubts, row.unlooked  # type: ignore[attr-defined]


def test_a_look_marks_all_that_wait_and_lists_count_them() -> None:
    known = customer()
    wrong, _fine, _other = specimens(known, 3)
    assert counts() == (0, 3)
    assert looked(known, wrong)
    assert counts() == (1, 0)
    assert {row.doubtful for row in known.specimens.exclude(pk=wrong.pk)} == {False}


def test_approved_ones_are_not_marked() -> None:
    known = customer()
    (approved,) = specimens(known, 1, approved=True)
    specimens(known, 1)
    assert looked(known, approved)
    approved.refresh_from_db()
    assert (approved.doubtful, approved.looked_at) == (None, None)


def test_a_look_at_another_set_is_not_stored() -> None:
    known = customer()
    first, second = specimens(known, 2)
    basis = marks_basis(customer=known)
    services.specimen_approve(actor=user("supervisor"), specimen=first)
    assert not marks_store(customer=known, basis=basis, doubtful=())
    second.refresh_from_db()
    assert second.looked_at is None


@pytest.mark.parametrize("change", ["approve", "retire", "enrol"])
def test_whatever_changes_the_set_asks_for_another_look_and_keeps_the_doubt(change: str) -> None:
    known = customer()
    wrong, fine, other = specimens(known, 3)
    looked(known, wrong)
    assert set(specimens_clear(since=timezone.now() - timedelta(hours=1))) == {fine, other}
    if change == "enrol":
        specimens(known, 1)
    else:
        service = services.specimen_approve if change == "approve" else services.specimen_retire
        service(actor=user("supervisor"), specimen=other)
    assert not specimens_clear(since=timezone.now() - timedelta(hours=1)).exists()
    assert counts() == (1, 3 if change == "enrol" else 1)


def test_an_old_look_is_done_again_and_counts_for_nothing() -> None:
    known = customer()
    (row,) = specimens(known, 1)
    looked(known)
    now = timezone.now()
    assert not specimens_unlooked(before=now - timedelta(hours=1)).exists()
    assert list(specimens_unlooked(before=now + timedelta(hours=1))) == [row]
    assert not specimens_clear(since=now + timedelta(hours=1)).exists()


def test_those_of_a_closed_customer_are_left_alone() -> None:
    specimens(customer(), 1)
    specimens(customer(), 1)
    Customer.objects.update(status="closed")
    assert not specimens_unlooked(before=timezone.now()).exists()
