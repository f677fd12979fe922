"""Advisory locks of Postgres, held until the transaction ends."""

from __future__ import annotations

from django.db import connection

# Any constants that no other lock has.
_RUNS = 0x5167_0002
_DRIFT = 0x5167_0003
_EXCHANGE = 0x5167_0004


def run_lock() -> None:
    """One training run begins at a time."""
    _lock(_RUNS)


def drift_lock() -> None:
    """One look at drift at a time, so that a day has one report."""
    _lock(_DRIFT)


def exchange_lock() -> None:
    """One model version is taken in at a time."""
    _lock(_EXCHANGE)


def _lock(name: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [name])
