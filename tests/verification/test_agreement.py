"""Before a set is stored: who does not belong, who signs in two ways, who is somebody else."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from customers.models import Customer
from customers.services import draft_add
from mlcore.models import ModelVersion
from mlcore.services import specimen_embed
from mlcore.synthesis import make_signer, signature_png
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import VERIFIER, make_customer, make_specimen, make_user
from verification.agreement import Agreement, enrolment_agreement
from verification.standing import customer_standing

pytestmark = pytest.mark.django_db
TELLER = (*VERIFIER, "customers.add_customer", "customers.enrol_specimen")
MINE, OTHER = 17, 27  # hands that vary little


@pytest.fixture
def teller() -> User:
    return make_user(*TELLER, username="tara")


class Form:
    """An enrolment form being filled by a teller."""

    def __init__(self, teller: User) -> None:
        self.teller, self.enrolment, self.drafts = teller, uuid.uuid4(), []  # type: ignore[var-annotated]

    def add(self, signer: int, seed: int) -> UUID:
        result = draft_add(
            actor=self.teller,
            enrolment=self.enrolment,
            data=signature_png(make_signer(signer), seed),
            filename=f"{signer}-{seed}.png",
        )
        assert result.specimen is not None
        self.drafts.append(result.specimen.public_id)
        return result.specimen.public_id

    def look(self, customer: Customer | None = None) -> Agreement:
        found = enrolment_agreement(actor=self.teller, enrolment=self.enrolment, chosen=self.drafts, customer=customer)
        assert found is not None
        return found


@pytest.fixture
def form(teller: User, base: ModelVersion) -> Form:
    return Form(teller)


def test_one_hand_agrees(form: Form) -> None:
    for seed in range(4):
        form.add(MINE, seed)
    found = form.look()
    assert found.all_well
    assert found.compared == 4
    assert not any(row.fit.remarkable for row in found.drafts)


def test_somebody_elses_signature_among_them_is_marked_and_no_other(form: Form) -> None:
    for seed in range(4):
        form.add(MINE, seed)
    wrong = form.add(OTHER, 1)
    odd = [row.draft.public_id for row in form.look().drafts if row.fit.odd]
    assert odd == [wrong]
    assert not form.look().all_well


def test_it_is_compared_with_what_the_customer_has_already(form: Form) -> None:
    customer = make_customer()
    for seed in range(3):
        make_specimen(customer, data=signature_png(make_signer(MINE), seed))
    form.add(OTHER, 1)
    (row,) = form.look(customer).drafts
    assert row.fit.odd
    assert form.look(customer).compared == 4


def test_two_that_are_like_each_other_are_a_second_way_to_sign(form: Form) -> None:
    customer = make_customer()
    for seed in range(5):
        make_specimen(customer, data=signature_png(make_signer(MINE), seed))
    form.add(OTHER, 1)
    form.add(OTHER, 2)
    rows = form.look(customer).drafts
    assert all(row.fit.odd and row.fit.variant for row in rows)


def test_a_specimen_of_another_customer_is_named(form: Form, base: ModelVersion) -> None:
    other = make_customer(name="Olga Other")
    for seed in range(5):
        specimen_embed(specimen=make_specimen(other, data=signature_png(make_signer(OTHER), seed)), version=base)
    for seed in range(3):
        form.add(MINE, seed)
    wrong = form.add(OTHER, 30)
    nearer = {row.draft.public_id: row.fit.nearer for row in form.look().drafts}
    assert nearer.pop(wrong) == other
    assert set(nearer.values()) == {None}
    assert all(row.fit.nearer is None for row in form.look(other).drafts if row.draft.public_id == wrong)


def test_specimens_that_are_not_to_be_searched_do_not_hide_the_others(
    form: Form, base: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verification.identification.AHEAD", 2)
    former, other = make_customer(), make_customer(name="Olga Other")
    for seed in range(2):
        retired = make_specimen(former, data=signature_png(make_signer(OTHER), 30 + seed), state="retired")
        specimen_embed(specimen=retired, version=base)
    for seed in range(5):
        specimen_embed(specimen=make_specimen(other, data=signature_png(make_signer(OTHER), 5 + seed)), version=base)
    form.add(OTHER, 30)
    (row,) = form.look().drafts
    assert row.fit.nearer == other


def test_what_so_many_are_worth_is_what_the_customer_s_page_will_say(form: Form, base: ModelVersion) -> None:
    customer = make_customer()
    for number in (1, 2):
        form.add(MINE, number)
        make_specimen(customer, data=signature_png(make_signer(MINE), number))
        found, standing = form.look(), customer_standing(customer=customer)
        assert found.now is not None
        assert found.now == standing.now
        assert found.full is not None
        assert found.now.matched < found.full.matched
    for number in range(3, 9):
        form.add(MINE, number)
    assert form.look().now is None  # more than are ever compared


def test_nothing_chosen_nothing_said(form: Form, teller: User) -> None:
    assert enrolment_agreement(actor=teller, enrolment=form.enrolment, chosen=[], customer=None) is None
    mine = form.add(MINE, 1)
    stranger = make_user(*TELLER)
    assert enrolment_agreement(actor=stranger, enrolment=form.enrolment, chosen=[mine], customer=None) is None


def test_without_a_model_enrolment_goes_on(teller: User) -> None:
    form = Form(teller)
    mine = form.add(MINE, 1)
    assert enrolment_agreement(actor=teller, enrolment=form.enrolment, chosen=[mine], customer=None) is None


def ask(client: Client, form: Form, **fields: Any) -> Any:
    return client.post(
        "/agreement/", {"enrolment": str(form.enrolment), "drafts": form.drafts, "customer": "", **fields}
    )


def test_the_fragment_tells_it_in_words(form: Form, teller: User) -> None:
    client = Client()
    client.force_login(teller)
    form.add(MINE, 1)
    assert "With one specimen," in ask(client, form).content.decode()
    form.add(MINE, 5)
    assert "With 2 specimens," in ask(client, form).content.decode()
    for seed in (2, 3):
        form.add(MINE, seed)
    assert "All 4 signatures agree with each other." in ask(client, form).content.decode()
    form.add(OTHER, 1)
    page = ask(client, form).content.decode()
    assert "Does not agree with the others" in page
    assert f"{OTHER}-1.png" in page
    assert ask(client, form, enrolment="nonsense").content.strip() == b""
    assert ask(client, form, customer=str(uuid.uuid4())).status_code == 404


@pytest.fixture
def other(base: ModelVersion) -> Customer:
    """Another customer, whose specimens can be found."""
    made = make_customer(name="Olga Other")
    for seed in range(5):
        specimen_embed(specimen=make_specimen(made, data=signature_png(make_signer(OTHER), seed)), version=base)
    return made


def test_who_may_not_identify_reads_that_there_is_another_but_not_who(
    form: Form, teller: User, other: Customer
) -> None:
    client = Client()
    client.force_login(teller)
    form.add(OTHER, 30)
    told = ask(client, form).content.decode()
    assert "Looks like the signature of another customer" in told
    assert [each for each in ("Olga Other", other.number, other.public_id) if str(each) in told] == []
    event = AuditEvent.objects.get(action="specimens.compared")
    assert (event.actor, event.object_id, event.ip) == (teller, None, "127.0.0.1")
    assert event.details == {"results": {"nearer": 1}, "nearer": [str(other.public_id)], "named": False}


def test_who_may_identify_reads_the_name(other: Customer) -> None:
    form = Form(make_user(*TELLER, "verification.add_identification"))
    client = Client()
    client.force_login(form.teller)
    form.add(OTHER, 30)
    told = ask(client, form).content.decode()
    assert [each for each in ("Olga Other", other.number, other.public_id) if str(each) not in told] == []
    assert AuditEvent.objects.get(action="specimens.compared").details["named"] is True


def test_a_comparison_with_a_customer_s_specimens_is_audited_and_one_of_drafts_alone_is_not(
    form: Form, teller: User, other: Customer
) -> None:
    client = Client()
    client.force_login(teller)
    form.add(MINE, 1)
    ask(client, form)
    assert not AuditEvent.objects.filter(action="specimens.compared").exists()
    ask(client, form, customer=str(other.public_id))
    event = AuditEvent.objects.get(action="specimens.compared")
    assert (event.object_id, event.details) == (
        other.public_id,
        {"results": {"odd": 1}, "nearer": [], "named": False},
    )


def test_the_wrong_role_and_the_wrong_verb(form: Form) -> None:
    client = Client()
    client.force_login(make_user(*VERIFIER))
    assert ask(client, form).status_code == 403
    assert client.get("/agreement/").status_code == 405
    assert ask(Client(), form).status_code == 302
