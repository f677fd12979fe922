"""Migrate as the owner role, then install the base model and seed the demo as the application role.

One process, because every start of Django costs a second: `python -m sigweb.embedded.setup [--passwords-file FILE]`.
"""

from __future__ import annotations

import argparse
import os
import sys


def main() -> int:
    """Run the three steps; each may run any number of times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passwords-file", help="seed the demo and keep its generated passwords here")
    arguments = parser.parse_args()
    application_url = os.environ["DATABASE_URL"]
    os.environ["DATABASE_URL"] = os.environ.pop("OWNER_DATABASE_URL")

    import django

    django.setup()
    from django.conf import settings
    from django.core.management import CommandError, call_command
    from django.db import connection

    from sigweb.environment import Reader

    call_command("migrate", interactive=False, verbosity=1)
    connection.close()
    role = Reader({"DATABASE_URL": application_url}, var=settings.BASE_DIR / "var").database("DATABASE_URL")
    connection.settings_dict.update(USER=role["USER"], PASSWORD=role["PASSWORD"])
    try:
        call_command("install_base_model")
        if arguments.passwords_file:
            call_command("seed_demo", passwords_file=arguments.passwords_file)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
