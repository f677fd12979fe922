"""The processes of SigWeb that run Django: the same ones, by the same commands, as in docker-compose.yml."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from sigweb.embedded.places import Places


@dataclass(frozen=True)
class Service:
    """A process to start: its name, its command after the Python interpreter, and how it is told to stop."""

    name: str
    arguments: tuple[str, ...]
    stop_signal: int = signal.SIGTERM
    grace: float = 8.0

    @property
    def command(self) -> list[str]:
        """The whole command line."""
        return [sys.executable, "-m", *self.arguments]


SETUP = ("sigweb.setup",)
WEB = ("gunicorn", "sigweb.wsgi:application", "--config", "sigweb/gunicorn.py")
CELERY = ("celery", "--app", "sigweb.celery")
WORKER = (*CELERY, "worker", "--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", "INFO")
EMBED = (*WORKER, "--queues", "embed", "--hostname", "embed@%h", "--concurrency", "1")
TRAIN = (*WORKER, "--queues", "train", "--hostname", "train@%h", "--concurrency", "1", "--max-tasks-per-child", "1")
BEAT = (*CELERY, "beat", "--loglevel", "INFO", "--pidfile", "")


def services(places: Places, host: str, port: int) -> list[Service]:
    """Return the web server, the two workers and beat; workers get the cold shutdown, since every task acks late."""
    return [
        Service("web", (*WEB, "--bind", f"{host}:{port}")),
        Service("embed", EMBED),
        Service("train", TRAIN, stop_signal=signal.SIGQUIT),
        Service("beat", (*BEAT, "--schedule", str(Path(places.root) / "beat-schedule"))),
    ]
