from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from customers import services
from customers.models import Specimen
from customers.results import Refused
from sigweb.audit.models import AuditEvent
from tests.customers.making import customer, draft, specimens, user

pytestmark = pytest.mark.django_db


def test_another_person_approves() -> None:
    (row,) = specimens(customer(), 1)
    supervisor = user("supervisor")
    services.specimen_approve(actor=supervisor, specimen=row)
    row.refresh_from_db()
    assert (row.state, row.approved_by) == ("approved", supervisor)
    assert row.approved_at is not None
    assert AuditEvent.objects.filter(action="specimen.approved", object_id=row.public_id, actor=supervisor).exists()


def test_four_eyes_refuses_the_person_who_enrolled() -> None:
    both = user("teller", "supervisor")
    (row,) = specimens(customer(), 1, actor=both)
    with pytest.raises(Refused, match="another person") as refusal:
        services.specimen_approve(actor=both, specimen=row)
    assert refusal.value.code == "four_eyes"
    row.refresh_from_db()
    assert row.state == "pending"


def test_without_four_eyes_one_person_is_enough(settings: Settings) -> None:
    settings.FOUR_EYES = False
    both = user("teller", "supervisor")
    (row,) = specimens(customer(), 1, actor=both)
    assert services.specimen_approve(actor=both, specimen=row).state == "approved"


def test_approving_twice_says_so() -> None:
    (row,) = specimens(customer(), 1, approved=True)
    with pytest.raises(Refused) as refusal:
        services.specimen_approve(actor=user("supervisor"), specimen=row)
    assert refusal.value.code == "not_pending"
    assert AuditEvent.objects.filter(action="specimen.approved").count() == 1


def test_one_that_has_expired_while_it_waited_is_not_approved_and_can_be_retired() -> None:
    supervisor, (row,) = user("supervisor"), specimens(customer(), 1)
    today = timezone.localdate()
    Specimen.objects.filter(pk=row.pk).update(expires_on=today - timedelta(days=1))
    with pytest.raises(Refused, match="Retire it, and enrol a fresh one") as refusal:
        services.specimen_approve(actor=supervisor, specimen=row)
    assert refusal.value.code == "expired"
    row.refresh_from_db()
    assert row.state == "pending"
    assert services.specimen_retire(actor=supervisor, specimen=row).state == "retired"


def test_on_its_last_day_it_is_approved() -> None:
    (row,) = specimens(customer(), 1)
    Specimen.objects.filter(pk=row.pk).update(expires_on=timezone.localdate())
    assert services.specimen_approve(actor=user("supervisor"), specimen=row).state == "approved"


def test_a_draft_is_not_approved() -> None:
    with pytest.raises(Refused) as refusal:
        services.specimen_approve(actor=user("supervisor"), specimen=draft(user("teller")))
    assert refusal.value.code == "draft"


def test_an_eighth_approval_is_refused() -> None:
    known = customer()
    specimens(known, 7, approved=True)
    (waiting,) = specimens(customer(), 1)
    Specimen.objects.filter(pk=waiting.pk).update(customer=known)  # as an older import may have left it
    waiting.refresh_from_db()
    with pytest.raises(Refused, match="7 approved") as refusal:
        services.specimen_approve(actor=user("supervisor"), specimen=waiting)
    assert refusal.value.code == "full"


def test_nothing_changes_at_a_closed_customer() -> None:
    known = customer()
    (row,) = specimens(known, 1)
    known.status = "closed"
    known.save()
    for service in (services.specimen_approve, services.specimen_retire):
        with pytest.raises(Refused) as refusal:
            service(actor=user("supervisor"), specimen=row)
        assert refusal.value.code == "closed"


@pytest.mark.parametrize("approved", [True, False])
def test_a_specimen_in_use_is_retired_and_makes_room(approved: bool) -> None:
    known = customer()
    rows = specimens(known, 7, approved=approved)
    supervisor = user("supervisor")
    services.specimen_retire(actor=supervisor, specimen=rows[0])
    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].retired_by) == ("retired", supervisor)
    event = AuditEvent.objects.get(action="specimen.retired")
    assert event.details == {"from": "approved" if approved else "pending"}
    specimens(known, 1)
    with pytest.raises(Refused) as refusal:
        services.specimen_retire(actor=supervisor, specimen=rows[0])
    assert refusal.value.code == "not_in_use"
