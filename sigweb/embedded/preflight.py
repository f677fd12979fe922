"""What must be so before anything starts: one plain sentence for each thing that is not.

Uses the standard library alone and runs before the virtual environment exists: `python -m sigweb.embedded.preflight`.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

GIB = 1024**3
MEMORY_NEEDED = 1.5 * GIB  # web, embed and train workers, PostgreSQL and Redis take about 0.9 GiB without training
DISK_NEEDED = 1 * GIB
DISK_NEEDED_TO_INSTALL = 4 * GIB
OLDEST_PYTHON = (3, 11)
HOST = "127.0.0.1"
DEFAULT_PORT = 8000


class Refused(RuntimeError):
    """The machine can not run the demo; the message is one sentence for a person."""


def check_python() -> None:
    """Refuse a Python that is too old or comes without the module that makes virtual environments."""
    if sys.version_info < OLDEST_PYTHON:
        raise Refused(f"SigWeb needs Python 3.11 or newer; this is {platform.python_version()}.")
    if find_spec("ensurepip") is None or find_spec("venv") is None:
        raise Refused("This Python can not make a virtual environment; on Debian install the package python3-venv.")


def check_processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Refuse a processor without AVX, which TensorFlow's wheel needs on x86."""
    if platform.machine().lower() not in ("x86_64", "amd64") or not cpuinfo.exists():
        return
    for line in cpuinfo.read_text(errors="replace").splitlines():
        if line.startswith("flags"):
            if "avx" not in line.split():
                raise Refused("This processor has no AVX instructions, which TensorFlow needs; use a newer machine.")
            return


def memory_available(meminfo: Path = Path("/proc/meminfo"), cgroup: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Return the bytes that new processes may use, by the kernel's and the container's account; None if unknown."""
    found: list[float] = []
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    try:
        limit = (cgroup / "memory.max").read_text().strip()
        if limit != "max":
            found.append(int(limit) - int((cgroup / "memory.current").read_text()))
    except (OSError, ValueError):
        pass
    return min(found) if found else None


def check_memory(available: float | None) -> None:
    """Refuse too little free memory."""
    if available is not None and available < MEMORY_NEEDED:
        raise Refused(
            f"Too little memory: {available / GIB:.1f} GiB are free, the demo needs {MEMORY_NEEDED / GIB:.1f} GiB."
        )


def check_disk(folder: Path, needed: float = DISK_NEEDED) -> None:
    """Refuse too little free space where ``folder`` is or will be."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Refused(
            f"Too little disk space: {free / GIB:.1f} GiB are free in {folder}, {needed / GIB:.0f} GiB are needed."
        )


def port_of(environment: Mapping[str, str]) -> int:
    """Return the port that PORT names, 8000 by default; refuses what is no port."""
    text = environment.get("PORT", "").strip() or str(DEFAULT_PORT)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refused(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def check_port(port: int) -> None:
    """Refuse a port that is in use or not ours to use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise Refused(f"Port {port} may only be used by root; choose another: PORT=8001 make demo.") from None
        except OSError:
            other = port + 1 if port < 65535 else DEFAULT_PORT
            raise Refused(f"Port {port} is in use; choose another: PORT={other} make demo.") from None


def main() -> int:
    """Check what an installation needs; print one sentence and return 1 when something is missing."""
    try:
        check_python()
        check_processor()
        check_disk(Path.cwd(), DISK_NEEDED_TO_INSTALL)
        if "--demo" in sys.argv:
            check_memory(memory_available())
            check_port(port_of(os.environ))
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
