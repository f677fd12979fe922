"""Advisory locks of Postgres, held until the transaction ends."""

from __future__ import annotations

from django.db import connection

# Any constant: names the lock under which training runs begin.
_RUNS = 0x5167_0002


def run_lock() -> None:
    """One training run begins at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_RUNS])
