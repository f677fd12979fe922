from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from django.db import ProgrammingError, connection, transaction

from sigweb.audit.models import AuditEvent
from sigweb.audit.services import audit_record


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET action = 'x'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
    ],
)
def test_the_application_can_not_change_or_remove_rows(statement: str) -> None:
    audit_record(actor=None, action="a.b")
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.filter(action="a.b").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", ["UPDATE audit_auditevent SET action = 'x'", "DELETE FROM audit_auditevent"])
def test_not_even_the_owner_of_the_table_changes_or_removes_rows(owner_connection: Any, statement: str) -> None:
    audit_record(actor=None, action="a.b")
    with owner_connection.cursor() as cursor, pytest.raises(psycopg2.Error, match="append-only"):
        cursor.execute(statement)
    assert AuditEvent.objects.get().action == "a.b"
