"""Starting child processes so that none is left behind, and ending those that a killed launcher left."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent(sign: int) -> None:
    """Ask Linux to send ``sign`` to this process when the launcher dies, even by kill -9."""
    with contextlib.suppress(AttributeError):  # no prctl outside Linux; the register covers that case
        _LIBC.prctl(PR_SET_PDEATHSIG, sign)


def _prepare(sign: int) -> None:
    """In the child, before its program: signals mean what they say, and the launcher's death ends it."""
    # A shell that starts something in the background has it ignore SIGINT, which children inherit.
    for inherited in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(inherited, signal.SIG_DFL)
    _die_with_parent(sign)


def start_time(pid: int) -> int | None:
    """Return the start of process ``pid`` in clock ticks since boot, None when it has ended.

    Together with the pid it names one process for good: pids come round again, this pair does not.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


@dataclass
class Child:
    """A running child in a process group of its own, so that a Ctrl-C at the terminal reaches the launcher alone."""

    name: str
    process: subprocess.Popen[bytes]
    stop_signal: int = signal.SIGTERM
    grace: float = 8.0

    @property
    def pid(self) -> int:
        """The process id, equal to the id of its group."""
        return self.process.pid

    def ended(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self.process.poll()

    def ask_to_stop(self) -> None:
        """Send the polite signal to the process (not to its group: it looks after its own children)."""
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def wait_or_kill(self, deadline: float) -> None:
        """Wait until ``deadline`` (of time.monotonic), then kill what is left of the group."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        kill_group(self.pid)
        self.process.wait()


def spawn(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stop_signal: int = signal.SIGTERM,
    grace: float = 8.0,
) -> Child:
    """Start ``command`` with its output appended to ``log``. It ends when this process ends, however that happens."""
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: _prepare(stop_signal),
        )
    return Child(name, process, stop_signal, grace)


def kill_group(group: int) -> None:
    """Kill every process of the group, if there is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def stop_all(children: Sequence[Child]) -> None:
    """Stop ``children``, last started first asked, all at once; each has its own grace before it is killed."""
    began = time.monotonic()
    for child in reversed(children):
        child.ask_to_stop()
    for child in reversed(children):
        child.wait_or_kill(began + child.grace)


class Register:
    """A file that names the running children, for the next start after a launcher was killed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, children: Sequence[Child]) -> None:
        """Note pid, start and stop signal of every child; by rename, so that no half-written file is ever read."""
        rows = [
            {"name": c.name, "pid": c.pid, "started": start_time(c.pid), "signal": int(c.stop_signal)} for c in children
        ]
        fresh = self.path.with_suffix(".tmp")
        fresh.write_text(json.dumps(rows), encoding="utf-8")
        fresh.replace(self.path)

    def clear(self) -> None:
        """Forget all children."""
        self.path.unlink(missing_ok=True)

    def left_over(self) -> list[dict[str, int]]:
        """Return pid and stop signal of the noted processes that still run (same pid and same start)."""
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))
            noted = [
                {"pid": int(row["pid"]), "started": int(row["started"] or -1), "signal": int(row["signal"])}
                for row in rows
            ]
        except (OSError, ValueError, TypeError, KeyError):
            return []
        return [row for row in noted if start_time(row["pid"]) == row["started"]]

    def end_left_over(self, grace: float = 8.0) -> int:
        """Stop the processes that a killed launcher left; returns how many there were."""
        rows = self.left_over()
        for row in rows:
            with contextlib.suppress(ProcessLookupError):
                os.kill(row["pid"], row["signal"])
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline and any(start_time(r["pid"]) == r["started"] for r in rows):
            time.sleep(0.05)
        for row in rows:
            if start_time(row["pid"]) == row["started"]:
                kill_group(row["pid"])
        self.clear()
        return len(rows)
