"""Fixtures for all tests: a real PostgreSQL database and a real Redis, as the application role."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.test import TransactionTestCase
from django.utils import translation

from sigweb.embedded.postgres import OWNER, SUPERUSER
from tests.servers import DATABASE, Servers

# A slow hash is right for people and wasted on tests.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Filled by the migrations, and needed by the next test.
KEPT = (
    *("django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions"),
    "accounts_rolegrant",
)
EMPTYING_ATTEMPTS = 20


@pytest.fixture(scope="session")
def django_db_setup(servers: Servers) -> Iterator[None]:
    """Replace pytest-django's own: the database is a copy of one that the owner role migrated."""
    plain = TransactionTestCase._fixture_teardown

    def empty(self: TransactionTestCase) -> None:
        """The application role may not TRUNCATE, and to empty the tables so would take long."""
        empty_tables(servers)

    TransactionTestCase._fixture_teardown = empty  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = plain  # type: ignore[method-assign]


def empty_tables(servers: Servers) -> None:
    """Empty every table except those that the migrations filled, and begin their numbers anew.

    A request that is still answered may hold one table and want the next, as we do the other way round. It goes first.
    """
    for attempts_left in reversed(range(EMPTYING_ATTEMPTS)):
        try:
            return _empty_tables(servers)
        except psycopg2.errors.DeadlockDetected:
            if not attempts_left:
                raise


def _empty_tables(servers: Servers) -> None:
    """TRUNCATE makes new files for every table and index, which takes ten times as long as to delete a few rows.

    They are deleted as the superuser, who alone may leave triggers and foreign keys aside.
    """
    connection = psycopg2.connect(servers.postgres.url(SUPERUSER, DATABASE))
    try:
        with connection, connection.cursor() as cursor:
            # Who looks for a deadlock first is the one who gives way.
            cursor.execute("SET lock_timeout = '20s'; SET deadlock_timeout = '100ms'")
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s) ORDER BY 1",
                [list(KEPT)],
            )
            names = [row[0] for row in cursor.fetchall()]
            quoted = [f'"{name}"' for name in names]
            # Waits for a request or a worker that still writes.
            cursor.execute(f"LOCK TABLE {', '.join(quoted)} IN ACCESS EXCLUSIVE MODE")
            cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in quoted))
            cursor.execute("; ".join(f"DELETE FROM {row[0]}" for row in cursor.fetchall()) or "SELECT")
            cursor.execute(
                "SELECT setval(owned.objid, 1, false) FROM pg_depend owned JOIN pg_class own ON own.oid = owned.objid"
                " WHERE own.relkind = 'S' AND owned.refobjid = ANY(%s::regclass[])",
                [quoted],
            )
    finally:
        connection.close()


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """What a request in Hindi leaves behind in its thread is not the next test's."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def server_environment(servers: Servers) -> dict[str, Any]:
    """Variables for a process that a test starts: the same database and Redis as the test's own."""
    return dict(os.environ)


@pytest.fixture
def owner_connection(servers: Servers) -> Iterator[Any]:
    """A psycopg2 connection as the owner role, for what the application role may not do."""
    connection = psycopg2.connect(servers.postgres.url(OWNER, DATABASE))
    connection.autocommit = True
    yield connection
    connection.close()
