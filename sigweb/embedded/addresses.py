"""The embedded servers of one folder: how they are set up and where they are reached.

`make servers`, `make demo` and settings that say ``embedded://`` all mean the servers that this module describes.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from sigweb.embedded.places import Places
from sigweb.embedded.postgres import APPLICATION, OWNER, SUPERUSER, Postgres
from sigweb.embedded.redis import Redis


def postgres(places: Places) -> Postgres:
    """Return the PostgreSQL server under ``places``, with passwords that are generated once."""
    passwords = {
        role: places.secret(f"{role}-password", secrets.token_hex(24)) for role in (SUPERUSER, OWNER, APPLICATION)
    }
    return Postgres(places.postgres, places.postgres_sockets, places.logs / "postgres.log", passwords)


def redis(places: Places) -> Redis:
    """Return the Redis server under ``places``."""
    return Redis(places.redis, places.redis_socket, places.logs / "redis.log")


def database_url(var: Path) -> str:
    """Return the application role's URL; without a password where the servers were never started."""
    places = Places(var)
    try:
        password = (places.secrets / f"{APPLICATION}-password").read_text(encoding="ascii").strip()
    except OSError:
        password = ""
    server = Postgres(places.postgres, places.postgres_sockets, places.logs / "postgres.log", {APPLICATION: password})
    return server.url(APPLICATION)


def redis_url(var: Path) -> str:
    """Return the URL of the embedded Redis."""
    return redis(Places(var)).url()
