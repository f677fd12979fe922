from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from sigweb.audit.services import audit_record
from tests.customers.making import customer, user

pytestmark = pytest.mark.django_db


def test_a_row_says_who_did_what_to_what_from_where(rf: RequestFactory) -> None:
    person, subject = user(username="tara"), customer()
    event = audit_record(
        actor=person,
        action="customer.viewed",
        obj=subject,
        request=rf.get("/", REMOTE_ADDR="10.1.2.3"),
        details={"fields": ["name"]},
    )
    event.refresh_from_db()
    assert (event.actor, event.actor_name, event.ip) == (person, "tara", "10.1.2.3")
    assert (event.object_type, event.object_id) == ("customers.customer", subject.public_id)
    assert event.details == {"fields": ["name"]}
    assert "tara customer.viewed" in str(event)


@pytest.mark.parametrize("actor", [None, AnonymousUser()])
def test_the_system_and_strangers_have_no_name(actor: AnonymousUser | None) -> None:
    event = audit_record(actor=actor, action="draft.purged")
    assert (event.actor, event.actor_name, event.object_type, event.object_id, event.ip) == (None, "", "", None, None)


def test_a_forged_header_does_not_become_the_address(rf: RequestFactory) -> None:
    request = rf.get("/", REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="6.6.6.6")
    assert audit_record(actor=None, action="x.y", request=request).ip == "10.1.2.3"
