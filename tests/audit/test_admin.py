from __future__ import annotations

import pytest

from sigweb.audit.services import audit_record
from tests.customers.making import client_of, user

pytestmark = pytest.mark.django_db


def test_an_auditor_reads_the_trail_but_can_not_touch_it() -> None:
    event = audit_record(actor=None, action="specimen.approved")
    auditor = client_of(user("auditor", is_staff=True))
    assert "specimen.approved" in auditor.get("/admin/audit/auditevent/").content.decode()
    page = f"/admin/audit/auditevent/{event.public_id}/change/"
    assert auditor.get(page).status_code == 200
    assert auditor.post(page, {"action": "x"}).status_code == 403
    assert auditor.get("/admin/audit/auditevent/add/").status_code == 403
    assert auditor.post(f"/admin/audit/auditevent/{event.public_id}/delete/").status_code == 403


def test_a_row_number_is_no_address() -> None:
    event = audit_record(actor=None, action="specimen.approved")
    auditor = client_of(user("auditor", is_staff=True))
    assert auditor.get(f"/admin/audit/auditevent/{event.pk}/change/").status_code == 302
    assert str(event.public_id) in auditor.get("/admin/audit/auditevent/").content.decode()


def test_others_do_not_read_it() -> None:
    assert client_of(user("model-admin", is_staff=True)).get("/admin/audit/auditevent/").status_code == 403
    assert client_of(user("supervisor")).get("/admin/audit/auditevent/").status_code == 302
