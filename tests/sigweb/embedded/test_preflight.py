"""One plain sentence for each thing that is missing."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from sigweb.embedded import preflight
from sigweb.embedded.preflight import Refused

ROOT = Path(__file__).resolve().parents[3]


def test_this_machine_is_good() -> None:
    preflight.check_python()
    preflight.check_processor()
    preflight.check_disk(ROOT / "not" / "there" / "yet", needed=1)


def test_no_avx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name : old\nflags\t\t: fpu sse sse2 avx512_fake\n")
    with pytest.raises(Refused, match=r"^This processor has no AVX instructions, which TensorFlow needs; .*\.$"):
        preflight.check_processor(cpuinfo)
    cpuinfo.write_text("flags : fpu sse avx avx2\n")
    preflight.check_processor(cpuinfo)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    cpuinfo.write_text("flags : fpu\n")
    preflight.check_processor(cpuinfo)


def test_too_little_memory() -> None:
    with pytest.raises(Refused, match=r"^Too little memory: 0\.5 GiB are free, the demo needs 1\.5 GiB\.$"):
        preflight.check_memory(0.5 * preflight.GIB)
    preflight.check_memory(2 * preflight.GIB)
    preflight.check_memory(None)


def test_memory_is_the_smaller_of_machine_and_container(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:    2048 kB\n")
    assert preflight.memory_available(meminfo, tmp_path) == 2048 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    assert preflight.memory_available(meminfo, tmp_path) == 2048 * 1024
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("400000\n")
    assert preflight.memory_available(meminfo, tmp_path) == 600_000
    assert preflight.memory_available(tmp_path / "none", tmp_path / "none") is None


def test_too_little_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10, 10, preflight.GIB // 4))
    with pytest.raises(Refused, match=r"^Too little disk space: 0\.2 GiB are free in .*, 1 GiB are needed\.$"):
        preflight.check_disk(ROOT)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80.5", "８０"])
def test_port_must_be_a_number(text: str) -> None:
    if text == "８０":  # other digits are decimal too, and Python reads them
        assert preflight.port_of({"PORT": text}) == 80
        return
    with pytest.raises(Refused, match="PORT must be a number from 1 to 65535"):
        preflight.port_of({"PORT": text})


def test_the_port_is_8000_unless_told() -> None:
    assert preflight.port_of({}) == 8000
    assert preflight.port_of({"PORT": ""}) == 8000
    assert preflight.port_of({"PORT": "8123"}) == 8123


def test_a_port_in_use() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Refused, match=rf"^Port {port} is in use; choose another: PORT=\d+ make demo\.$"):
            preflight.check_port(port)
    preflight.check_port(port)


def test_an_old_python_and_one_without_venv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "OLDEST_PYTHON", (99, 0))
    with pytest.raises(Refused, match="needs Python"):
        preflight.check_python()
    monkeypatch.undo()
    monkeypatch.setattr(preflight, "find_spec", lambda name: None)
    with pytest.raises(Refused, match="python3-venv"):
        preflight.check_python()


def test_it_runs_by_itself_with_the_standard_library_alone() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = subprocess.run(
            [sys.executable, "-S", "-m", "sigweb.embedded.preflight", "--demo"],
            cwd=ROOT,
            env={"PORT": str(other.getsockname()[1]), "PATH": ""},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Port ")
