from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from customers import services
from customers.blobs import BlobDamaged
from customers.models import Customer, Specimen
from customers.selectors import (
    customers_filtered,
    customers_ready,
    customers_search,
    customers_thin,
    customers_waiting,
    drafts_of,
    drafts_stale,
    enrolment_customer,
    specimen_bytes,
    specimens_barred,
    specimens_cards,
    specimens_of,
    specimens_room,
    specimens_unreadable,
)
from tests.customers.making import branch, customer, draft, signature, specimens, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> dict[str, Customer]:
    names = {"1001": "José Müller", "1002": "Josephine Miller", "2001": "Søren Kierkegaard", "A-77": "Ngô Văn Ánh"}
    return {number: customer(number=number, name=name) for number, name in names.items()}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("1001", "1001"),
        ("100", "1001"),
        ("a-7", "A-77"),
        ("jose muller", "1001"),
        ("MÜLLER", "1001"),
        ("mueller", "1001"),
        ("josefine miler", "1002"),
        ("kierkegard", "2001"),
        ("soren", "2001"),
        ("anh", "A-77"),
        ("  jose \n muller ", "1001"),
    ],
)
def test_search_finds_by_number_name_and_in_spite_of_accents_and_slips(
    people: dict[str, Customer], text: str, first: str
) -> None:
    found = list(customers_search(text=text))
    assert found[0] == people[first]


@pytest.mark.parametrize("text", ["", "   ", "zzzzzz", "%", "_", "'; DROP TABLE", "\0"])
def test_search_finds_nobody_for_nothing_and_takes_signs_literally(people: dict[str, Customer], text: str) -> None:
    assert list(customers_search(text=text)) == []


def test_the_exact_number_comes_before_its_prolongations(people: dict[str, Customer]) -> None:
    longer = customer(number="100", name="Zz")
    assert customers_search(text="100").first() == longer


def test_search_uses_the_trigram_index() -> None:
    with connection.cursor() as cursor:
        # The table is nearly empty, so the planner has to be told to think of it as large.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        plan = customers_search(text="muller").select_related(None).order_by().explain()
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'customers_folded_trigram'")
        assert "gin_trgm_ops" in cursor.fetchone()[0]
    assert plan.count("customers_folded_trigram") == 3, plan


def test_the_list_filters_by_status_branch_and_specimens() -> None:
    full, thin, closed = customer(), customer(branch=branch("B2")), customer(status="closed")
    specimens(full, 3, approved=True)
    specimens(thin, 1)
    assert set(customers_filtered()) == {full, thin, closed}
    assert set(customers_filtered(status="closed")) == {closed}
    assert set(customers_filtered(branch=branch("B2").public_id)) == {thin}
    assert set(customers_filtered(branch=uuid.uuid4())) == set()
    assert set(customers_filtered(show="thin")) == {thin, closed}
    assert set(customers_filtered(show="pending")) == {thin}
    assert set(customers_filtered(text=full.name, show="thin")).isdisjoint({full})
    assert list(customers_thin()) == [thin]
    assert list(customers_waiting(viewer=user("supervisor"))) == [thin]


def test_expired_specimens_are_not_counted_as_nothing_is_compared_with_them() -> None:
    fresh, today, gone = customer(), customer(), customer()
    for known, expiry in ((fresh, None), (today, timezone.localdate()), (gone, timezone.localdate() - timedelta(1))):
        specimens(known, 3, approved=True)
        known.specimens.update(expires_on=expiry)
    assert set(customers_ready()) == {fresh, today}
    assert list(customers_thin()) == [gone]
    counted = {row: (row.approved, row.expired) for row in customers_filtered()}
    assert counted == {fresh: (3, 0), today: (3, 0), gone: (0, 3)}


def test_what_waits_comes_first_and_without_the_images() -> None:
    known = customer()
    pending = specimens(known, 1)[0]
    approved = specimens(known, 1, approved=True)[0]
    retired = services.specimen_retire(actor=user("supervisor"), specimen=specimens(known, 1)[0])
    rows = list(specimens_of(customer=known))
    assert rows == [pending, approved, retired]
    assert "image" in rows[0].get_deferred_fields()


