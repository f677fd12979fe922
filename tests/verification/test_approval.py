"""Before a specimen counts: what its approver is told of it."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import Customer, Specimen
from mlcore.models import ModelVersion
from mlcore.scoring import Verdict
from mlcore.services import specimen_embed
from mlcore.synthesis import make_signer, signature_png
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import VERIFIER, make_customer, make_specimen, make_user
from tests.verification.test_agreement import MINE, OTHER
from verification.approval import waiting_set

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}
ODD, NEARER = "Does not agree with the others", "Looks like the signature of"


def signed(customer: Customer, signer: int, *seeds: int, state: str = Specimen.State.APPROVED) -> list[Specimen]:
    return [make_specimen(customer, data=signature_png(make_signer(signer), seed), state=state) for seed in seeds]


def waits(customer: Customer, signer: int, *seeds: int) -> list[Specimen]:
    return signed(customer, signer, *seeds, state=Specimen.State.PENDING)


@pytest.fixture
def mine(base: ModelVersion) -> Customer:
    """A customer with four approved specimens of one hand."""
    customer = make_customer()
    signed(customer, MINE, 0, 1, 2, 3)
    return customer


def test_one_of_the_same_hand_is_not_doubted(mine: Customer) -> None:
    (own,) = waits(mine, MINE, 4)
    (row,) = waiting_set(customer=mine).rows
    assert row.specimen == own
    assert not row.doubtful
    assert len(row.against) == 4
    assert row.local is not None
    assert row.verdict is not Verdict.NO_MATCH


def test_somebody_elses_is_doubted_and_the_approved_stand_beside_it(mine: Customer) -> None:
    wrong, own = waits(mine, OTHER, 1)[0], waits(mine, MINE, 4)[0]
    found = waiting_set(customer=mine)
    assert [row.specimen for row in found.doubtful] == [wrong]
    (row,) = found.doubtful
    assert row.fit is not None
    assert row.fit.odd
    assert row.verdict is Verdict.NO_MATCH
    assert own not in row.against
    assert all(known.state == "approved" for known in row.against)


def test_wrong_ones_in_the_majority_do_not_vouch_for_each_other(mine: Customer) -> None:
    waits(mine, OTHER, 1, 2, 3, 4, 5)
    rows = waiting_set(customer=mine).rows
    assert len(rows) == 5
    assert all(row.fit and row.fit.odd and row.fit.variant for row in rows)


def test_without_an_approved_one_they_are_compared_with_each_other(base: ModelVersion) -> None:
    customer = make_customer()
    own, wrong = waits(customer, MINE, 0, 1, 2, 3), waits(customer, OTHER, 1)
    found = waiting_set(customer=customer)
    assert all(row.fresh for row in found.rows)
    assert [row.specimen for row in found.doubtful] == wrong
    assert set(found.doubtful[0].against) == set(own)


def test_the_first_of_all_has_nothing_beside_it(base: ModelVersion) -> None:
    customer = make_customer()
    waits(customer, MINE, 0)
    (row,) = waiting_set(customer=customer).rows
    assert (row.local, row.verdict, row.against, row.doubtful) == (None, None, (), False)


def test_one_nearer_to_another_customer_names_him_and_shows_his(mine: Customer, base: ModelVersion) -> None:
    other = make_customer(name="Olga Other")
    theirs = signed(other, OTHER, 0, 1, 2, 3, 4)
    for specimen in theirs:
        specimen_embed(specimen=specimen, version=base)
    waits(mine, OTHER, 30)
    (row,) = waiting_set(customer=mine).rows
    assert row.fit is not None
    assert row.fit.nearer == other
    assert set(row.theirs) == set(theirs)


def test_one_that_can_not_be_read_is_doubted(mine: Customer) -> None:
    make_specimen(mine, data=b"no picture", state=Specimen.State.PENDING)
    (row,) = waiting_set(customer=mine).doubtful
    assert row.fit is None


def test_nothing_waits_nothing_is_said_and_no_model_is_asked_for() -> None:
    assert waiting_set(customer=make_customer()).rows == ()


def test_without_a_model_that_is_said() -> None:
    customer = make_customer()
    waits(customer, MINE, 0)
    found = waiting_set(customer=customer)
    assert not found.compared
    client = Client()
    client.force_login(make_user("customers.view_customer"))
    told = client.get(reverse("verification:waiting", args=[customer.public_id]), headers=FRAGMENT).content.decode()
    assert "No model is in use" in told


@pytest.mark.parametrize("right", ["verification.add_identification", "customers.approve_specimen"])
def test_the_card_and_the_summary_tell_it_in_words(mine: Customer, base: ModelVersion, right: str) -> None:
    client, reader = Client(), make_user(*VERIFIER, right)
    client.force_login(reader)
    other = make_customer(name="Olga Other")
    for specimen in signed(other, OTHER, 0, 1, 2, 3, 4):
        specimen_embed(specimen=specimen, version=base)
    own, wrong = waits(mine, MINE, 4)[0], waits(mine, OTHER, 30)[0]
    told = client.get(reverse("verification:waiting", args=[mine.public_id]), headers=FRAGMENT).content.decode()
    assert "Look closely at 1 specimen before you approve it." in told
    summary, *notes = told.split('<div id="waiting-')
    assert f'href="#specimen-{wrong.public_id}"' in summary
    by_specimen = {note[:36]: note for note in notes}
    doubtful, fine = by_specimen[str(wrong.public_id)], by_specimen[str(own.public_id)]
    assert ODD in doubtful
    assert NEARER in doubtful
    for known in mine.specimens.filter(state="approved"):
        assert str(known.public_id) in doubtful
        assert str(known.public_id) not in fine
    for known in other.specimens.all():
        assert (str(known.public_id) in doubtful) == (known in list(other.specimens.order_by("enrolled_at", "pk"))[:4])
    assert ODD not in fine
    assert NEARER not in fine
    assert "Olga Other" in doubtful
    named = AuditEvent.objects.get(action="specimens.compared")
    assert (named.actor, named.object_id) == (reader, mine.public_id)
    assert named.details == {"results": {"nearer": 1}, "nearer": [str(other.public_id)], "named": True}


def test_who_neither_searches_nor_approves_reads_that_there_is_another_but_not_who(
    mine: Customer, base: ModelVersion, as_verifier: Client
) -> None:
    other = make_customer(name="Olga Other")
    for specimen in signed(other, OTHER, 0, 1, 2, 3, 4):
        specimen_embed(specimen=specimen, version=base)
    waits(mine, OTHER, 30)
    told = as_verifier.get(reverse("verification:waiting", args=[mine.public_id]), headers=FRAGMENT).content.decode()
    assert "Looks like the signature of another customer" in told
    hidden = ["Olga Other", other.number, other.public_id, *other.specimens.values_list("public_id", flat=True)]
    assert [each for each in hidden if str(each) in told] == []
    assert not AuditEvent.objects.filter(action="specimens.compared").exists()


def test_without_scripts_it_is_a_page_of_its_own(mine: Customer, as_verifier: Client) -> None:
    (wrong,) = waits(mine, OTHER, 1)
    page = as_verifier.get(reverse("customers:detail", args=[mine.public_id])).content.decode()
    address = reverse("verification:waiting", args=[mine.public_id])
    assert f'<a href="{address}">' in page
    told = as_verifier.get(address).content.decode()
    assert "<html" in told
    assert ODD in told
    assert f'href="#waiting-{wrong.public_id}"' in told
    assert f'id="waiting-{wrong.public_id}"' in told


def test_a_role_that_sees_no_signatures_is_shown_none(mine: Customer) -> None:
    waits(mine, OTHER, 1)
    client = Client()
    client.force_login(make_user("customers.view_customer"))
    for headers in (FRAGMENT, {}):
        told = client.get(reverse("verification:waiting", args=[mine.public_id]), headers=headers).content.decode()
        assert ODD in told
        assert "image.png" not in told


def test_the_wrong_role_verb_and_address(mine: Customer, as_verifier: Client) -> None:
    address = reverse("verification:waiting", args=[mine.public_id])
    nobody = Client()
    assert nobody.get(address).status_code == 302
    nobody.force_login(make_user())
    assert nobody.get(address).status_code == 403
    assert as_verifier.post(address).status_code == 405
    assert as_verifier.get(reverse("verification:waiting", args=[uuid.uuid4()])).status_code == 404
