"""Several specimens approved at once: only what nothing speaks against."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer, Specimen
from mlcore.models import ModelVersion
from mlcore.services import specimens_embed
from sigweb.accounts.models import User
from tests.mlcore.making import make_customer, make_specimen, make_user
from tests.verification.test_agreement import MINE, OTHER
from tests.verification.test_approval import mine, signed, waits
from verification.tasks import waiting_marks

__all__ = ["mine"]

pytestmark = pytest.mark.django_db
SEVERAL = "/approve/"
RIGHTS = ("customers.approve_specimen", "customers.view_signature", "customers.view_customer")


@pytest.fixture
def approver() -> User:
    return make_user(*RIGHTS, username="apu")


@pytest.fixture
def client_(approver: User) -> Client:
    client = Client()
    client.force_login(approver)
    return client


def asked(client: Client, *rows: Specimen) -> str:
    return client.get(SEVERAL, {"specimen": [str(row.public_id) for row in rows]}).content.decode()


def approve(client: Client, *rows: Specimen) -> str:
    return client.post(SEVERAL, {"specimen": [str(row.public_id) for row in rows]}, follow=True).content.decode()


def states(*rows: Specimen) -> list[str]:
    return [Specimen.objects.get(pk=row.pk).state for row in rows]


def test_the_doubtful_one_is_shown_with_its_warning_and_can_not_be_ticked(mine: Customer, client_: Client) -> None:
    wrong, own = waits(mine, OTHER, 1)[0], waits(mine, MINE, 4)[0]
    page = asked(client_, wrong, own)
    left_out, clear = page.split('id="ap-clear"')
    assert "1 is left out: look at it closely" in left_out
    assert "Does not agree with the others" in left_out
    assert f"/specimens/{wrong.public_id}/image.png" in left_out
    assert f"/customers/{mine.public_id}/#specimen-{wrong.public_id}" in left_out
    assert f'value="{own.public_id}"' in clear
    assert f'value="{wrong.public_id}"' not in page
    assert f"/specimens/{own.public_id}/image.png" in clear
    assert states(wrong, own) == ["pending", "pending"]


def test_what_was_ticked_is_approved_and_the_doubtful_never(mine: Customer, client_: Client) -> None:
    wrong, own, another = waits(mine, OTHER, 1)[0], *waits(mine, MINE, 4, 5)
    asked(client_, wrong, own, another)
    told = approve(client_, own, another, wrong)
    assert "2 specimens approved." in told
    assert "1 specimen was not approved" in told
    assert "1 is left out: look at it closely" in told
    assert states(wrong, own, another) == ["pending", "approved", "approved"]


def test_unseen_or_after_a_change_nothing_is_approved(mine: Customer, client_: Client) -> None:
    (own,) = waits(mine, MINE, 4)
    assert "was not approved" in approve(client_, own)
    assert states(own) == ["pending"]
    make_specimen(mine, state=Specimen.State.PENDING)  # no service, so nothing is forgotten: the mark of `own` is fresh
    assert "1 specimen approved." in approve(client_, own)


def test_a_new_champion_asks_for_another_look(mine: Customer, base: ModelVersion, client_: Client) -> None:
    (own,) = waits(mine, MINE, 4)
    asked(client_, own)
    ModelVersion.objects.filter(pk=base.pk).update(promoted_at=timezone.now() + timedelta(seconds=5))
    approve(client_, own)
    assert states(own) == ["pending"]


def test_one_enrolled_by_the_approver_is_told_and_left(mine: Customer, approver: User, client_: Client) -> None:
    (own,) = waits(mine, MINE, 4)
    Specimen.objects.filter(pk=own.pk).update(enrolled_by=approver)
    page = asked(client_, own)
    assert "1 chosen specimen was enrolled by you" in page
    assert "None of the chosen specimens waits for you." in page
    approve(client_, own)
    assert states(own) == ["pending"]


def test_the_very_picture_of_another_customer_is_left_out(mine: Customer, client_: Client) -> None:
    other = make_customer(name="Olga Other")
    (own,) = waits(mine, MINE, 4)
    signed(other, MINE, 4)
    page = asked(client_, own)
    assert "1 is left out" in page
    assert f'The very same picture is also enrolled for <a href="/customers/{other.public_id}/">' in page


def test_one_that_has_expired_is_left_out_and_says_so(mine: Customer, client_: Client) -> None:
    old, own = waits(mine, MINE, 4, 5)
    Specimen.objects.filter(pk=old.pk).update(expires_on=timezone.localdate() - timedelta(days=1))
    left_out, clear = asked(client_, old, own).split('id="ap-clear"')
    assert "1 has expired and is left out" in left_out
    assert "It expired before it was approved. Retire it, and enrol a fresh one." in left_out
    assert f'value="{old.public_id}"' not in clear
    told = approve(client_, old, own)
    assert "1 specimen approved." in told
    assert "so nothing would be compared with it" in told
    assert states(old, own) == ["pending", "approved"]
    alone = asked(client_, old)
    assert "1 has expired" in alone
    assert "None of the chosen specimens" not in alone


def test_without_a_model_nothing_is_approved_in_bulk(client_: Client) -> None:
    row = make_specimen(make_customer(), state=Specimen.State.PENDING)
    assert "1 is left out" in asked(client_, row)
    approve(client_, row)
    assert states(row) == ["pending"]


def test_at_most_twenty_at_once(champion: ModelVersion, client_: Client) -> None:
    rows = [make_specimen(make_customer(), state=Specimen.State.PENDING) for _ in range(21)]
    page = asked(client_, *rows)
    assert "At most 20 are shown at once" in page
    assert page.count('name="specimen"') + page.count("Look at it at the customer") == 20


def test_nothing_sensible_chosen(client_: Client) -> None:
    assert "None of the chosen specimens waits for you." in client_.get(f"{SEVERAL}?specimen=x").content.decode()
    assert "Nothing was approved" in client_.post(SEVERAL, follow=True).content.decode()


def test_the_wrong_role_and_verb(client_: Client) -> None:
    nobody = Client()
    assert nobody.get(SEVERAL).status_code == 302
    nobody.force_login(make_user("customers.approve_specimen"))
    assert nobody.get(SEVERAL).status_code == 403
    assert nobody.post(SEVERAL).status_code == 403
    assert client_.put(SEVERAL).status_code == 405


def test_the_marks_of_lists_are_made_in_the_background(mine: Customer, base: ModelVersion, client_: Client) -> None:
    wrong, own = waits(mine, OTHER, 1)[0], waits(mine, MINE, 4)[0]
    assert waiting_marks() == 0  # no vectors yet
    home = client_.get("/").content.decode()
    assert "not compared yet" in home
    specimens_embed(specimens=[*mine.specimens.all()], version=base)
    assert waiting_marks() == 1
    assert waiting_marks() == 0
    marks = dict(mine.specimens.filter(state="pending").values_list("pk", "doubtful"))
    assert marks == {wrong.pk: True, own.pk: False}
    for page in ("/", f"{reverse('customers:list')}?show=pending"):
        listed = client_.get(page).content.decode()
        assert "1 to look at closely" in listed
        assert "not compared yet" not in listed


def test_opening_the_customer_makes_the_marks_too(mine: Customer, client_: Client) -> None:
    (wrong,) = waits(mine, OTHER, 1)
    client_.get(reverse("verification:waiting", args=[mine.public_id]))  # needs the right to see the customer alone
    wrong.refresh_from_db()
    assert wrong.doubtful is True


def test_without_a_model_nothing_is_marked(db: None) -> None:
    make_specimen(make_customer(), state=Specimen.State.PENDING)
    assert waiting_marks() == 0