def test_cards_say_what_a_person_may_do() -> None:
    known, both = customer(), user("teller", "supervisor")
    specimens(known, 1, actor=both)
    (card,) = specimens_cards(customer=known, viewer=both)
    assert (card.may_approve, card.barred, card.may_retire) == (False, True, True)
    (card,) = specimens_cards(customer=known, viewer=user("supervisor"))
    assert (card.may_approve, card.barred, card.may_retire) == (True, False, True)
    (card,) = specimens_cards(customer=known, viewer=user("teller"))
    assert (card.may_approve, card.barred, card.may_retire) == (False, False, False)


def test_cards_name_other_customers_with_the_same_picture_and_expired_ones() -> None:
    teller, known, other = user("teller"), customer(), customer()
    for subject in (known, other):
        enrolment = uuid.uuid4()
        row = draft(teller, enrolment, signature())
        services.specimens_submit(
            actor=teller,
            enrolment=enrolment,
            chosen=[row.public_id],
            customer=subject,
            expires_on=timezone.localdate() - timedelta(days=1),
        )
    draft(teller, data=signature())
    (card,) = specimens_cards(customer=known, viewer=teller)
    assert card.elsewhere == (other,)
    assert card.expired


def test_a_form_finds_its_own_drafts_and_its_customer() -> None:
    teller, enrolment, known = user("teller"), uuid.uuid4(), customer()
    row = draft(teller, enrolment)
    assert list(drafts_of(enrolment=enrolment, actor=teller)) == [row]
    assert list(drafts_of(enrolment=enrolment, actor=user("teller"))) == []
    assert enrolment_customer(enrolment=enrolment, actor=teller) is None
    services.specimens_submit(actor=teller, enrolment=enrolment, chosen=[row.public_id], customer=known)
    assert enrolment_customer(enrolment=enrolment, actor=teller) == known
    assert enrolment_customer(enrolment=enrolment, actor=user("teller")) is None


def test_room_counts_what_waits_and_what_is_approved() -> None:
    known = customer()
    assert specimens_room(customer=None) == specimens_room(customer=known) == 7
    specimens(known, 2, approved=True)
    specimens(known, 1)
    assert specimens_room(customer=known) == 4


def test_bytes_come_back_as_uploaded_or_not_at_all() -> None:
    row = draft(user("teller"), data=signature())
    assert specimen_bytes(specimen=row) == signature()
    row.image = bytes(row.image)[:-1] + b"x"
    with pytest.raises(BlobDamaged):
        specimen_bytes(specimen=row)


def test_unreadable_specimens_in_use_are_found() -> None:
    row, retired = specimens(customer(), 2)
    for each in (row, retired):
        services.specimen_mark_unreadable(specimen=each, reason="x")
    services.specimen_retire(actor=user("supervisor"), specimen=retired)
    assert list(specimens_unreadable()) == [row]
    Customer.objects.update(status="closed")
    assert list(specimens_unreadable()) == [], "nothing can be done about them"


def test_what_waits_is_what_this_person_may_approve(settings: Settings) -> None:
    both, known, closed = user("teller", "supervisor"), customer(), customer()
    specimens(known, 2)
    specimens(known, 1, actor=both)
    specimens(customer(), 1, actor=both)
    specimens(closed, 1)
    Customer.objects.filter(pk=closed.pk).update(status="closed")
    (row,) = customers_waiting(viewer=both)
    assert (row, row.waits, row.pending) == (known, 2, 3)  # type: ignore[attr-defined]
    assert specimens_barred(viewer=both) == 2
    assert not customers_waiting(viewer=user("teller"))
    settings.FOUR_EYES = False
    assert len(customers_waiting(viewer=both)) == 2
    assert specimens_barred(viewer=both) == 0


def test_drafts_are_stale_after_a_day() -> None:
    old, new = draft(user("teller")), draft(user("teller"))
    Specimen.objects.filter(pk=old.pk).update(enrolled_at=timezone.now() - timedelta(hours=25))
    assert list(drafts_stale()) == [old]
    assert new.pk
