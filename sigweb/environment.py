"""Reading the configuration from environment variables, `*_FILE` variants and an optional file of variables.

Nothing here raises for a value that is missing or wrong: the problem is noted and the system checks
(`sigweb.checks`) report it with an id, so that a start without a secret says so in one sentence.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import environ

from sigweb.embedded import addresses

EMBEDDED = "embedded://"  # the servers that `make servers` or `make demo` runs under var/
DATA_KEY_BYTES = 32


class Reader:
    """Reads settings from ``environment``; collects in ``problems`` what could not be read.

    ``problems`` maps the name of a setting to a sentence without its value.
    """

    def __init__(self, environment: Mapping[str, str], var: Path) -> None:
        self.problems: dict[str, str] = {}
        self._var = var  # where embedded servers keep their data
        self._env = environ.FileAwareEnv()
        self._env.ENVIRON = environ.FileAwareEnv.ENVIRON.__class__(dict(environment))

    def text(self, name: str, default: str = "") -> str:
        """Return the variable, or the content of the file that ``<name>_FILE`` names, without surrounding space."""
        try:
            return str(self._env.str(name, default=default)).strip()
        except OSError as error:
            self.problems[name] = f"The file named by {name}_FILE can not be read ({error.strerror})."
        except UnicodeDecodeError:
            self.problems[name] = f"The file named by {name}_FILE is not text."
        return default

    def flag(self, name: str, default: bool) -> bool:
        """Return a yes/no variable; anything unclear is noted and read as ``default``."""
        value = self.text(name).lower()
        if value in ("1", "true", "yes", "on"):
            return True
        if value in ("0", "false", "no", "off"):
            return False
        if value:
            self.problems[name] = f"{name} must be true or false."
        return default

    def number(self, name: str, default: int) -> int:
        """Return a whole number; anything else is noted and read as ``default``."""
        value = self.text(name)
        if not value:
            return default
        try:
            return int(value)
        except ValueError:
            self.problems[name] = f"{name} must be a whole number."
            return default

    def items(self, name: str, default: str = "") -> list[str]:
        """Return a comma-separated list without empty items."""
        return [item.strip() for item in self.text(name, default).split(",") if item.strip()]

    def data_keys(self, name: str) -> list[str]:
        """Return the base64 keys of ``name``, each decoding to 32 bytes; wrong ones are noted and left out."""
        keys = []
        for item in self.items(name):
            try:
                good = len(base64.b64decode(item, validate=True)) == DATA_KEY_BYTES
            except (binascii.Error, ValueError):
                good = False
            if good:
                keys.append(item)
            else:
                self.problems[name] = f"{name} must be base64 keys of {DATA_KEY_BYTES} bytes, separated by commas."
        return keys

    def data_key(self, name: str) -> str:
        """Return one base64 key as in `data_keys`, "" when there is none."""
        keys = self.data_keys(name)
        if len(keys) > 1:
            self.problems[name] = f"{name} must be one key."
        return keys[0] if keys else ""

    def redis(self, name: str) -> str:
        """Return the URL of a Redis server, "" when there is none."""
        url = self.text(name)
        return addresses.redis_url(self._var) if url == EMBEDDED else url

    def database(self, name: str) -> dict[str, object]:
        """Return Django's settings for the PostgreSQL server of a ``postgres://`` URL, {} when there is none."""
        url = self.text(name)
        if not url:
            return {}
        if url == EMBEDDED:
            url = addresses.database_url(self._var)
        try:
            if url.startswith(("postgres://", "postgresql://")):
                return dict(environ.Env.db_url_config(url))
        except Exception:  # noqa: S110 - the parser raises whatever urllib raises, and the URL holds a password
            pass
        self.problems[name] = f"{name} must be a postgres:// URL."
        return {}


def variables(base_dir: Path) -> dict[str, str]:
    """Return the environment, completed by the first of $ENV_FILE, .env and var/demo.env that exists.

    What the environment says wins. var/demo.env is written by ``make demo``, so that management commands on
    the same machine reach the demo's servers.
    """
    values = dict(os.environ)
    named = values.get("ENV_FILE")
    candidates = [Path(named)] if named else [base_dir / ".env", base_dir / "var" / "demo.env"]
    for path in candidates:
        if path.is_file():
            from_file: dict[str, str] = {}
            for line in path.read_text(encoding="utf-8").splitlines():
                key, equals, value = line.strip().partition("=")
                if equals and key and not key.startswith("#"):
                    from_file[key.strip()] = value.strip().strip("'\"")
            return {**_without_doubles(from_file, values), **values}
    return values


def _without_doubles(from_file: dict[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Drop ``X_FILE`` of the file where the environment gives ``X``: the environment wins in either form."""
    return {
        key: value
        for key, value in from_file.items()
        if not (key.endswith("_FILE") and key.removesuffix("_FILE") in environment) and f"{key}_FILE" not in environment
    }


def broker_url(redis_url: str) -> str:
    """Return Celery's form of a Redis URL: ``unix:///path?db=1`` becomes ``redis+socket:///path?virtual_host=1``."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    query = dict(parse_qsl(parts.query))
    options = {"virtual_host": query.pop("db", "0"), **query}
    return f"redis+socket://{parts.path}?{urlencode(options)}"
