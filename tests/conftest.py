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

from sigweb.embedded.postgres import OWNER
from tests.servers import DATABASE, Servers

# A slow hash is right for people and wasted on tests.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Filled by the migrations, and needed by the next test.
KEPT = (
    *("django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions"),
    "accounts_rolegrant",
)


@pytest.fixture(scope="session")
def django_db_setup(servers: Servers) -> Iterator[None]:
    """Replace pytest-django's own: the database is a copy of one that the owner role migrated."""
    plain = TransactionTestCase._fixture_teardown

    def empty(self: TransactionTestCase) -> None:
        """The application role may not TRUNCATE, so the owner empties the tables after a transactional test."""
        empty_tables(servers)

    TransactionTestCase._fixture_teardown = empty  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = plain  # type: ignore[method-assign]


def empty_tables(servers: Servers) -> None:
    """Empty every table except those that the migrations filled, as the owner."""
    connection = psycopg2.connect(servers.postgres.url(OWNER, DATABASE))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")
            cursor.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)", [list(KEPT)]
            )
            names = ", ".join(f'"{row[0]}"' for row in cursor.fetchall())
            cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
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
