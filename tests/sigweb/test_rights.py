"""What the application role may and may not do, tried for real."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction

from customers.models import Specimen
from sigweb import rights
from tests.customers.making import customer, draft, specimens, user


def refused(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except ProgrammingError as error:
        assert "permission denied" in str(error) or "must be owner" in str(error), error
        return True
    return False


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditevent SET action = 'x'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent CASCADE",
        "TRUNCATE customers_customer CASCADE",
        "DELETE FROM verification_verification",
        "DELETE FROM verification_identification",
        "DELETE FROM django_migrations",
        "UPDATE auth_permission SET name = 'x'",
        "ALTER TABLE customers_customer ADD COLUMN x integer",
        "DROP TABLE customers_customer",
        "CREATE TABLE mine (x integer)",
        "ALTER TABLE audit_auditevent DISABLE TRIGGER ALL",
        "SET ROLE sigweb_owner",
        "COPY customers_customer TO PROGRAM 'cat'",
    ],
)
def test_the_application_role_is_refused(sql: str) -> None:
    assert refused(sql)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM audit_auditevent",
        "SELECT 1 FROM django_migrations",
        "UPDATE customers_customer SET name = name",
        "DELETE FROM customers_specimen",
        "UPDATE verification_verification SET score = score",
        "SELECT nextval('customers_customer_id_seq')",
    ],
)
def test_the_application_role_may(sql: str) -> None:
    assert not refused(sql)


@pytest.mark.django_db
def test_every_table_of_a_model_has_its_rights() -> None:
    for model in apps.get_models(include_auto_created=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT has_table_privilege(%s, 'SELECT')", [model._meta.db_table])
            assert cursor.fetchone()[0], model
            cursor.execute("SELECT has_table_privilege(%s, 'TRUNCATE')", [model._meta.db_table])
            assert not cursor.fetchone()[0], model


def test_nothing_is_granted_where_no_role_is_named(settings: Any) -> None:
    settings.DATABASE_APP_ROLE = ""
    rights.grant_after_migrate(using="default")  # would fail: this test has no database


@pytest.mark.django_db
def test_grants_are_idempotent_and_take_away_what_was_too_much(owner_connection: Any) -> None:
    with owner_connection.cursor() as cursor:
        cursor.execute("GRANT UPDATE ON audit_auditevent TO sigweb_app")
        cursor.execute("SELECT has_table_privilege('sigweb_app', 'audit_auditevent', 'UPDATE')")
        assert cursor.fetchone()[0]
        rights.rights_grant(cursor=cursor, role="sigweb_app")
        cursor.execute("SELECT has_table_privilege('sigweb_app', 'audit_auditevent', 'UPDATE')")
        assert not cursor.fetchone()[0]
        cursor.execute("SELECT has_table_privilege('sigweb_app', 'audit_auditevent', 'INSERT')")
        assert cursor.fetchone()[0]


@pytest.mark.django_db
def test_what_was_enrolled_is_retired_and_not_deleted() -> None:
    (specimen,), forgotten = specimens(customer(), 1), draft(user("teller"))
    for state in ("pending", "approved", "retired"):
        who = {"approved_by": specimen.enrolled_by, "approved_at": specimen.enrolled_at}
        Specimen.objects.filter(pk=specimen.pk).update(state=state, **who)
        with pytest.raises(ProgrammingError, match="retired, not deleted"), transaction.atomic():
            specimen.delete()
    forgotten.delete()
    assert list(Specimen.objects.all()) == [specimen]


@pytest.mark.django_db(transaction=True)
def test_the_owner_may_erase_a_specimen(owner_connection: Any) -> None:
    specimens(customer(), 1)
    with owner_connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_specimen")
    assert not Specimen.objects.exists()
