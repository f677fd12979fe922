from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from customers import services
from customers.models import Customer
from sigweb.audit.models import AuditEvent
from tests.customers.making import branch, client_of, customer, draft, signature, specimens, user
from tests.customers.sending import entries

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_strangers_are_sent_to_the_log_in_page(client: Client) -> None:
    address = f"/customers/{customer().public_id}/"
    for page in ("/customers/", address, f"{address}edit/"):
        assert client.get(page)["Location"].startswith("/login/")


def test_the_pages_take_the_right_to_see_customers() -> None:
    client, address = client_of(user()), f"/customers/{customer().public_id}/"
    for page in ("/customers/", address, f"{address}edit/"):
        assert client.get(page).status_code == 403


def test_other_verbs_are_refused() -> None:
    client, address = client_of(user("supervisor")), f"/customers/{customer().public_id}/"
    assert client.put("/customers/").status_code == 405
    assert client.post(address).status_code == 405
    assert client.delete(f"{address}edit/").status_code == 405


# --- the list ----------------------------------------------------------------------------------------------


def test_an_empty_list_offers_the_next_step() -> None:
    assert "Enrol the first one" in client_of(user("teller")).get("/customers/").content.decode()
    assert "Enrol the first one" not in client_of(user("verifier")).get("/customers/").content.decode()


def test_the_list_shows_standing() -> None:
    full, thin, waiting = customer(name="Full"), customer(name="Thin"), customer(name="Waiting")
    specimens(full, 3, approved=True)
    specimens(thin, 1, approved=True)
    specimens(waiting, 1)
    customer(name="Gone", status="closed")
    customer(name="Bare")
    page = client_of(user("verifier")).get("/customers/").content.decode()
    for words in ("Enrolled", "Few specimens", "Waiting for approval", "Closed", "No specimens", "1–5 of 5"):
        assert words in page, words


def test_who_has_only_expired_or_waiting_specimens_is_not_said_to_have_none() -> None:
    gone, both = customer(name="Gone"), customer(name="Both")
    for known in (gone, both):
        specimens(known, 2, approved=True)
        known.specimens.update(expires_on=timezone.localdate() - timedelta(days=1))
    client = client_of(user("verifier"))
    specimens(both, 1)
    page = client.get("/customers/").content.decode()
    of_both, of_gone = page.split(">Gone</a>")
    assert "Waiting for approval" in of_both.split(">Both</a>")[1]
    assert "0 approved, 2 expired, 1 waiting" in of_both
    assert "0 approved, 2 expired<" in of_gone
    assert "All expired: enrol anew" in of_gone
    assert "No specimens" not in page
    found = client.post("/customers/search/", {"q": "gone"}, headers={"HX-Request": "true"}).content.decode()
    assert "All expired: enrol anew" in found


def test_text_is_searched_only_when_posted() -> None:
    customer(name="José Müller")
    customer(name="Somebody Else")
    client = client_of(user("verifier"))
    assert "Somebody Else" in client.get("/customers/?q=muller").content.decode()
    page = client.post("/customers/", {"q": "muller"}).content.decode()
    assert "José Müller" in page
    assert "Somebody Else" not in page


def test_filters_work_by_address_and_by_form() -> None:
    there = customer(name="There", branch=branch("B2"))
    customer(name="Elsewhere")
    client = client_of(user("verifier"))
    for page in (
        client.get(f"/customers/?branch={there.branch.public_id}"),
        client.post("/customers/", {"branch": str(there.branch.public_id)}),
    ):
        assert "There" in page.content.decode()
        assert "Elsewhere" not in page.content.decode()
    assert "Nobody fits." in client.get("/customers/?status=closed").content.decode()
    assert "There" in client.get("/customers/?status=nonsense&branch=1&show=x&page=zz").content.decode()


