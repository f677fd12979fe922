from __future__ import annotations

import json
import os
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from customers.demo import CUSTOMERS, USERS, branches_seed, customer_seed, samples_write, user_seed
from sigweb.accounts.models import User

# Without letters and digits that look alike.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Command(BaseCommand):
    help = "Fill an empty installation with branches, a log-in of every role and synthetic customers. Idempotent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--passwords-file", type=Path, required=True, help="JSON {log-in: password}, made here")
        parser.add_argument("--samples", type=Path, help="where to write sample signatures; default var/samples")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["passwords_file"])
        passwords = _read(path)
        branches = branches_seed()
        users: dict[str, User] = {}
        existing = set(User.objects.values_list("username", flat=True))
        for wanted in USERS:
            fresh = wanted.username not in existing or wanted.username not in passwords
            if fresh:
                passwords.setdefault(wanted.username, _password())
                _write(path, {u.username: passwords[u.username] for u in USERS if u.username in passwords})
            password = passwords[wanted.username] if fresh else None
            users[wanted.username] = user_seed(wanted=wanted, branches=branches, password=password)
        made = sum(
            customer_seed(
                wanted=wanted,
                branch=branches[wanted.branch],
                enrol_as=users["teller"],
                approve_as=users["supervisor"],
            )
            for wanted in CUSTOMERS
        )
        samples = samples_write(Path(options["samples"] or settings.BASE_DIR / "var" / "samples"))
        self.stdout.write(f"{made} customers made, {len(CUSTOMERS) - made} were there already.")
        self.stdout.write(f"Sample signatures to verify: {samples[0].parent}")


def _password() -> str:
    """Three groups of four, 59 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text())
    except ValueError as error:
        raise CommandError(f"{path} is damaged. Remove it; new passwords are then generated.") from error
    if not isinstance(found, dict):
        raise CommandError(f"{path} is damaged. Remove it; new passwords are then generated.")
    return {str(name): str(password) for name, password in found.items()}


def _write(path: Path, passwords: dict[str, str]) -> None:
    """Readable by nobody else, and whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(passwords, file, indent=2)
    temporary.replace(path)
