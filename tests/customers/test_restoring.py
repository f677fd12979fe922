"""A file whose stored picture was lost can be enrolled again: nothing is lost as long as the bank has the scan."""

from __future__ import annotations

from typing import Any

import pytest

from customers import services
from customers.models import Customer, Specimen
from customers.results import Refused, Submitted
from customers.selectors import specimen_bytes
from mlcore.models import EmbeddingFailure, ModelVersion
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.customers.making import client_of, customer, draft, signature, user
from tests.mlcore.champions import base

__all__ = ["base"]
pytestmark = pytest.mark.django_db
DATA = signature(901)


def enrolled(teller: User, known: Customer, data: bytes = DATA) -> Submitted:
    made = draft(teller, data=data)
    return services.specimens_submit(
        actor=teller, enrolment=made.enrolment, chosen=[made.public_id], customer=known, source="form"
    )


def lost(specimen: Specimen) -> Specimen:
    """The stored bytes go bad, and somebody notices."""
    Specimen.objects.filter(pk=specimen.pk).update(image=b"damaged")
    services.specimen_mark_unreadable(specimen=specimen, reason="blob_damaged")
    return Specimen.objects.get(pk=specimen.pk)


@pytest.fixture
def known() -> Customer:
    return customer()


def test_a_retired_one_waits_for_approval_again_with_its_picture(known: Customer) -> None:
    first, second, supervisor = user("teller"), user("teller"), user("supervisor")
    row = services.specimen_approve(actor=supervisor, specimen=enrolled(first, known).specimens[0])
    services.specimen_retire(actor=supervisor, specimen=lost(row))
    done = enrolled(second, known)
    back = Specimen.objects.get(pk=row.pk)
    assert done.specimens == (back,)
    assert (back.state, back.enrolled_by, back.source) == ("pending", second, "form")
    assert (back.approved_by, back.approved_at, back.retired_by, back.retired_at) == (None, None, None, None)
    assert back.unreadable_at is None
    assert specimen_bytes(specimen=back) == DATA
    assert known.specimens.count() == 1
    assert not Specimen.objects.filter(state="draft").exists()
    with pytest.raises(Refused, match="another person"):
        services.specimen_approve(actor=second, specimen=back)
    assert AuditEvent.objects.filter(action="specimen.picture_restored", object_id=back.public_id).count() == 1


def test_sending_the_form_again_changes_nothing(known: Customer) -> None:
    teller = user("teller")
    services.specimen_retire(actor=user("supervisor"), specimen=lost(enrolled(teller, known).specimens[0]))
    made = draft(teller, data=DATA)
    fields: dict[str, Any] = {"enrolment": made.enrolment, "chosen": [made.public_id], "customer": known}
    assert not services.specimens_submit(actor=teller, **fields).again
    assert services.specimens_submit(actor=teller, **fields).again


def test_one_in_use_gets_its_picture_back_and_stays_what_it_was(known: Customer) -> None:
    teller, supervisor = user("teller"), user("supervisor")
    row = services.specimen_approve(actor=supervisor, specimen=enrolled(teller, known).specimens[0])
    lost(row)
    done = enrolled(user("teller"), known)
    back = Specimen.objects.get(pk=row.pk)
    assert done.specimens == ()
    assert "whole again" in " ".join(done.notes)
    assert (back.state, back.approved_by, back.enrolled_by) == ("approved", supervisor, teller)
    assert specimen_bytes(specimen=back) == DATA


def test_a_whole_one_is_still_not_stored_twice(known: Customer) -> None:
    teller = user("teller")
    services.specimen_retire(actor=user("supervisor"), specimen=enrolled(teller, known).specimens[0])
    with pytest.raises(Refused, match="has been retired"):
        enrolled(teller, known)


def test_there_must_be_room_for_one_that_comes_back(known: Customer) -> None:
    teller = user("teller")
    services.specimen_retire(actor=user("supervisor"), specimen=lost(enrolled(teller, known).specimens[0]))
    for seed in range(902, 909):
        enrolled(teller, known, signature(seed))
    with pytest.raises(Refused, match="at most 7"):
        enrolled(teller, known)


def test_the_page_tells_what_was_restored_and_warns_of_no_double(known: Customer) -> None:
    teller = user("teller")
    lost(enrolled(teller, known).specimens[0])
    made = draft(teller, data=DATA)
    assert services.draft_result(specimen=made, customer=known).warnings == ()
    data = {"enrolment": made.enrolment, "drafts": made.public_id, "source": "card"}
    page = client_of(teller).post(f"/customers/{known.public_id}/enrol/", data, follow=True).content.decode()
    assert "it is whole again" in page
    assert "0 specimen" not in page


def test_what_was_on_record_against_it_is_forgotten(known: Customer, base: ModelVersion) -> None:
    teller = user("teller")
    row = lost(enrolled(teller, known).specimens[0])
    EmbeddingFailure.objects.create(specimen=row, model_version=base, code="worker_died", sentence="x")
    enrolled(teller, known)
    assert not EmbeddingFailure.objects.exists()


# --- false alarms ------------------------------------------------------------------------------------------


def test_a_picture_that_opens_again_is_no_longer_noted_as_unreadable(known: Customer) -> None:
    row = enrolled(user("teller"), known).specimens[0]
    services.specimen_mark_unreadable(specimen=row, reason="blob_damaged")
    assert client_of(user("verifier")).get(f"/specimens/{row.public_id}/image.png").status_code == 200
    row.refresh_from_db()
    assert row.unreadable_at is None


def test_one_that_no_vector_can_be_made_of_stays_noted(known: Customer, base: ModelVersion) -> None:
    row = enrolled(user("teller"), known).specimens[0]
    services.specimen_mark_unreadable(specimen=row, reason="worker_died")
    EmbeddingFailure.objects.create(specimen=row, model_version=base, code="worker_died", sentence="x")
    client_of(user("verifier")).get(f"/specimens/{row.public_id}/image.png")
    row.refresh_from_db()
    assert row.unreadable_at is not None


def test_a_machine_that_is_too_slow_is_no_damage(known: Customer) -> None:
    row = enrolled(user("teller"), known).specimens[0]
    services.specimen_mark_unreadable(specimen=row, reason="too_slow")
    row.refresh_from_db()
    assert row.unreadable_at is None
