from __future__ import annotations

import io
import uuid

import pytest
from django.test import Client
from PIL import Image
from pytest_django import Settings

from customers.models import Specimen
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.customers.making import client_of, customer, draft, signature, specimens, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting() -> Specimen:
    return specimens(customer(), 1)[0]


def state(row: Specimen) -> str:
    row.refresh_from_db()
    return row.state


# --- pictures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["original", "ink"])
def test_a_picture_is_a_fresh_png_that_no_cache_keeps_and_its_view_is_recorded(waiting: Specimen, view: str) -> None:
    viewer = user("verifier")
    response = client_of(viewer).get(f"/specimens/{waiting.public_id}/image.png?view={view}")
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    picture = Image.open(io.BytesIO(response.content))
    assert b"tEXtComment" not in response.content, "the uploaded bytes themselves are never sent"
    if view == "ink":
        assert picture.size == (384, 192)
    event = AuditEvent.objects.get(action="signature.viewed")
    assert (event.actor, event.object_id, event.details) == (viewer, waiting.public_id, {"view": view})


def test_the_picture_as_scanned_is_the_default_and_no_other_view_exists(waiting: Specimen) -> None:
    client, address = client_of(user("verifier")), f"/specimens/{waiting.public_id}/image.png"
    assert client.get(address).content == client.get(f"{address}?view=original").content
    assert client.get(f"{address}?view=raw").status_code == 404
    assert client.get(f"/specimens/{uuid.uuid4()}/image.png").status_code == 404


def test_a_picture_takes_the_right_to_see_signatures(waiting: Specimen, client: Client) -> None:
    address = f"/specimens/{waiting.public_id}/image.png"
    assert client.get(address).status_code == 302
    for role in ("auditor", "model-admin"):
        assert client_of(user(role)).get(address).status_code == 403
    assert client_of(user("verifier")).post(address).status_code == 405
    assert not AuditEvent.objects.filter(action="signature.viewed").exists()


def test_a_draft_is_seen_by_nobody_but_the_person_who_uploaded_it() -> None:
    teller = user("teller")
    address = f"/specimens/{draft(teller).public_id}/image.png"
    assert client_of(teller).get(address).status_code == 200
    for other in (user("teller"), user("supervisor")):
        assert client_of(other).get(address).status_code == 404


def test_a_damaged_picture_is_said_plainly_and_noted(waiting: Specimen) -> None:
    Specimen.objects.filter(pk=waiting.pk).update(image=b"damaged")
    response = client_of(user("verifier")).get(f"/specimens/{waiting.public_id}/image.png")
    assert response.status_code == 503
    assert b"can not be read" in response.content
    waiting.refresh_from_db()
    assert waiting.unreadable_at is not None


# --- approving and retiring --------------------------------------------------------------------------------


def test_a_supervisor_approves_and_comes_back_to_the_customer(waiting: Specimen) -> None:
    response = client_of(user("supervisor")).post(f"/specimens/{waiting.public_id}/approve/", follow=True)
    assert response.redirect_chain[0][0] == f"/customers/{waiting.customer.public_id}/#specimens"  # type: ignore[union-attr]
    assert "Approved: card.png (Signature card)." in response.content.decode()
    assert state(waiting) == "approved"


def test_the_next_of_the_customer_that_waits_is_gone_to(settings: Settings) -> None:
    known = customer()
    (own,) = specimens(known, 1, actor=user("teller", "supervisor", username="both"))
    first, second, third = specimens(known, 3)
    client = client_of(User.objects.get(username="both"))
    page = f"/customers/{known.public_id}/"

    def goes_to(row: Specimen, action: str = "approve") -> str:
        return client.post(f"/specimens/{row.public_id}/{action}/")["Location"]

    assert goes_to(second) == f"{page}#specimen-{third.public_id}"
    assert goes_to(second) == f"{page}#specimen-{second.public_id}", "refused: stays there"
    assert goes_to(third, "retire") == f"{page}#specimen-{first.public_id}", "after the last comes the first"
    assert goes_to(first) == f"{page}#specimens", "one's own is not for oneself"
    settings.FOUR_EYES = False
    (more,) = specimens(known, 1)
    assert goes_to(more) == f"{page}#specimen-{own.public_id}"


def test_when_nothing_is_left_the_next_customer_is_offered() -> None:
    known, later, closed = customer(), customer(name="Later One"), customer(name="Closed One")
    specimens(closed, 1)
    closed.status = "closed"
    closed.save()
    (last,) = specimens(known, 1)
    elsewhere = specimens(later, 2)[0]
    client, page = client_of(user("supervisor")), f"/customers/{known.public_id}/"
    offered = f'href="/customers/{later.public_id}/#specimen-{elsewhere.public_id}"'
    assert offered not in client.get(page).content.decode()
    client.post(f"/specimens/{last.public_id}/approve/")
    told = client.get(page).content.decode()
    assert offered in told
    assert "The next that waits for you: Later One" in told
    assert offered not in client_of(user("teller")).get(page).content.decode()


def test_a_refusal_is_told_on_the_customers_page() -> None:
    both = user("teller", "supervisor")
    (own,) = specimens(customer(), 1, actor=both)
    client = client_of(both)
    page = client.post(f"/specimens/{own.public_id}/approve/", follow=True).content.decode()
    assert "another person has to approve it" in page
    assert state(own) == "pending"
    client.post(f"/specimens/{own.public_id}/retire/")
    page = client.post(f"/specimens/{own.public_id}/retire/", follow=True).content.decode()
    assert "not in use any more" in page


def test_a_supervisor_retires(waiting: Specimen) -> None:
    page = client_of(user("supervisor")).post(f"/specimens/{waiting.public_id}/retire/", follow=True)
    assert "Retired: card.png (Signature card). It stays on record" in page.content.decode()
    assert state(waiting) == "retired"


@pytest.mark.parametrize("action", ["approve", "retire"])
def test_the_wrong_role_verb_or_address_changes_nothing(waiting: Specimen, client: Client, action: str) -> None:
    address = f"/specimens/{waiting.public_id}/{action}/"
    assert client.post(address).status_code == 302
    assert client_of(user("teller")).post(address).status_code == 403
    assert client_of(user("supervisor")).get(address).status_code == 405
    assert client_of(user("supervisor")).post(f"/specimens/{uuid.uuid4()}/{action}/").status_code == 404
    assert state(waiting) == "pending"


def test_a_draft_has_no_address_to_approve() -> None:
    row = draft(user("teller"), data=signature())
    assert client_of(user("supervisor")).post(f"/specimens/{row.public_id}/approve/").status_code == 404
