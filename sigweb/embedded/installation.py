"""The configuration of an embedded installation: generated secrets, variables for Django, and when it needs set-up."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from sigweb.embedded import addresses
from sigweb.embedded.places import Places
from sigweb.embedded.postgres import APPLICATION, OWNER, ROLES_SQL

PROJECT = Path(__file__).resolve().parent.parent.parent
# What set-up reads: a change to any of these files makes the next start run it again.
SETUP_SOURCES = (
    "*/migrations/*.py",
    "sigweb/*/migrations/*.py",
    "sigweb/rights.py",
    "sigweb/accounts/roles.py",
    "sigweb/setup.py",
    "*/models.py",
    "sigweb/*/models.py",
    "customers/management/commands/seed_demo.py",
    "mlcore/artefacts/base/model.json",
    "requirements*.txt",
)


def variables(places: Places) -> dict[str, str]:
    """Return the variables of the installation; makes the secrets that are missing."""
    places.secret("secret-key", secrets.token_urlsafe(64))
    places.secret("data-keys", random_key())
    places.secret("digest-key", random_key())
    return {
        "DEBUG": "false",
        "HTTPS": "false",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "SECRET_KEY_FILE": str(places.secrets / "secret-key"),
        "DATA_KEYS_FILE": str(places.secrets / "data-keys"),
        "DIGEST_KEY_FILE": str(places.secrets / "digest-key"),
        "DATABASE_URL": addresses.postgres(places).url(APPLICATION),
        "REDIS_URL": addresses.redis(places).url(),
        "MODELS_DIR": str(places.root / "models"),
    }


def write_environment_file(places: Places, values: Mapping[str, str]) -> None:
    """Write var/demo.env, by which management commands on this machine reach the demo's servers."""
    fresh = places.root / "demo.env.tmp"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("# Written by make demo at every start.\n")
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    fresh.replace(places.root / "demo.env")


def process_environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the installation's processes: ours wins over what the shell happens to hold."""
    ours = {name.removesuffix("_FILE") for name in values}
    shell = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in ours}
    # One BLAS thread a process: the work is spread over processes already.
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS") if name not in shell}
    return {
        **shell,
        **threads,
        **values,
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "sigweb.settings",
        "PYTHONUNBUFFERED": "1",
    }


def owner_environment(places: Places) -> dict[str, str]:
    """Return what set-up gets in addition: the role that migrates."""
    return {"OWNER_DATABASE_URL": addresses.postgres(places).url(OWNER)}


def roles_fingerprint() -> str:
    """Return a digest of the script that makes the roles."""
    return _digest([ROLES_SQL])


def setup_fingerprint(root: Path = PROJECT) -> str:
    """Return a digest of everything that set-up depends on."""
    return _digest(sorted({path for pattern in SETUP_SOURCES for path in root.glob(pattern)}))


def stamp_matches(path: Path, fingerprint: str) -> bool:
    """Whether the stamp file ``path`` holds ``fingerprint``."""
    try:
        return path.read_text(encoding="ascii") == fingerprint
    except OSError:
        return False


def _digest(paths: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.name}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def random_key() -> str:
    """Return 32 random bytes as base64: a data key or a digest key."""
    return base64.b64encode(secrets.token_bytes(32)).decode("ascii")
