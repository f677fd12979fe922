"""Finds Chromium for the browser tests, or tries to install it; prints its path, or nothing.

`python -m tests.chromium` may install. `find` never does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str:
    """Return the path of a Chromium on this machine, "" when there is none."""
    named = os.environ.get("CHROMIUM", "")
    if named and Path(named).exists():
        return named
    for name in NAMES:
        if path := shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/bin:/usr/local/bin:/snap/bin"):
            return path
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    for found in sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True):
        return str(found)
    return ""


def install() -> None:
    """Try Debian's package as root, then Playwright's own build."""
    attempts: list[list[str]] = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.getuid() == 0 and shutil.which("apt-get"):
        attempts.insert(0, ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"])
        attempts.insert(0, ["apt-get", "update", "--quiet=2"])
    for command in attempts:
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=600)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if find():
            return


def main() -> None:
    """Print the path; install first when there is none."""
    if not find():
        print("No Chromium here; trying to install it for the browser tests.", file=sys.stderr)
        install()
    print(find())


if __name__ == "__main__":
    main()
