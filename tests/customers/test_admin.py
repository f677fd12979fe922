from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from customers.models import Customer, Specimen
from sigweb.audit.models import AuditEvent
from tests.customers.making import client_of, customer, draft, specimens, user
from tests.customers.sending import entries

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    return client_of(user(username="ada", is_staff=True, is_superuser=True))


def test_customers_are_changed_by_the_service_and_never_added_or_deleted(admin: Client) -> None:
    known = customer(name="Old Name")
    page = f"/admin/customers/customer/{known.public_id}/change/"
    assert str(known.public_id) in admin.get("/admin/customers/customer/").content.decode()
    data = entries(admin.get(page).content.decode(), of="initial-name")
    assert admin.post(page, {**data, "name": "New Name"}).status_code == 302
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


def test_the_lists_filters_offer_what_the_list_can_have(admin: Client) -> None:
    specimens(customer(), 1)
    page = admin.get("/admin/customers/specimen/").content.decode()
    for value in ("state__exact=pending", "state__exact=retired", "quality_grade__exact=usable"):
        assert value in page
    assert "state__exact=draft" not in page
    assert "quality_grade__exact=refused" not in page


def test_whoever_may_not_see_signatures_sees_no_picture() -> None:
    (row,) = specimens(customer(), 1)
    staff = user("auditor", is_staff=True)
    assert client_of(staff).get(f"/admin/customers/specimen/{row.public_id}/change/").status_code == 403


def test_drafts_are_nobodys_business(admin: Client) -> None:
    row = draft(user("teller"))
    assert str(row.public_id) not in admin.get("/admin/customers/specimen/").content.decode()
    assert admin.get(f"/admin/customers/specimen/{row.public_id}/change/").status_code == 302


def test_approving_in_bulk_leads_to_the_page_that_shows_what_speaks_against_each(admin: Client) -> None:
    waiting = specimens(customer(), 2)
    (done,) = specimens(customer(), 1, approved=True)
    chosen = {"action": "approve", "_selected_action": [*(row.pk for row in waiting), done.pk]}
    answer = admin.post("/admin/customers/specimen/", chosen)
    query = "&".join(f"specimen={row.public_id}" for row in waiting)
    assert (answer.status_code, answer["Location"]) == (302, f"/approve/?{query}")
    assert not Specimen.objects.filter(pk__in=[row.pk for row in waiting]).exclude(state="pending").exists()
    nothing = admin.post("/admin/customers/specimen/", {**chosen, "_selected_action": [done.pk]}, follow=True)
    assert "None of the chosen specimens waits for approval." in nothing.content.decode()


def test_whoever_sees_no_signatures_approves_none_in_bulk() -> None:
    (row,) = specimens(customer(), 1)
    staff = user(is_staff=True)
    staff.user_permissions.set(
        Permission.objects.filter(codename__in=("view_specimen", "approve_specimen", "retire_specimen"))
    )
    client = client_of(staff)
    page = client.get("/admin/customers/specimen/").content.decode()
    assert 'value="retire"' in page
    assert 'value="approve"' not in page
    client.post("/admin/customers/specimen/", {"action": "approve", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.state == "pending"


def test_retiring_in_bulk_asks_first(admin: Client) -> None:
    rows = specimens(customer(), 2, approved=True)
    chosen = {"action": "retire", "_selected_action": [row.pk for row in rows]}
    answer = admin.post("/admin/customers/specimen/", chosen)
    query = "&".join(f"specimen={row.public_id}" for row in rows)
    assert (answer.status_code, answer["Location"]) == (302, f"/specimens/retire/?{query}")
    assert Specimen.objects.filter(state="approved").count() == 2
    Specimen.objects.update(state="retired")
    page = admin.post("/admin/customers/specimen/", chosen, follow=True).content.decode()
    assert "None of the chosen specimens is in use." in page


def test_the_list_tells_which_waiting_ones_are_marked(admin: Client) -> None:
    fine, doubtful, new, done = [*specimens(customer(), 3), *specimens(customer(), 1, approved=True)]
    Specimen.objects.filter(pk__in=[fine.pk, doubtful.pk, done.pk]).update(looked_at=timezone.now(), doubtful=False)
    Specimen.objects.filter(pk=doubtful.pk).update(doubtful=True)
    page = admin.get("/admin/customers/specimen/").content.decode()
    told = {
        str(row.public_id): row_html.split('class="field-mark">')[1].split("</td>")[0]
        for row in (fine, doubtful, new, done)
        for row_html in page.split("<tr>")
        if str(row.public_id) in row_html
    }
    assert told == {
        str(fine.public_id): "nothing against it",
        str(doubtful.public_id): "⚠ look closely",
        str(new.public_id): "not yet",
        str(done.public_id): "-",
    }


def test_an_address_that_is_no_id_leads_back(admin: Client) -> None:
    assert admin.get("/admin/customers/customer/17/change/").status_code == 302