def test_the_list_has_pages() -> None:
    made = branch()
    Customer.objects.bulk_create(Customer(number=f"N{i:03}", name=f"Anna {i:03}", branch=made) for i in range(60))
    client = client_of(user("verifier"))
    assert "1–25 of 60" in client.get("/customers/").content.decode()
    page = client.post("/customers/", {"q": "anna", "page": "3"}, headers=HTMX).content.decode()
    assert "51–60 of 60" in page
    assert "<html" not in page


def test_the_list_asks_the_database_the_same_however_long_it_is(django_assert_max_num_queries: object) -> None:
    client = client_of(user("verifier"))
    for _ in range(5):
        customer()
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get("/customers/")


# --- one customer ------------------------------------------------------------------------------------------


def test_an_unknown_customer_is_not_found() -> None:
    client = client_of(user("verifier"))
    assert client.get(f"/customers/{uuid.uuid4()}/").status_code == 404
    assert client.get(f"/customers/{customer().pk}/").status_code == 404


def test_the_page_warns_of_thin_customers_and_shows_instructions() -> None:
    known = customer(special_instructions="Signs <left> handed.", always_refer=True)
    client = client_of(user("teller"))
    address = f"/customers/{known.public_id}/"
    page = client.get(address).content.decode()
    assert "No approved specimen yet." in page
    assert "Signs &lt;left&gt; handed." in page
    assert "Always referred." in page
    assert "No specimens yet." in page
    specimens(known, 2, approved=True)
    page = client.get(address).content.decode()
    assert "Only 2 approved specimens." in page
    assert f"/verify/{known.public_id}/" in page
    specimens(known, 1, approved=True)
    assert "Only" not in client.get(address).content.decode()


def test_looking_is_recorded() -> None:
    known, viewer = customer(), user("verifier")
    client_of(viewer).get(f"/customers/{known.public_id}/")
    assert AuditEvent.objects.filter(action="customer.viewed", object_id=known.public_id, actor=viewer).exists()


def test_buttons_are_for_those_who_may_press_them() -> None:
    known, teller = customer(), user("teller")
    (row,) = specimens(known, 1, actor=teller)
    address, approve = f"/customers/{known.public_id}/", f"/specimens/{row.public_id}/approve/"
    assert approve in client_of(user("supervisor")).get(address).content.decode()
    assert approve not in client_of(teller).get(address).content.decode()
    both = user("teller", "supervisor")
    (own,) = specimens(known, 1, actor=both)
    page = client_of(both).get(address).content.decode()
    assert f"/specimens/{own.public_id}/approve/" not in page
    assert "another person has to approve it" in page


def test_whoever_may_not_see_signatures_gets_no_pictures() -> None:
    known = customer()
    specimens(known, 1)
    page = client_of(user("auditor")).get(f"/customers/{known.public_id}/").content.decode()
    assert "image.png" not in page
    assert "Your role does not see signatures." in page


def test_the_same_picture_at_another_customer_is_linked() -> None:
    teller, known, other = user("teller"), customer(), customer(name="Other One")
    for subject in (known, other):
        enrolment = uuid.uuid4()
        row = draft(teller, enrolment, signature())
        services.specimens_submit(actor=teller, enrolment=enrolment, chosen=[row.public_id], customer=subject)
    page = client_of(teller).get(f"/customers/{known.public_id}/").content.decode()
    assert "also enrolled for" in page
    assert f"/customers/{other.public_id}/" in page


def test_retired_specimens_are_put_aside() -> None:
    known = customer()
    (row,) = specimens(known, 1)
    services.specimen_retire(actor=user("supervisor"), specimen=row)
    assert "1 retired specimen" in client_of(user("verifier")).get(f"/customers/{known.public_id}/").content.decode()


# --- changing ----------------------------------------------------------------------------------------------


