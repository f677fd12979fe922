from __future__ import annotations

import uuid
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from customers import services
from customers.blobs import unseal
from customers.models import Customer, Specimen
from customers.results import Refused
from customers.signals import specimens_stored
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.customers.making import blank, branch, customer, cut, draft, signature, specimens, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def teller() -> User:
    return user("teller", username="tara")


@pytest.fixture
def enrolment() -> UUID:
    return uuid.uuid4()


def fields(number: str = "4711") -> dict[str, Any]:
    return {"number": number, "name": "José Müller", "branch": branch()}


def codes(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


# --- drafts ------------------------------------------------------------------------------------------------


def test_a_good_picture_becomes_a_sealed_draft(teller: User, enrolment: UUID) -> None:
    data = signature()
    result = services.draft_add(actor=teller, enrolment=enrolment, data=data, filename="card 1.png")
    specimen = Specimen.objects.get(enrolment=enrolment)
    assert result.specimen == specimen
    assert (result.grade, result.chosen, result.filename) == ("good", True, "card 1.png")
    assert (specimen.state, specimen.customer, specimen.enrolled_by) == ("draft", None, teller)
    assert specimen.media_type == "image/png"
    assert specimen.width > specimen.height > 0
    assert specimen.quality["grade"] == "good"
    assert data[:50] not in bytes(specimen.image)
    assert unseal(specimen.image, context=str(specimen.public_id)) == data


def test_a_blank_sheet_is_kept_as_refused_and_says_why(teller: User, enrolment: UUID) -> None:
    result = services.draft_add(actor=teller, enrolment=enrolment, data=blank())
    assert (result.grade, result.chosen) == ("refused", False)
    assert result.remarks
    assert Specimen.objects.get().quality_grade == "refused"


def test_a_cut_off_signature_is_usable_with_a_remark(teller: User, enrolment: UUID) -> None:
    result = services.draft_add(actor=teller, enrolment=enrolment, data=cut())
    assert result.grade == "usable"
    assert result.remarks


@pytest.mark.parametrize("data", [b"", b"not a picture", signature()[:200]])
def test_what_can_not_be_read_is_not_kept_and_says_why(teller: User, enrolment: UUID, data: bytes) -> None:
    result = services.draft_add(actor=teller, enrolment=enrolment, data=data, filename="x.png")
    assert (result.specimen, result.grade, result.chosen) == (None, "refused", False)
    assert result.remarks[0].endswith(".")
    assert not Specimen.objects.exists()


def test_the_same_picture_twice_in_a_form_is_one_draft(teller: User, enrolment: UUID) -> None:
    first = services.draft_add(actor=teller, enrolment=enrolment, data=signature())
    second = services.draft_add(actor=teller, enrolment=enrolment, data=signature())
    assert second.specimen == first.specimen
    assert second.already
    assert "counted once" in second.warnings[0]
    assert Specimen.objects.count() == 1


def test_a_picture_the_customer_has_already_is_pointed_out(teller: User, enrolment: UUID) -> None:
    known = customer()
    specimens_submit(teller, known, signature())
    result = services.draft_add(actor=teller, enrolment=enrolment, data=signature(), customer=known)
    assert "already has this very picture" in result.warnings[0]
    assert len(result.warnings) == 1


def test_a_picture_enrolled_at_another_customer_is_a_warning(teller: User, enrolment: UUID) -> None:
    specimens_submit(teller, customer(), signature())
    result = services.draft_add(actor=teller, enrolment=enrolment, data=signature(), customer=customer())
    assert result.chosen
    assert "another customer" in result.warnings[0]


def test_a_form_belongs_to_one_person(teller: User, enrolment: UUID) -> None:
    draft(teller, enrolment)
    with pytest.raises(Refused) as refusal:
        services.draft_add(actor=user("teller"), enrolment=enrolment, data=signature(2))
    assert refusal.value.code == "not_yours"


def test_a_submitted_form_takes_no_more_drafts(teller: User, enrolment: UUID) -> None:
    row = draft(teller, enrolment)
    services.specimens_submit(actor=teller, enrolment=enrolment, chosen=[row.public_id], customer=customer())
    with pytest.raises(Refused) as refusal:
        services.draft_add(actor=teller, enrolment=enrolment, data=signature(99))
    assert refusal.value.code == "submitted"


def test_a_form_holds_only_so_many_drafts(teller: User, enrolment: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MAX_DRAFTS", 2)
    draft(teller, enrolment)
    draft(teller, enrolment)
    with pytest.raises(Refused) as refusal:
        services.draft_add(actor=teller, enrolment=enrolment, data=signature(99))
    assert refusal.value.code == "too_many_drafts"


def test_what_was_cut_from_a_draft_takes_its_place(teller: User, enrolment: UUID) -> None:
    old = draft(teller, enrolment)
    result = services.draft_add(actor=teller, enrolment=enrolment, data=cut(), replaces=old.public_id)
    assert result.replaced == old.public_id
    assert Specimen.objects.get() == result.specimen


def test_a_cut_out_that_is_refused_does_not_cost_the_usable_picture(teller: User, enrolment: UUID) -> None:
    old = draft(teller, enrolment)
    kept = services.draft_add(actor=teller, enrolment=enrolment, data=blank(), replaces=old.public_id)
    assert kept.replaced is None
    assert Specimen.objects.filter(pk=old.pk).exists()
    unread = services.draft_add(actor=teller, enrolment=enrolment, data=b"junk", replaces=old.public_id)
    assert unread.replaced is None
    assert Specimen.objects.filter(pk=old.pk).exists()


def test_a_refused_draft_makes_room_for_any_cut_out(teller: User, enrolment: UUID) -> None:
    old = services.draft_add(actor=teller, enrolment=enrolment, data=blank()).specimen
    assert old is not None
    result = services.draft_add(actor=teller, enrolment=enrolment, data=signature(), replaces=old.public_id)
    assert result.replaced == old.public_id
    assert Specimen.objects.get().quality_grade == "good"


def test_a_cut_out_fits_into_a_full_form_and_replaces_nothing_of_another(
    teller: User, enrolment: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_DRAFTS", 1)
    other, old = draft(teller), draft(teller, enrolment)
    with pytest.raises(Refused):
        services.draft_add(actor=teller, enrolment=enrolment, data=cut(), replaces=other.public_id)
    services.draft_add(actor=teller, enrolment=enrolment, data=cut(), replaces=old.public_id)
    assert Specimen.objects.filter(pk=other.pk).exists()
    assert not Specimen.objects.filter(pk=old.pk).exists()


def test_one_removes_ones_own_draft(teller: User) -> None:
    row = draft(teller)
    with pytest.raises(Refused):
        services.draft_remove(actor=user("teller"), specimen=row)
    services.draft_remove(actor=teller, specimen=row)
    assert not Specimen.objects.exists()


def test_a_specimen_is_not_removed_as_a_draft(teller: User) -> None:
    (row,) = specimens(customer(), 1, actor=teller)
    with pytest.raises(Refused) as refusal:
        services.draft_remove(actor=teller, specimen=row)
    assert refusal.value.code == "not_a_draft"
    assert Specimen.objects.filter(pk=row.pk).exists()


# --- submitting --------------------------------------------------------------------------------------------


def specimens_submit(actor: User, of: Customer, *pictures: bytes) -> tuple[Specimen, ...]:
    enrolment = uuid.uuid4()
    rows = [draft(actor, enrolment, data) for data in pictures]
    chosen = [row.public_id for row in rows]
    return services.specimens_submit(actor=actor, enrolment=enrolment, chosen=chosen, customer=of).specimens


def test_the_chosen_set_is_stored_for_a_new_customer_and_the_rest_forgotten(
    teller: User, enrolment: UUID, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    heard: list[list[UUID]] = []

    def listen(sender: object, public_ids: list[UUID], **kwargs: object) -> None:
        heard.append(public_ids)

    rows = [draft(teller, enrolment) for _ in range(4)]
    chosen = [row.public_id for row in rows[:3]]
    specimens_stored.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            done = services.specimens_submit(
                actor=teller,
                enrolment=enrolment,
                chosen=chosen,
                fields=fields(" ab-7 ") | {"special_instructions": "Left hand.", "always_refer": True},
                source="form",
                signed_on=date(2020, 5, 1),
            )
            assert heard == [], "nobody hears of what is not committed"
    finally:
        specimens_stored.disconnect(listen)
    assert heard == [chosen]
    stored = Customer.objects.get()
    assert done.customer == stored
    assert (stored.number, stored.name, stored.created_by) == ("AB-7", "José Müller", teller)
    assert (stored.special_instructions, stored.always_refer) == ("Left hand.", True)
    assert list(Specimen.objects.values_list("public_id", flat=True).order_by("pk")) == chosen
    assert set(Specimen.objects.values_list("state", "source", "signed_on")) == {("pending", "form", date(2020, 5, 1))}
    assert (codes("customer.created"), codes("specimen.enrolled")) == (1, 3)


def test_submitting_a_form_again_changes_nothing_and_leads_to_the_same_customer(teller: User, enrolment: UUID) -> None:
    row = draft(teller, enrolment)
    ask: dict[str, Any] = {"actor": teller, "enrolment": enrolment, "chosen": [row.public_id], "fields": fields()}
    first = services.specimens_submit(**ask)
    second = services.specimens_submit(**ask)
    assert (first.again, second.again) == (False, True)
    assert second.customer == first.customer
    assert (Customer.objects.count(), Specimen.objects.count(), codes("specimen.enrolled")) == (1, 1, 1)


@pytest.mark.parametrize("what", ["nothing", "gone", "refused"])
def test_a_set_that_is_not_right_stores_nothing_at_all(teller: User, enrolment: UUID, what: str) -> None:
    good = draft(teller, enrolment)
    chosen = {
        "nothing": lambda: [],
        "gone": lambda: [good.public_id, uuid.uuid4()],
        "refused": lambda: [good.public_id, draft(teller, enrolment, blank()).public_id],
    }[what]()
    with pytest.raises(Refused) as refusal:
        services.specimens_submit(actor=teller, enrolment=enrolment, chosen=chosen, fields=fields())
    assert refusal.value.code == what
    assert not Customer.objects.exists()
    assert not Specimen.objects.exclude(state="draft").exists()
    assert codes("customer.created") == 0


def test_a_number_that_is_taken_names_the_customer_who_has_it(teller: User, enrolment: UUID) -> None:
    other = customer(number="4711")
    row = draft(teller, enrolment)
    with pytest.raises(Refused) as refusal:
        services.specimens_submit(actor=teller, enrolment=enrolment, chosen=[row.public_id], fields=fields("4711"))
    assert (refusal.value.code, refusal.value.customer) == ("number_taken", other)


def test_the_same_bytes_twice_at_a_customer_are_one_specimen(teller: User) -> None:
    known = customer()
    specimens_submit(teller, known, signature())
    enrolment = uuid.uuid4()
    rows = [draft(teller, enrolment, signature()), draft(teller, enrolment, signature(501))]
    done = services.specimens_submit(
        actor=teller, enrolment=enrolment, chosen=[row.public_id for row in rows], customer=known
    )
    assert len(done.specimens) == 1
    assert "already waiting for approval" in done.notes[0]
    assert known.specimens.count() == 2


@pytest.mark.parametrize(
    ("state", "words"), [("pending", "waiting for approval"), ("approved", "approved specimen"), ("retired", "retired")]
)
def test_when_every_picture_is_known_a_sentence_says_in_which_state(teller: User, state: str, words: str) -> None:
    known = customer()
    (row,) = specimens_submit(teller, known, signature())
    if state == "approved":
        services.specimen_approve(actor=user("supervisor"), specimen=row)
    if state == "retired":
        services.specimen_retire(actor=user("supervisor"), specimen=row)
    with pytest.raises(Refused, match=words) as refusal:
        specimens_submit(teller, known, signature())
    assert refusal.value.code == "known"


def test_the_same_bytes_at_another_customer_are_recorded(teller: User) -> None:
    (first,) = specimens_submit(teller, customer(), signature())
    (second,) = specimens_submit(teller, customer(), signature())
    event = AuditEvent.objects.get(action="specimen.same_picture_elsewhere")
    assert event.object_id == second.public_id
    assert event.details == {"specimens": [str(first.public_id)]}


def test_an_eighth_specimen_is_refused_with_the_numbers(teller: User) -> None:
    known = customer()
    specimens(known, 5, actor=teller)
    with pytest.raises(Refused, match="5 are in use and 3 were chosen. There is room for 2 more") as refusal:
        specimens(known, 3, actor=teller)
    assert refusal.value.code == "full"
    specimens(known, 2, actor=teller)
    with pytest.raises(Refused, match="Retire one"):
        specimens(known, 1, actor=teller)
    assert known.specimens.count() == 7


def test_a_closed_customer_gets_no_specimens(teller: User) -> None:
    with pytest.raises(Refused) as refusal:
        specimens(customer(status="closed"), 1, actor=teller)
    assert refusal.value.code == "closed"


def test_a_listener_that_fails_does_not_fail_the_enrolment(
    teller: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def fail(sender: object, **kwargs: object) -> None:
        raise RuntimeError("no queue")

    specimens_stored.connect(fail)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            specimens(customer(), 1, actor=teller)
    finally:
        specimens_stored.disconnect(fail)
    assert Specimen.objects.get().state == "pending"


# --- pictures that can not be read ------------------------------------------------------------------------


def test_an_unreadable_picture_is_noted_once() -> None:
    (row,) = specimens(customer(), 1)
    services.specimen_mark_unreadable(specimen=row, reason="BlobDamaged")
    services.specimen_mark_unreadable(specimen=row, reason="BlobDamaged")
    row.refresh_from_db()
    assert row.unreadable_at is not None
    assert codes("specimen.unreadable") == 1
    services.specimen_mark_readable(specimen=row)
    services.specimen_mark_readable(specimen=row)
    row.refresh_from_db()
    assert row.unreadable_at is None
    assert codes("specimen.readable") == 1
