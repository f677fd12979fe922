"""Keeps a set of child processes running until somebody asks to stop, and then leaves none behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from sigweb.embedded.processes import PR_SET_PDEATHSIG, Child, Register, kill_group, stop_all

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.2
RESTARTS_ALLOWED = 5
RESTART_WINDOW = 60.0


class Stop(BaseException):
    """Somebody asked to stop."""


class Crashed(RuntimeError):
    """A child keeps ending; the message is a sentence for the operator."""


@dataclass
class Launcher:
    """Children in the order they were started, with the way to start each again."""

    register: Register
    children: dict[str, Child] = field(default_factory=dict)
    _starts: dict[str, Callable[[], Child]] = field(default_factory=dict)
    _restarts: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, start: Callable[[], Child]) -> Child:
        """Start a child and look after it from now on."""
        self._starts[name] = start
        child = self.children[name] = start()
        self.register.write(list(self.children.values()))
        return child

    def look_after(self) -> list[str]:
        """Start again what has ended; returns the names. Raises Crashed for a child that ends again and again."""
        ended = [name for name, child in self.children.items() if child.ended() is not None]
        for name in ended:
            kill_group(self.children[name].pid)  # a killed worker leaves its own children
            now = time.monotonic()
            recent = [at for at in self._restarts.get(name, []) if now - at < RESTART_WINDOW]
            if len(recent) >= RESTARTS_ALLOWED:
                raise Crashed(f"The process {name} keeps ending.")
            self._restarts[name] = [*recent, now]
            self.children[name] = self._starts[name]()
        if ended:
            self.register.write(list(self.children.values()))
        return ended

    def stop(self) -> None:
        """Stop everything: first what uses the servers, then the servers (they were started first)."""
        servers = [c for c in self.children.values() if c.name in ("postgres", "redis")]
        stop_all([c for c in self.children.values() if c not in servers])
        stop_all(servers)
        self.children.clear()
        self.register.clear()


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into Stop; later ones are ignored, so that stopping is not cut short.

    After a stop they stay ignored: one that comes while the process is on its way out would make a death of its end.
    """
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        for sign in STOP_SIGNALS:
            signal.signal(sign, signal.SIG_IGN)
        raise Stop

    before = {sign: signal.signal(sign, stop) for sign in STOP_SIGNALS}
    _follow_make()
    try:
        yield
    finally:
        if not stopped:
            for sign, handler in before.items():
                signal.signal(sign, handler)


class ParentMake:
    """Tells whether the `make` that started us, if one did, got a SIGINT of its own.

    At the terminal Ctrl-C reaches make and us. A SIGINT sent to make alone does not: make then waits for us, inside
    its signal handler, where SIGINT is blocked; that is how it can be told. Make also blocks it for an instant when
    it starts a job, and a parent may have blocked it for good: only a change that lasts counts.
    """

    def __init__(self) -> None:
        self._told_before = False
        self._blocked_from_the_start = _blocks_interrupts(os.getppid())

    def interrupted(self) -> bool:
        """Ask now and then; true at the second time in a row that the sign is seen."""
        if self._blocked_from_the_start or not _child_of_make():
            return False
        told, self._told_before = self._told_before, _blocks_interrupts(os.getppid())
        return told and self._told_before


def _blocks_interrupts(pid: int) -> bool:
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigBlk:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)
    return False


def _child_of_make() -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{os.getppid()}/comm").read_text().strip() in ("make", "gmake")
    return False


def _follow_make() -> None:
    """End when the make that started us is killed."""
    if _child_of_make():
        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
