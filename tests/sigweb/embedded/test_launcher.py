"""Starting, watching and stopping processes; nothing is left behind, however the launcher ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sigweb.embedded.launcher import RESTARTS_ALLOWED, Crashed, Launcher
from sigweb.embedded.processes import Child, Register, spawn, start_time, stop_all
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('on', flush=True); time.sleep(600)",
]
# A worker with a child of its own, whose pid it tells.
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys, time; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); time.sleep(600)",
]


def ended(pid: int) -> bool:
    return start_time(pid) is None


def sleeper(tmp_path: Path, name: str = "sleeper", command: list[str] = SLEEPER, grace: float = 5) -> Child:
    return spawn(name, command, log=tmp_path / f"{name}.log", grace=grace)


def test_stop_all_asks_politely(tmp_path: Path) -> None:
    children = [sleeper(tmp_path, f"s{n}") for n in range(3)]
    began = time.monotonic()
    stop_all(children)
    assert time.monotonic() - began < 3
    assert all(ended(c.pid) for c in children)
    stop_all(children)  # may be called again


def test_what_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    child = sleeper(tmp_path, "stubborn", STUBBORN, grace=0.3)
    wait_for(lambda: "on" in (tmp_path / "stubborn.log").read_text())
    stop_all([child])
    assert ended(child.pid)


def test_a_child_hears_interrupts_where_the_launcher_was_started_to_ignore_them(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in the background of a shell
    try:
        child = sleeper(tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    child.process.send_signal(signal.SIGINT)
    assert child.process.wait(10) != 0


def test_the_children_of_a_child_end_with_it(tmp_path: Path) -> None:
    child = sleeper(tmp_path, "parent", PARENT)
    log = tmp_path / "parent.log"
    wait_for(lambda: log.read_text().strip() != "")
    grandchild = int(log.read_text())
    assert not ended(grandchild)
    stop_all([child])
    wait_for(lambda: ended(grandchild))


def test_a_process_is_known_by_pid_and_start() -> None:
    mine = start_time(os.getpid())
    assert mine is not None
    assert mine > 0
    assert start_time(2**22 + 1) is None


def test_the_register_finds_and_ends_what_a_killed_launcher_left(tmp_path: Path) -> None:
    register = Register(tmp_path / "processes.json")
    child = sleeper(tmp_path)
    register.write([child])
    fresh = Register(tmp_path / "processes.json")
    assert [row["pid"] for row in fresh.left_over()] == [child.pid]
    assert fresh.end_left_over() == 1
    assert ended(child.pid)
    assert not (tmp_path / "processes.json").exists()
    assert fresh.end_left_over() == 0
    child.process.wait()


def test_the_register_spares_a_stranger_with_the_same_pid(tmp_path: Path) -> None:
    stranger = sleeper(tmp_path)
    row = {"name": "x", "pid": stranger.pid, "started": 1, "signal": 15}
    (tmp_path / "processes.json").write_text(json.dumps([row]))
    assert Register(tmp_path / "processes.json").end_left_over() == 0
    assert not ended(stranger.pid)
    stop_all([stranger])


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"pid": "x"}]', "null"])
def test_a_damaged_register_is_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "processes.json").write_text(text)
    assert Register(tmp_path / "processes.json").end_left_over() == 0


def test_what_ends_by_itself_is_started_again(tmp_path: Path) -> None:
    launcher = Launcher(Register(tmp_path / "processes.json"))
    first = launcher.add("sleeper", lambda: sleeper(tmp_path))
    assert launcher.look_after() == []
    first.process.kill()
    first.process.wait()
    assert launcher.look_after() == ["sleeper"]
    second = launcher.children["sleeper"]
    assert second.pid != first.pid
    assert Register(tmp_path / "processes.json").left_over()[0]["pid"] == second.pid
    launcher.stop()
    assert ended(second.pid)


def test_what_keeps_ending_is_given_up(tmp_path: Path) -> None:
    launcher = Launcher(Register(tmp_path / "processes.json"))
    launcher.add("broken", lambda: sleeper(tmp_path, "broken", [sys.executable, "-c", "raise SystemExit(3)"]))
    for _ in range(RESTARTS_ALLOWED):
        launcher.children["broken"].process.wait()
        launcher.look_after()
    launcher.children["broken"].process.wait()
    with pytest.raises(Crashed, match="The process broken keeps ending"):
        launcher.look_after()
    launcher.stop()


SERVERS = [sys.executable, "-m", "sigweb.embedded.demo", "--servers-only", "--var"]


class Running:
    """`make servers` (the launcher with the two servers) in a process of its own."""

    def __init__(self, var: Path, command: list[str] | None = None) -> None:
        self.var = var
        self.process = subprocess.Popen(
            command or [*SERVERS, str(var)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            # The tests may run in the background of a shell, where SIGINT is ignored; make would not hear it then.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def pids(self) -> list[int]:
        """The pids of the servers, once both run."""

        register = Register(self.var / "processes.json")
        wait_for(lambda: len(register.left_over()) == 2, 30)
        return [row["pid"] for row in register.left_over()]

    def finish(self) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(tmp_path: Path, sign: signal.Signals) -> None:
    running = Running(tmp_path / "var")
    pids = running.pids()
    running.process.send_signal(sign)
    time.sleep(0.05)
    running.process.send_signal(sign)  # an impatient second one does not cut the stop short
    code, output = running.finish()
    assert code == 0, output
    assert all(map(ended, pids))
    assert not (tmp_path / "var" / "processes.json").exists()


LATE_SIGNAL = """
import os, sys, time
from sigweb.embedded.launcher import Stop, stop_signals
number = int(sys.argv[1])
try:
    with stop_signals():
        os.kill(os.getpid(), number)
        time.sleep(10)
except Stop:
    os.kill(os.getpid(), number)
    print("ended as asked")
"""


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_on_the_way_out_does_not_make_a_death_of_it(sign: signal.Signals) -> None:
    command = [sys.executable, "-c", LATE_SIGNAL, str(int(sign))]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, ran.stdout) == (0, "ended as asked\n"), ran.stderr


@pytest.mark.slow
def test_nothing_outlives_a_launcher_that_was_killed_and_the_next_start_works(tmp_path: Path) -> None:
    running = Running(tmp_path / "var")
    pids = running.pids()
    running.process.kill()
    running.finish()
    wait_for(lambda: all(map(ended, pids)), 15)
    again = Running(tmp_path / "var")
    fresh = again.pids()
    assert not set(fresh) & set(pids)
    again.process.send_signal(signal.SIGINT)
    assert again.finish()[0] == 0


@pytest.mark.slow
def test_a_second_launcher_on_the_same_data_is_refused_with_a_sentence(tmp_path: Path) -> None:
    running = Running(tmp_path / "var")
    pids = running.pids()
    code, output = Running(tmp_path / "var").finish()
    assert code == 1
    assert output.strip() == f"The demo runs already, as process {running.process.pid}."
    assert not any(map(ended, pids))
    running.process.send_signal(signal.SIGTERM)
    assert running.finish()[0] == 0


@pytest.mark.slow
def test_a_signal_sent_to_make_alone_reaches_the_servers(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(f"servers:\n\t@exec {' '.join(SERVERS)} {tmp_path}/var\n")
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        running = Running(tmp_path / "var", ["make", "-f", str(tmp_path / "Makefile"), "servers"])
        pids = running.pids()
        running.process.send_signal(sign)
        running.finish()
        wait_for(lambda pids=pids: all(map(ended, pids)), 15)  # type: ignore[misc]
