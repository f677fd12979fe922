from __future__ import annotations

import pytest
from django.test import Client

from customers.models import Customer, Specimen
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.customers.making import branch, client_of, customer, draft, specimens, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return user(username="ada", is_staff=True, is_superuser=True)


@pytest.fixture
def admin(ada: User) -> Client:
    return client_of(ada)


def test_customers_are_changed_by_the_service_and_never_added_or_deleted(admin: Client) -> None:
    known = customer(name="Old Name")
    page = f"/admin/customers/customer/{known.public_id}/change/"
    assert str(known.public_id) in admin.get("/admin/customers/customer/").content.decode()
    assert admin.get(page).status_code == 200
    data = {"name": "New Name", "branch": branch().pk, "status": "active", "special_instructions": ""}
    assert admin.post(page, data).status_code == 302
    known.refresh_from_db()
    assert known.name == "New Name"
    assert AuditEvent.objects.get(action="customer.changed").actor_name == "ada"
    assert admin.get("/admin/customers/customer/add/").status_code == 403
    assert admin.post(f"/admin/customers/customer/{known.public_id}/delete/").status_code == 403
    assert Customer.objects.count() == 1


def test_names_and_numbers_are_not_searched_by_address(admin: Client) -> None:
    customer(name="José Müller")
    page = admin.get("/admin/customers/customer/").content.decode()
    assert 'name="q"' not in page


def test_a_specimen_is_shown_by_the_page_that_checks_and_its_bytes_can_not_be_edited(admin: Client) -> None:
    (row,) = specimens(customer(), 1)
    page = admin.get(f"/admin/customers/specimen/{row.public_id}/change/").content.decode()
    assert f"/specimens/{row.public_id}/image.png" in page
    assert 'name="image"' not in page
    assert f"/admin/customers/customer/{row.customer.public_id}/change/" in page  # type: ignore[union-attr]
    assert row.digest not in page
    assert admin.post(f"/admin/customers/specimen/{row.public_id}/change/", {"state": "approved"}).status_code == 403


def test_whoever_may_not_see_signatures_sees_no_picture() -> None:
    (row,) = specimens(customer(), 1)
    staff = user("auditor", is_staff=True)
    assert client_of(staff).get(f"/admin/customers/specimen/{row.public_id}/change/").status_code == 403


def test_drafts_are_nobodys_business(admin: Client) -> None:
    row = draft(user("teller"))
    assert str(row.public_id) not in admin.get("/admin/customers/specimen/").content.decode()
    assert admin.get(f"/admin/customers/specimen/{row.public_id}/change/").status_code == 302


def test_actions_call_the_same_services(admin: Client, ada: User) -> None:
    known = customer()
    (other,) = specimens(known, 1)
    (own,) = specimens(known, 1, actor=ada)
    chosen = {"action": "approve", "_selected_action": [other.pk, own.pk]}
    page = admin.post("/admin/customers/specimen/", chosen, follow=True).content.decode()
    assert "another person has to approve it" in page
    assert "1 specimen changed." in page
    assert dict(Specimen.objects.values_list("pk", "state")) == {other.pk: "approved", own.pk: "pending"}
    admin.post("/admin/customers/specimen/", {"action": "retire", "_selected_action": [own.pk]})
    own.refresh_from_db()
    assert own.state == "retired"


def test_an_address_that_is_no_id_leads_back(admin: Client) -> None:
    assert admin.get("/admin/customers/customer/17/change/").status_code == 302
