"""Runs every benchmark of this folder, each in a process of its own: `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Return 1 when a benchmark failed."""
    failed = False
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        print(f"== {path.stem}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"bench.{path.stem}"], check=False).returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
