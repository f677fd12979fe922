"""Two people at once, with two real connections."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from customers import services
from customers.changing import customer_update
from customers.models import Customer, Specimen
from customers.results import Overtaken, Refused
from tests.customers.making import branch, customer, draft, signature, specimens, user

pytestmark = pytest.mark.django_db(transaction=True)


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs at the same moment, each with a connection of its own; returns results or refusals."""
    barrier = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            results[index] = jobs[index]()
        except Refused as refusal:
            results[index] = refusal
        except Exception as error:  # shown by the assertion of the test
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_two_people_who_enrol_the_seventh_specimen_do_not_make_eight() -> None:
    known = customer()
    specimens(known, 6)
    jobs = []
    for _ in range(2):
        teller, enrolment = user("teller"), uuid.uuid4()
        chosen = [draft(teller, enrolment).public_id]
        jobs.append(
            lambda teller=teller, enrolment=enrolment, chosen=chosen: services.specimens_submit(
                actor=teller, enrolment=enrolment, chosen=chosen, customer=known
            )
        )
    results = together(*jobs)
    refusals = [result for result in results if isinstance(result, Refused)]
    assert [refusal.code for refusal in refusals] == ["full"], results
    assert known.specimens.exclude(state="draft").count() == 7


def test_two_people_who_approve_the_seventh_do_not_make_eight() -> None:
    known = customer()
    specimens(known, 6, approved=True)
    waiting = [*specimens(known, 1), *specimens(customer(), 1)]
    Specimen.objects.filter(pk__in=[row.pk for row in waiting]).update(customer=known)
    rows = list(Specimen.objects.filter(pk__in=[row.pk for row in waiting]).select_related("customer"))
    people = [user("supervisor"), user("supervisor")]
    results = together(
        lambda: services.specimen_approve(actor=people[0], specimen=rows[0]),
        lambda: services.specimen_approve(actor=people[1], specimen=rows[1]),
    )
    assert [r.code for r in results if isinstance(r, Refused)] == ["full"], results
    assert known.specimens.filter(state="approved").count() == 7


def test_a_double_click_enrols_once() -> None:
    teller, enrolment = user("teller"), uuid.uuid4()
    chosen = [draft(teller, enrolment).public_id, draft(teller, enrolment).public_id]
    fields = {"number": "4711", "name": "A", "branch": branch()}

    def click() -> Any:
        return services.specimens_submit(actor=teller, enrolment=enrolment, chosen=chosen, fields=fields)

    results = together(click, click)
    assert sorted(result.again for result in results) == [False, True], results
    assert (Customer.objects.count(), Specimen.objects.count()) == (1, 2)


def test_two_people_who_enter_the_same_new_number_get_one_customer_and_one_sentence() -> None:
    jobs = []
    for name in ("A", "B"):
        teller, enrolment = user("teller"), uuid.uuid4()
        chosen = [draft(teller, enrolment).public_id]
        fields = {"number": "4711", "name": name, "branch": branch()}
        jobs.append(
            lambda teller=teller, enrolment=enrolment, chosen=chosen, fields=fields: services.specimens_submit(
                actor=teller, enrolment=enrolment, chosen=chosen, fields=fields
            )
        )
    results = together(*jobs)
    assert [r.code for r in results if isinstance(r, Refused)] == ["number_taken"], results
    assert Customer.objects.count() == 1


def test_the_same_file_sent_twice_at_once_is_one_draft() -> None:
    teller, enrolment = user("teller"), uuid.uuid4()
    data = signature(777)

    def send() -> Any:
        return services.draft_add(actor=teller, enrolment=enrolment, data=data)

    results = together(send, send)
    assert sorted(result.already for result in results) == [False, True], results
    assert Specimen.objects.count() == 1


def test_of_two_people_who_change_the_same_field_the_second_is_told_and_overwrites_nothing() -> None:
    known = customer(name="Old Name")
    people = [user("supervisor"), user("supervisor")]
    shown = {"name": "Old Name", "always_refer": False}
    jobs = [
        lambda person=person, name=name: customer_update(
            actor=person, customer=known, fields={"name": name, "always_refer": False}, shown=shown
        )
        for person, name in zip(people, ("First Name", "Second Name"), strict=True)
    ]
    results = together(*jobs)
    (refusal,) = [result for result in results if isinstance(result, Overtaken)]
    known.refresh_from_db()
    assert refusal.present == {"name": f"“{known.name}”"}


def test_two_people_who_change_different_fields_both_succeed() -> None:
    known = customer(name="Old Name")
    people = [user("supervisor"), user("supervisor")]
    shown = {"name": "Old Name", "always_refer": False}
    results = together(
        lambda: customer_update(actor=people[0], customer=known, fields={**shown, "name": "New"}, shown=shown),
        lambda: customer_update(actor=people[1], customer=known, fields={**shown, "always_refer": True}, shown=shown),
    )
    assert all(isinstance(result, Customer) for result in results), results
    known.refresh_from_db()
    assert (known.name, known.always_refer) == ("New", True)