def test_a_customer_is_changed_except_for_the_number() -> None:
    known = customer(name="Old Name")
    client = client_of(user("supervisor"))
    address = f"/customers/{known.public_id}/edit/"
    data = entries(client.get(address).content.decode(), of="initial-name") | {
        "name": "New Name",
        "branch": str(branch("B2").public_id),
        "status": "closed",
        "special_instructions": "Call first.",
        "always_refer": "on",
        "number": "HACKED",
    }
    assert client.post(address, data)["Location"] == f"/customers/{known.public_id}/"
    known.refresh_from_db()
    assert (known.name, known.branch.code, known.status, known.always_refer) == ("New Name", "B2", "closed", True)
    assert known.number != "HACKED"
    assert AuditEvent.objects.filter(action="customer.changed").exists()


def test_the_page_warns_of_specimens_that_have_expired() -> None:
    known = customer()
    first, *_others = specimens(known, 3, approved=True)
    client, address = client_of(user("verifier")), f"/customers/{known.public_id}/"
    yesterday = timezone.localdate() - timedelta(days=1)
    type(first).objects.filter(pk=first.pk).update(expires_on=yesterday)
    page = client.get(address).content.decode()
    assert "Only 2 approved specimens." in page
    assert "3 of 7 approved" in page, "they take the room all the same"
    known.specimens.update(expires_on=yesterday)
    page = client.get(address).content.decode()
    assert "All approved specimens of this customer have expired" in page
    assert "Verify a signature" not in page


def test_where_expired_specimens_take_all_places_it_is_told_who_makes_room() -> None:
    known = customer()
    specimens(known, 7, approved=True)
    address = f"/customers/{known.public_id}/"
    teller, supervisor = client_of(user("teller")), client_of(user("supervisor"))
    assert "There is no room" not in teller.get(address).content.decode(), "a full set is nothing to be told of"
    known.specimens.update(expires_on=timezone.localdate() - timedelta(days=1))
    asks, acts = (client.get(address).content.decode() for client in (teller, supervisor))
    for page in (asks, acts):
        assert "There is no room for a fresh specimen." in page
        assert "7 of 7 places are taken by expired specimens." in page
        assert "Enrol new ones first" not in page
    assert "Ask a supervisor, or whoever else may, to retire an expired one" in asks
    assert "Retire an expired one below" in acts
    row = known.specimens.first()
    assert row is not None
    services.specimen_retire(actor=user("supervisor"), specimen=row)
    page = teller.get(address).content.decode()
    assert "There is no room" not in page
    assert f"{address}enrol/" in page
    known.status = "closed"
    known.save()
    assert "There is no room" not in teller.get(address).content.decode()


def test_a_waiting_specimen_that_has_expired_is_offered_for_retirement_alone() -> None:
    known = customer()
    (row,) = specimens(known, 1)
    known.specimens.update(expires_on=timezone.localdate() - timedelta(days=1))
    client, address = client_of(user("supervisor")), f"/customers/{known.public_id}/"
    page = client.get(address).content.decode()
    assert "It expired before it was approved." in page
    assert f"/specimens/{row.public_id}/retire/" in page
    assert f"/specimens/{row.public_id}/approve/" not in page
    told = client.post(f"/specimens/{row.public_id}/approve/", follow=True).content.decode()
    assert "so nothing would be compared with it" in told
    assert "It counts in verifications" not in told


def test_bad_entries_change_nothing_and_are_kept_on_the_page() -> None:
    known = customer(name="Old Name")
    response = client_of(user("supervisor")).post(
        f"/customers/{known.public_id}/edit/", {"name": " ", "special_instructions": "Kept words."}
    )
    assert response.status_code == 422
    assert "Kept words." in response.content.decode()
    known.refresh_from_db()
    assert known.name == "Old Name"


@pytest.mark.parametrize("role", ["teller", "verifier"])
def test_changing_takes_the_right_to(role: str) -> None:
    known = customer(name="Old Name")
    client = client_of(user(role))
    assert client.post(f"/customers/{known.public_id}/edit/", {"name": "New"}).status_code == 403
    known.refresh_from_db()
    assert known.name == "Old Name"
