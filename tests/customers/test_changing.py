"""What a colleague has changed meanwhile is neither undone nor overwritten unseen."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client

from customers.changing import customer_update
from customers.models import Customer
from customers.results import Overtaken
from sigweb.audit.models import AuditEvent
from tests.customers.making import branch, client_of, customer, user
from tests.customers.sending import entries

pytestmark = pytest.mark.django_db


def sent(page: bytes) -> dict[str, str]:
    """What the browser would send of the form about the customer, unchanged."""
    return entries(page.decode(), of="initial-name")


@pytest.fixture
def known() -> Customer:
    return customer(name="Old Name", special_instructions="Signs with\r\nthe left.")


@pytest.fixture(params=["page", "administration"])
def place(request: pytest.FixtureRequest, known: Customer) -> tuple[Client, str]:
    """Who may change the customer, and where: the customer's own page, or the administration."""
    if request.param == "page":
        return client_of(user("supervisor")), f"/customers/{known.public_id}/edit/"
    return client_of(user(is_staff=True, is_superuser=True)), f"/admin/customers/customer/{known.public_id}/change/"


def test_what_a_colleague_changed_meanwhile_stays_when_something_else_is_saved(
    known: Customer, place: tuple[Client, str]
) -> None:
    client, address = place
    form = sent(client.get(address).content)
    Customer.objects.filter(pk=known.pk).update(
        always_refer=True, special_instructions="Both hands.", branch=branch("B9")
    )
    assert client.post(address, {**form, "name": "New Name"}).status_code == 302
    known.refresh_from_db()
    assert (known.name, known.always_refer, known.special_instructions) == ("New Name", True, "Both hands.")
    assert known.branch.code == "B9"
    assert AuditEvent.objects.get(action="customer.changed").details == {"fields": ["name"]}


@pytest.mark.parametrize(
    ("field", "theirs", "mine", "sentence"),
    [
        ("name", "Their Name", "My Name", "“Name” meanwhile; now it is: “Their Name”"),
        ("special_instructions", "", "Mine.", "“Special instructions” meanwhile; now it is: empty"),
    ],
)
def test_the_same_field_is_refused_once_with_what_it_is_now(
    known: Customer, place: tuple[Client, str], field: str, theirs: str, mine: str, sentence: str
) -> None:
    client, address = place
    form = sent(client.get(address).content)
    Customer.objects.filter(pk=known.pk).update(**{field: theirs})
    answer = client.post(address, {**form, field: mine, "always_refer": "on"})
    page = unescape(answer.content.decode())
    assert sentence in page
    known.refresh_from_db()
    assert getattr(known, field) == theirs
    assert not known.always_refer, "all or nothing"
    again = sent(answer.content)
    assert (again[field], again["always_refer"]) == (mine, "on")
    assert client.post(address, again).status_code == 302
    known.refresh_from_db()
    assert (getattr(known, field), known.always_refer) == (mine, True)


def test_two_who_change_a_field_to_the_same_are_of_one_mind(known: Customer, place: tuple[Client, str]) -> None:
    client, address = place
    form = sent(client.get(address).content)
    Customer.objects.filter(pk=known.pk).update(always_refer=True)
    assert client.post(address, {**form, "always_refer": "on"}).status_code == 302


def test_an_untouched_form_changes_nothing(known: Customer, place: tuple[Client, str]) -> None:
    client, address = place
    assert client.post(address, sent(client.get(address).content)).status_code == 302
    assert not AuditEvent.objects.filter(action="customer.changed").exists()


def test_a_form_that_does_not_tell_what_it_showed_overwrites_nothing_unseen(known: Customer) -> None:
    client, address = client_of(user("supervisor")), f"/customers/{known.public_id}/edit/"
    data = {"name": "New Name", "branch": str(known.branch.public_id), "status": "active", "special_instructions": ""}
    answer = client.post(address, data)
    assert answer.status_code == 422
    assert "now it is: “Old Name”" in unescape(answer.content.decode())


def test_yes_and_no_are_told_in_words_and_branches_by_name(known: Customer) -> None:
    mine, theirs = branch("B2"), branch("B3")
    Customer.objects.filter(pk=known.pk).update(branch=theirs, always_refer=True, status="closed")
    fields = {"branch": mine, "always_refer": False, "status": "active"}
    shown = {"branch": branch(), "always_refer": None, "status": None}
    with pytest.raises(Overtaken) as refused:
        customer_update(actor=user("supervisor"), customer=known, fields=fields, shown=shown)
    assert refused.value.present == {"branch": f"“{theirs}”", "status": "Closed", "always_refer": "yes"}


def test_a_change_is_recorded_by_field_and_not_by_value(known: Customer) -> None:
    fields = {"name": "New Name", "status": "active", "number": "X"}
    customer_update(actor=user("supervisor"), customer=known, fields=fields)
    known.refresh_from_db()
    assert known.name == "New Name"
    assert known.number != "X"
    assert AuditEvent.objects.get(action="customer.changed").details == {"fields": ["name"]}


def test_a_change_that_changes_nothing_leaves_no_row(known: Customer) -> None:
    customer_update(actor=user("supervisor"), customer=known, fields={"name": "Old Name"})
    assert not AuditEvent.objects.filter(action="customer.changed").exists()
