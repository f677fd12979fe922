"""System checks of a deployment: what is missing or unsafe, each with an id.

`manage.py` runs them before a command; the web server and the Celery processes run them when they start
(`refuse_misconfiguration`), since neither does so by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

TAG = "sigweb"
# Everybody can read these in .env.example.
PUBLISHED_SECRET_KEY = "development-only"  # noqa: S105
PUBLISHED_DATA_KEYS = frozenset(
    {"ZGV2ZWxvcG1lbnQgb25seSwgbm90IHNlY3JldCBrZXk=", "ZGV2ZWxvcG1lbnQgb25seTogdGhlIGRpZ2VzdHMga2U="}
)
SHORTEST_SECRET_KEY = 50
REPORTED_ELSEWHERE = frozenset({"SECRET_KEY", "DATA_KEYS", "DIGEST_KEY", "DATABASE_URL", "REDIS_URL"})

Apps = Sequence[AppConfig] | None


def check_secret_key(app_configs: Apps, **_: Any) -> list[checks.CheckMessage]:
    """E001: no SECRET_KEY, or one that is short or published (the latter two with DEBUG off)."""
    try:
        key: str = settings.SECRET_KEY
    except ImproperlyConfigured:  # Django's own way to say that it is empty
        key = ""
    if not key:
        problem = settings.CONFIGURATION_PROBLEMS.get("SECRET_KEY", "SECRET_KEY is not set.")
    elif settings.DEBUG:
        return []
    elif key.startswith(PUBLISHED_SECRET_KEY):
        problem = "SECRET_KEY is the published one of .env.example."
    elif len(key) < SHORTEST_SECRET_KEY:
        problem = f"SECRET_KEY is shorter than {SHORTEST_SECRET_KEY} characters."
    else:
        return []
    return [_error("E001", problem, "Set SECRET_KEY or SECRET_KEY_FILE to 50 or more random characters.")]


def check_data_keys(app_configs: Apps, **_: Any) -> list[checks.CheckMessage]:
    """E002: no key to encrypt images with, a malformed one, or (with DEBUG off) the published one."""
    keys: list[str] = settings.DATA_KEYS
    problem = settings.CONFIGURATION_PROBLEMS.get("DATA_KEYS", "" if keys else "DATA_KEYS is not set.")
    if not problem and not settings.DEBUG and PUBLISHED_DATA_KEYS.intersection(keys):
        problem = "DATA_KEYS holds the published key of .env.example."
    if not problem and len(set(keys)) < len(keys):
        problem = "DATA_KEYS holds the same key twice."
    hint = "Set DATA_KEYS or DATA_KEYS_FILE to base64 keys of 32 random bytes, the current one first."
    return [_error("E002", problem, hint)] if problem else []


def check_digest_key(app_configs: Apps, **_: Any) -> list[checks.CheckMessage]:
    """E008: no key for the digests by which the same bytes are recognised, a malformed or published one."""
    key: str = settings.DIGEST_KEY
    problem = settings.CONFIGURATION_PROBLEMS.get("DIGEST_KEY", "" if key else "DIGEST_KEY is not set.")
    if not problem and not settings.DEBUG and key in PUBLISHED_DATA_KEYS:
        problem = "DIGEST_KEY is the published key of .env.example."
    if not problem and key in settings.DATA_KEYS:
        problem = "DIGEST_KEY is also one of DATA_KEYS."
    hint = "Set DIGEST_KEY or DIGEST_KEY_FILE to base64 of 32 random bytes and never change it."
    return [_error("E008", problem, hint)] if problem else []


def check_database(app_configs: Apps, **_: Any) -> list[checks.CheckMessage]:
    """E003: no DATABASE_URL, or not one of PostgreSQL."""
    problem = settings.CONFIGURATION_PROBLEMS.get("DATABASE_URL")
    if not problem and settings.DATABASES["default"].get("NAME"):
        return []
    hint = "Set DATABASE_URL or DATABASE_URL_FILE to postgres://USER:PASSWORD@HOST/NAME of the application role."
    return [_error("E003", problem or "DATABASE_URL is not set.", hint)]


def check_redis(app_configs: Apps, **_: Any) -> list[checks.CheckMessage]:
    """E004: no REDIS_URL, or one of another kind of server."""
    url: str = settings.REDIS_URL
    if url.startswith(("redis://", "rediss://", "unix://")):
        return []
    problem = "REDIS_URL is not set." if not url else "REDIS_URL must begin with redis://, rediss:// or unix://."
    problem = settings.CONFIGURATION_PROBLEMS.get("REDIS_URL", problem)
    return [_error("E004", problem, "Set REDIS_URL or REDIS_URL_FILE, for example to redis://HOST:6379/0.")]


def check_hosts(app_configs: Apps, **_: Any) -> list[checks.CheckMessage]:
    """E005: with DEBUG off, no ALLOWED_HOSTS or every host allowed."""
    if settings.DEBUG or (settings.ALLOWED_HOSTS and "*" not in settings.ALLOWED_HOSTS):
        return []
    problem = "ALLOWED_HOSTS allows every host." if settings.ALLOWED_HOSTS else "ALLOWED_HOSTS is not set."
    return [_error("E005", problem, "Set ALLOWED_HOSTS to the names under which the bank reaches this server.")]


def check_values(app_configs: Apps, **_: Any) -> list[checks.CheckMessage]:
    """E006: a value of another variable that can not be read."""
    problems: dict[str, str] = settings.CONFIGURATION_PROBLEMS
    return [_error("E006", text) for name, text in problems.items() if name not in REPORTED_ELSEWHERE]


def check_debug(app_configs: Apps, **_: Any) -> list[checks.CheckMessage]:
    """E007 (deployments): DEBUG is on."""
    if not settings.DEBUG:
        return []
    return [_error("E007", "DEBUG is on; it shows signatures' context in error pages.", "Set DEBUG=false.")]


def check_four_eyes(app_configs: Apps, **_: Any) -> list[checks.CheckMessage]:
    """W001 (deployments): whoever enrols a specimen may approve it."""
    if settings.FOUR_EYES:
        return []
    return [checks.Warning("FOUR_EYES is off: one person alone can enrol and approve a specimen.", id="sigweb.W001")]


def check_https(app_configs: Apps, **_: Any) -> list[checks.CheckMessage]:
    """W002 (deployments): cookies travel without encryption."""
    if settings.HTTPS:
        return []
    return [checks.Warning("HTTPS is off: cookies and passwords can be read on the way.", id="sigweb.W002")]


def register_all() -> None:
    """Register every check; those of deployments run with `check --deploy` only."""
    for check in (
        *(check_secret_key, check_data_keys, check_digest_key, check_database, check_redis, check_hosts),
        check_values,
    ):
        checks.register(check, TAG)
    for check in (check_debug, check_four_eyes, check_https):
        checks.register(check, TAG, deploy=True)


def refuse_misconfiguration() -> None:
    """Raise ImproperlyConfigured with one line an error; called by processes that Django does not check itself."""
    errors = [m for m in checks.run_checks(tags=[TAG]) if m.level >= checks.ERROR]
    if errors:
        raise ImproperlyConfigured("\n".join(f"({m.id}) {m.msg} {m.hint or ''}".strip() for m in errors))


def _error(number: str, problem: str, hint: str | None = None) -> checks.Error:
    return checks.Error(problem, hint=hint, id=f"sigweb.{number}")
