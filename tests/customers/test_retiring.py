"""Several specimens retired at once: only after a look at what each customer is left with."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from customers import services
from customers.models import Customer, Specimen
from customers.retiring import MOST, retirement_sheet
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.customers.making import client_of, customer, draft, specimens, user

pytestmark = pytest.mark.django_db
SEVERAL = "/specimens/retire/"


@pytest.fixture
def supervisor() -> User:
    return user("supervisor", username="sara")


@pytest.fixture
def client_(supervisor: User) -> Client:
    return client_of(supervisor)


def asked(client: Client, *rows: Specimen) -> str:
    return client.get(SEVERAL, {"specimen": [str(row.public_id) for row in rows]}).content.decode()


def retire(client: Client, *rows: Specimen, told: str | None = None) -> str:
    chosen = [row.public_id for row in rows]
    told = retirement_sheet(chosen=chosen).told if told is None else told
    return client.post(SEVERAL, {"specimen": [*map(str, chosen)], "told": told}, follow=True).content.decode()


def states(*rows: Specimen) -> list[str]:
    return [Specimen.objects.get(pk=row.pk).state for row in rows]


def test_pictures_customers_and_what_is_left_are_shown_and_nothing_is_done(client_: Client) -> None:
    ada, bob = customer(name="Ada Sample"), customer(name="Bob Sample")
    of_ada, of_bob = specimens(ada, 5, approved=True), specimens(bob, 2, approved=True)
    page = asked(client_, of_ada[0], *of_bob)
    of_ada_alone, of_bob_alone = page.split("Bob Sample</a>")
    assert f'href="/customers/{ada.public_id}/">Ada Sample</a>' in of_ada_alone
    assert "4 approved specimens are left to compare with." in of_ada_alone
    assert "No approved specimen is left." in of_bob_alone
    assert "They stay on record" in page
    for row in (of_ada[0], *of_bob):
        assert f"/specimens/{row.public_id}/image.png" in page
        assert f'name="specimen" value="{row.public_id}"' in page
    assert "Retire 3 specimens" in page
    assert states(of_ada[0], *of_bob) == ["approved"] * 3


def test_a_set_that_becomes_thin_is_warned_of(client_: Client) -> None:
    rows = specimens(customer(), 3, approved=True)
    page = asked(client_, rows[0])
    assert "Only 2 approved specimens are left." in page
    assert "wider uncertainty" in page


def test_expired_and_waiting_ones_are_not_counted(client_: Client) -> None:
    known = customer()
    fine, expired = specimens(known, 2, approved=True)
    Specimen.objects.filter(pk=expired.pk).update(expires_on=timezone.localdate() - timedelta(days=1))
    (waiting,) = specimens(known, 1)
    page = asked(client_, expired, waiting)
    assert "1 approved specimen is left to compare with." in page
    assert "Expired" in page
    assert "Waiting for approval" in page
    assert "No approved specimen is left." not in page
    assert "No approved specimen is left." in asked(client_, fine)


def test_the_form_retires_them_once(client_: Client, supervisor: User) -> None:
    rows = specimens(customer(), 4, approved=True)
    told = retirement_sheet(chosen=[row.public_id for row in rows[:2]]).told
    assert "2 specimens retired. They stay on record" in retire(client_, *rows[:2], told=told)
    assert states(*rows) == ["retired", "retired", "approved", "approved"]
    # A double click, and Back with the button pressed once more.
    assert "not in use any more" in retire(client_, *rows[:2], told=told)
    assert AuditEvent.objects.filter(action="specimen.retired").count() == 2
    assert "None of the chosen specimens can be retired." in asked(client_, *rows[:2])
    assert Specimen.objects.get(pk=rows[0].pk).retired_by == supervisor


def test_nothing_is_retired_where_something_else_is_left_than_was_told(client_: Client) -> None:
    one, two, three = specimens(customer(), 3, approved=True)
    told = retirement_sheet(chosen=[one.public_id]).told
    services.specimen_retire(actor=user("supervisor"), specimen=two)
    page = retire(client_, one, told=told)
    assert "Nothing was retired: the specimens have changed since you looked." in page
    assert "Only 1 approved specimen is left." in page
    assert states(one, three) == ["approved", "approved"]
    assert "Nothing was retired" in retire(client_, one, told="")


def test_specimens_of_a_closed_customer_are_told_and_left(client_: Client) -> None:
    known = customer()
    (row,) = specimens(known, 1, approved=True)
    Customer.objects.filter(pk=known.pk).update(status=Customer.Status.CLOSED)
    page = asked(client_, row)
    assert "1 chosen specimen belongs to a closed customer and stays as it is." in page
    assert "None of the chosen specimens can be retired." in page
    retire(client_, row)
    assert states(row) == ["approved"]


def test_drafts_retired_ones_and_nonsense_are_no_matter(client_: Client) -> None:
    made = draft(user("teller"))
    assert "None of the chosen specimens can be retired." in asked(client_, made)
    retire(client_, made)
    assert states(made) == ["draft"]
    assert client_.get(f"{SEVERAL}?specimen=x").status_code == 200
    assert "not in use any more" in client_.post(SEVERAL, follow=True).content.decode()


def test_at_most_fifty_at_once(client_: Client) -> None:
    known = [customer() for _ in range(8)]
    rows = [row for one in known for row in specimens(one, 7)]
    page = asked(client_, *rows)
    assert f"At most {MOST} are shown at once" in page
    assert page.count('name="specimen"') == MOST


def test_whoever_sees_no_signatures_retires_without_pictures() -> None:
    (row,) = specimens(customer(), 1)
    person = user()
    person.user_permissions.set(Permission.objects.filter(codename="retire_specimen"))
    client = client_of(person)
    page = asked(client, row)
    assert "Your role does not see signatures." in page
    assert "/image.png" not in page
    assert "/customers/" not in page.split("<main")[1]
    retire(client, row)
    assert states(row) == ["retired"]


def test_the_wrong_role_and_verb(client_: Client) -> None:
    (row,) = specimens(customer(), 1)
    assert Client().get(SEVERAL).status_code == 302
    teller = client_of(user("teller"))
    assert teller.get(SEVERAL).status_code == 403
    assert teller.post(SEVERAL, {"specimen": str(row.public_id)}).status_code == 403
    assert client_.put(SEVERAL).status_code == 405
    assert states(row) == ["pending"]
