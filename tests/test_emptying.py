"""Between two tests the tables are emptied, also while a page that was just left is still answered."""

from __future__ import annotations

import threading
from typing import Any

import psycopg2
import pytest

from sigweb.embedded.postgres import OWNER
from tests.conftest import empty_tables
from tests.servers import DATABASE, Servers
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_request_that_wants_the_tables_in_another_order_is_let_through(servers: Servers) -> None:
    holds, errors = threading.Event(), []

    def request() -> None:
        connection = psycopg2.connect(servers.postgres.url(OWNER, DATABASE))
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("LOCK TABLE verification_verification IN ROW EXCLUSIVE MODE")
                holds.set()
                wait_for(lambda: _somebody_waits(cursor))
                cursor.execute("LOCK TABLE accounts_user IN ROW SHARE MODE")
        except (psycopg2.Error, AssertionError) as error:
            errors.append(error)
        finally:
            holds.set()
            connection.close()

    thread = threading.Thread(target=request)
    thread.start()
    assert holds.wait(10)
    empty_tables(servers)
    thread.join(20)
    assert errors == []


def _somebody_waits(cursor: Any) -> bool:
    cursor.execute("SELECT FROM pg_locks WHERE NOT granted AND relation = 'verification_verification'::regclass")
    return bool(cursor.rowcount)
