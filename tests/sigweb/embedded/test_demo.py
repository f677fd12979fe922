"""`make demo`, whole: started, used, stopped, started again, killed."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sigweb.embedded import installation
from sigweb.embedded.places import Places
from sigweb.embedded.processes import Register, start_time
from sigweb.probe import healthy

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Demo:
    """The launcher in a process of its own, on a port of its own, with its data in ``var``."""

    def __init__(self, var: Path, port: int) -> None:
        self.var, self.port = var, port
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sigweb.embedded.demo", "--var", str(var)],
            cwd=ROOT,
            env={**os.environ, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        self.output = ""

    def wait_until_ready(self) -> None:
        """Read the output up to the last line of the announcement."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if "Ctrl-C stops everything" in line:
                return
        raise AssertionError(f"The demo did not start:\n{self.output}")

    def pids(self) -> list[int]:
        """Every process that descends from the launcher."""
        parents: dict[int, int] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return sorted(found - {self.process.pid})

    def get(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path)
        return connection.getresponse()

    def stop(self, sign: signal.Signals) -> int:
        self.process.send_signal(sign)
        rest, _ = self.process.communicate(timeout=60)
        self.output += rest
        return self.process.returncode


def all_ended(pids: list[int], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(start_time(pid) is None for pid in pids):
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "var"


@pytest.fixture
def demo(var: Path, port: int) -> Iterator[Demo]:
    running = Demo(var, port)
    try:
        running.wait_until_ready()
        yield running
    finally:
        if running.process.poll() is None:
            running.stop(signal.SIGTERM)


def test_a_first_start_prints_address_and_log_ins_and_ctrl_c_leaves_nothing(demo: Demo) -> None:
    assert f"SigWeb is ready: http://127.0.0.1:{demo.port}/" in demo.output
    logins = json.loads((demo.var / "demo-logins.json").read_text())
    assert {"teller", "verifier", "supervisor", "modeladmin", "auditor", "admin"} <= set(logins)
    for user, password in logins.items():
        assert re.search(rf"{user}\s+{re.escape(password)}\s", demo.output)
    assert healthy("127.0.0.1", demo.port)
    assert demo.get("/").status == 302
    login = demo.get("/login/")
    assert login.status == 200
    assert "unsafe-inline" not in str(login.headers["Content-Security-Policy"])
    pids = demo.pids()
    assert len(Register(demo.var / "processes.json").left_over()) == 6
    assert len(pids) > 12
    assert demo.stop(signal.SIGINT) == 0
    assert all_ended(pids, 1)
    assert not Register(demo.var / "processes.json").left_over()


def test_a_second_start_reuses_the_data_and_is_ready_soon(var: Path, port: int, demo: Demo) -> None:
    match = re.search(r"\(in ([\d.]+) s\)", demo.output)
    assert match is not None
    assert float(match[1]) < 15
    assert "Setting up" not in demo.output


def test_management_commands_reach_the_demo_by_its_file(demo: Demo) -> None:
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": str(demo.var / "demo.env")}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "--verbosity", "0", "--command"]
    code = "from customers.models import Customer; print('customers:', Customer.objects.count())"
    done = subprocess.run([*command, code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert int(done.stdout.partition("customers:")[2]) > 0, done.stderr
    assert (demo.var / "demo.env").stat().st_mode & 0o077 == 0


def test_a_killed_process_is_started_again(demo: Demo) -> None:
    rows = json.loads((demo.var / "processes.json").read_text())
    embed = next(row["pid"] for row in rows if row["name"] == "embed")
    os.kill(embed, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        rows = json.loads((demo.var / "processes.json").read_text())
        fresh = next(row["pid"] for row in rows if row["name"] == "embed")
        if fresh != embed and start_time(fresh):
            break
        time.sleep(0.1)
    else:
        raise AssertionError("The worker was not started again.")


def test_nothing_outlives_a_killed_launcher_and_the_next_start_works(var: Path, port: int) -> None:
    first = Demo(var, port)
    first.wait_until_ready()
    pids = first.pids()
    first.stop(signal.SIGKILL)
    assert all_ended(pids)
    second = Demo(var, port)
    second.wait_until_ready()
    assert second.stop(signal.SIGTERM) == 0


def test_a_port_in_use_is_one_sentence(var: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        refused = Demo(var, taken)
        output, _ = refused.process.communicate(timeout=30)
    assert refused.process.returncode == 1
    assert output.startswith(f"Port {taken} is in use; choose another: PORT=")
    assert output.count("\n") == 1


def test_the_environment_of_the_shell_does_not_lead_the_demo_astray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Places(tmp_path / "var")
    places.make()
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "SECRET_KEY", "DEBUG_FILE"):
        monkeypatch.setenv(name, "from the shell")
    monkeypatch.setenv("FOUR_EYES", "false")
    values = installation.variables(places)
    found = installation.process_environment(values)
    assert found["DATABASE_URL"] == values["DATABASE_URL"]
    assert "SECRET_KEY" not in found
    assert "DATABASE_URL_FILE" not in found
    assert "DEBUG_FILE" not in found
    assert found["FOUR_EYES"] == "false"


def test_set_up_runs_again_when_something_it_depends_on_has_changed(tmp_path: Path) -> None:
    (tmp_path / "customers" / "migrations").mkdir(parents=True)
    before = installation.setup_fingerprint(tmp_path)
    (tmp_path / "customers" / "migrations" / "0002_more.py").write_text("x = 1")
    after = installation.setup_fingerprint(tmp_path)
    assert before != after
    stamp = tmp_path / "stamp"
    assert not installation.stamp_matches(stamp, after)
    stamp.write_text(after)
    assert installation.stamp_matches(stamp, after)
    assert not installation.stamp_matches(stamp, before)
