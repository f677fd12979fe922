"""`/healthz`: whether this process can do its work. Says which part fails, never why: the log says why."""

from __future__ import annotations

import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from customers.blobs import key_known
from customers.selectors import specimens_sealed
from mlcore.selectors import model_bundle, model_champion

logger = logging.getLogger(__name__)

REDIS_SECONDS = 1.0
LOOKED_AT = 5  # stored pictures: one may be damaged


class Unhealthy(RuntimeError):
    """A part answers, but not as it should."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every part works, else 503; the body names the parts with ``ok`` or ``failed``."""
    parts = {name: _works(name, check) for name, check in CHECKS.items()}
    good = all(parts.values())
    body = {
        "status": "ok" if good else "failed",
        "checks": {name: "ok" if works else "failed" for name, works in parts.items()},
    }
    return JsonResponse(body, status=200 if good else 503)


def _works(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception as error:  # whatever fails, the answer is a 503
        # The message of a database error can hold the server's address, not a row: fit for the log.
        logger.warning("Health: %s failed: %s: %s", name, type(error).__name__, error)
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _redis() -> None:
    timeouts = {"socket_connect_timeout": REDIS_SECONDS, "socket_timeout": REDIS_SECONDS}
    with redis.Redis.from_url(settings.REDIS_URL, **timeouts) as client:
        client.ping()


def _migrations() -> None:
    global _migrated
    if _migrated:  # a release with new migrations comes with new processes
        return
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Unhealthy("Migrations are pending.")
    _migrated = True


def _keys() -> None:
    """A rotation that left out the earlier key, or a start with the keys of another installation."""
    global _opened
    if _opened:  # other keys come with other processes
        return
    for latest in (False, True):
        heads = specimens_sealed(latest=latest, limit=LOOKED_AT)
        if heads and not any(map(key_known, heads)):
            raise Unhealthy(f"DATA_KEYS lacks the key of the {'latest' if latest else 'oldest'} stored pictures.")
    _opened = bool(heads)


def _model() -> None:
    model_bundle(model_champion())


_migrated = _opened = False
CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "redis": _redis,
    "migrations": _migrations,
    "keys": _keys,
    "model": _model,
}
