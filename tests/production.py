"""Runs a management command as a production start would see it: `python -m tests.production check --deploy`."""

from __future__ import annotations

import base64
import os
import secrets
import sys

# Any order of random keys is as good: nothing is stored.
PRODUCTION = {
    "ENV_FILE": os.devnull,
    "SECRET_KEY": secrets.token_urlsafe(64),
    "DATA_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
    "DIGEST_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    "DATABASE_URL": "postgres://sigweb_app:x@127.0.0.1:1/sigweb",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "ALLOWED_HOSTS": "signatures.example.com",
    "DJANGO_SETTINGS_MODULE": "sigweb.settings",
}


def main() -> None:
    """Run the command of the command line."""
    for name in ("DEBUG", "HTTPS", "FOUR_EYES", *[f"{name}_FILE" for name in PRODUCTION]):
        os.environ.pop(name, None)
    os.environ.update(PRODUCTION)
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
