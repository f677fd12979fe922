"""`make secrets`: writes the secrets of docker-compose.yml into a folder, once.

Uses the standard library alone: a server that runs containers needs no virtual environment.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from pathlib import Path

from sigweb.embedded.installation import random_key
from sigweb.embedded.postgres import APPLICATION, DATABASE, OWNER

DATABASE_HOST = "postgres"  # the service's name in docker-compose.yml


def secrets_write(folder: Path) -> list[str]:
    """Write the secrets that are missing in ``folder``, never change one that is there; returns the new names.

    The folder is closed to others. The files in it are readable, since the containers' users read them through
    mounts of single files.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new: list[str] = []

    def store(name: str, value: str) -> str:
        path = folder / name
        if not path.exists():
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w", encoding="ascii") as file:
                file.write(value)
            path.chmod(0o444)  # whatever the umask
            new.append(name)
        return path.read_text(encoding="ascii").strip()

    store("secret_key", secrets.token_urlsafe(64))
    store("data_keys", random_key())
    store("digest_key", random_key())
    store("postgres_password", secrets.token_hex(24))
    application = store("application_password", secrets.token_hex(24))
    owner = store("owner_password", secrets.token_hex(24))
    store("database_url", f"postgres://{APPLICATION}:{application}@{DATABASE_HOST}/{DATABASE}")
    store("owner_database_url", f"postgres://{OWNER}:{owner}@{DATABASE_HOST}/{DATABASE}")
    return new


def main() -> int:
    """Write them and say so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    new = secrets_write(folder)
    print(f"{len(new)} secrets written to {folder}/." if new else f"All secrets are in {folder}/ already.")
    print("Keep a copy of data_keys and digest_key in a safe place: without them no stored image can be read.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
