"""Migrate as the owner role, then install the base model and seed the demo as the application role.

One process, because every start of Django costs a second: `python -m sigweb.setup [--passwords-file FILE]`. The owner's
OWNER_DATABASE_URL is given to this process alone; DATABASE_URL is the application role's, as everywhere.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from sigweb.environment import Reader, variables


def main() -> int:
    """Run the steps; each may run any number of times. Returns 1 after one sentence when a step refuses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passwords-file", help="seed the demo and keep its generated passwords here")
    arguments = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    read = Reader(variables(root), var=root / "var")
    owner, application = read.text("OWNER_DATABASE_URL"), read.database("DATABASE_URL")
    if not owner or not application:
        print("Set-up needs OWNER_DATABASE_URL and DATABASE_URL (or their _FILE variants).", file=sys.stderr)
        return 1
    os.environ.pop("DATABASE_URL_FILE", None)
    os.environ["DATABASE_URL"] = owner
    os.environ.setdefault("DATABASE_APP_ROLE", str(application["USER"]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sigweb.settings")

    import django

    django.setup()
    from django.core.management import CommandError, call_command
    from django.db import connection

    try:
        call_command("migrate", interactive=False, verbosity=1)
        connection.close()
        connection.settings_dict.update(USER=application["USER"], PASSWORD=application["PASSWORD"])
        call_command("install_base_model")
        if arguments.passwords_file:
            samples = Path(arguments.passwords_file).parent / "samples"
            call_command("seed_demo", passwords_file=arguments.passwords_file, samples=samples)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
