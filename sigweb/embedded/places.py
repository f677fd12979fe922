"""Where the embedded servers keep their data, sockets, logs and secrets."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

# Linux takes 107 bytes for the path of a Unix socket.
SOCKET_PATH_LIMIT = 107
LONGEST_SOCKET = "postgres/.s.PGSQL.5432"


class PlaceRefused(RuntimeError):
    """A folder that the servers need can not be used; the message is a sentence for the operator."""


@dataclass(frozen=True)
class Places:
    """The folders of one embedded installation under ``root``."""

    root: Path

    @property
    def postgres(self) -> Path:
        """The data of PostgreSQL."""
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        """The data of Redis."""
        return self.root / "redis"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """Generated passwords and keys, readable by the owner only."""
        return self.root / "secrets"

    @property
    def register(self) -> Path:
        """The file that names the running processes."""
        return self.root / "processes.json"

    @property
    def sockets(self) -> Path:
        """The folder of the Unix sockets: below ``root`` where the path is short enough, else in /tmp."""
        near = self.root / "run"
        if len(os.fsencode(near / LONGEST_SOCKET)) <= SOCKET_PATH_LIMIT:
            return near
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"sigweb-{os.getuid()}-{name}"

    @property
    def postgres_sockets(self) -> Path:
        """The folder in which PostgreSQL makes its socket."""
        return self.sockets / "postgres"

    @property
    def redis_socket(self) -> Path:
        """The socket of Redis."""
        return self.sockets / "redis.sock"

    def make(self) -> None:
        """Create the folders that are missing; raises PlaceRefused when another user owns the socket folder."""
        # Others may pass through the outer folders but not look in: as root, PostgreSQL runs as another user.
        self.root.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o711, exist_ok=True)
        for folder in (self.logs, self.redis, self.secrets, self.postgres_sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
        found = os.lstat(self.sockets)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise PlaceRefused(f"{self.sockets} belongs to somebody else; remove it and start again.")

    def secret(self, name: str, make: str) -> str:
        """Return the secret ``name``; stores ``make`` under that name when there is none yet."""
        path = self.secrets / name
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(make)
        except FileExistsError:
            pass
        return path.read_text(encoding="ascii").strip()
