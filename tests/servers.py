"""A pytest plugin: temporary PostgreSQL and Redis servers for the tests, started when the first test needs them.

Loaded by `-p` before Django's settings, because it puts their addresses into the environment: Unix sockets in a
folder of this run, so that the addresses are known before anything runs. The tests work as the application role;
only the migrations ran as the owner. `SIGWEB_TEST_SERVERS` keeps the folder's name for the processes that tests start.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sigweb.embedded.places import Places
from sigweb.embedded.postgres import APPLICATION, OWNER, SUPERUSER, THROWAWAY, Postgres
from sigweb.embedded.processes import Child, stop_all
from sigweb.embedded.redis import Redis

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "sigweb"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
DATABASE = f"test_{WORKER}" if WORKER else "test"
REDIS_DATABASE = int(WORKER.removeprefix("gw") or 0) if WORKER else 0


class Servers:
    """The two servers of one test run."""

    def __init__(self, root: Path) -> None:
        self.places = Places(root)
        self.places.make()
        self.postgres = Postgres(
            data=self.places.postgres,
            sockets=self.places.postgres_sockets,
            log=self.places.logs / "postgres.log",
            passwords={SUPERUSER: "superuser", OWNER: "owner", APPLICATION: "application"},
            settings=THROWAWAY,
        )
        self.redis = Redis(self.places.redis, self.places.redis_socket, self.places.logs / "redis.log", durable=False)
        self.children: list[Child] = []

    def environment(self) -> dict[str, str]:
        """The variables by which Django and Celery reach the servers, as the application role."""
        return {
            "DATABASE_URL": self.postgres.url(APPLICATION, DATABASE),
            "REDIS_URL": self.redis.url(REDIS_DATABASE),
            "SIGWEB_TEST_SERVERS": str(self.places.root),
        }

    def start(self) -> None:
        """Start both and migrate the template database; does nothing the second time."""
        if self.children or (self.places.root / "started").exists():
            return
        self.postgres.initialise()
        database, queue = self.postgres.start(), self.redis.start()
        self.children = [database, queue]
        self.postgres.wait(database)
        self.postgres.provide_roles()
        self.redis.wait(queue)
        variables = {
            **os.environ,
            "DATABASE_URL": self.postgres.url(OWNER, TEMPLATE),
            "DATABASE_APP_ROLE": APPLICATION,
        }
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0", "--skip-checks"]
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
        if done.returncode:
            raise pytest.UsageError(f"The migrations failed:\n{done.stdout}{done.stderr}")
        (self.places.root / "started").touch()

    def make_database(self) -> None:
        """Copy the migrated template for this worker's tests."""
        self.postgres.run_sql(
            f"SELECT 'CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE} OWNER {OWNER}' "
            f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec\n"
            f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APPLICATION};"
        )

    def stop(self) -> None:
        """Stop both and remove their data."""
        stop_all(self.children)
        shutil.rmtree(self.places.root, ignore_errors=True)


def _environment(servers: Servers) -> dict[str, str]:
    return {
        "ENV_FILE": os.devnull,
        "DEBUG": "false",
        "HTTPS": "false",
        "SECRET_KEY": "for-the-tests-only-" + "x" * 50,
        "DATA_KEYS": base64.b64encode(b"for the tests only: 32 bytes key").decode(),
        "DIGEST_KEY": base64.b64encode(b"for the tests only: a digest key").decode(),
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "MODELS_DIR": str(servers.places.root / f"models{WORKER}"),
        "LOG_LEVEL": "WARNING",
        **servers.environment(),
    }


_STARTED: list[Servers] = []


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Choose the folder of this run and put the addresses into the environment, before Django's settings load."""
    inherited = os.environ.get("SIGWEB_TEST_SERVERS") if WORKER else None
    servers = Servers(Path(inherited or tempfile.mkdtemp(prefix="sigweb-test-")))
    for name in ("DATABASE_APP_ROLE", *[n for n in os.environ if n.endswith("_FILE") and n != "ENV_FILE"]):
        if name.removesuffix("_FILE") in _environment(servers) or name == "DATABASE_APP_ROLE":
            os.environ.pop(name, None)
    os.environ.update(_environment(servers))
    _STARTED.append(servers)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """With several workers the first process starts the servers, which outlive every worker."""
    if not WORKER and getattr(config.option, "numprocesses", None):
        _STARTED[0].start()


def pytest_unconfigure() -> None:
    """Stop the servers and leave nothing in the temporary folder."""
    if not WORKER and _STARTED:
        _STARTED.pop().stop()


@pytest.fixture(scope="session")
def servers() -> Servers:
    """The running servers, with a database of this worker's own."""
    found = _STARTED[0]
    found.start()
    found.make_database()
    return found
