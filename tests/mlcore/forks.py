"""Real processes that end one after the other, each a fork of one that has imported everything already."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
# A line a turn, its words the arguments; answered by how the process ended that was forked for it.
PROGRAM = """
import os, sys, traceback
os.environ["DJANGO_SETTINGS_MODULE"] = "sigweb.settings"
import django
django.setup()
{begin}
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            turn(*line.split())
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Forks:
    """begin: the text of a program that imports what it needs, and defines `turn` of some words."""

    def __init__(self, begin: str, environment: dict[str, str]) -> None:
        self._first = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.replace("{begin}", begin)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._first.communicate(timeout=30)

    def run(self, *arguments: object) -> int:
        """One process from its beginning to its end; returns its exit code."""
        assert self._first.stdin is not None
        assert self._first.stdout is not None
        self._first.stdin.write(" ".join(map(str, arguments)) + "\n")
        self._first.stdin.flush()
        return int(self._first.stdout.readline())
