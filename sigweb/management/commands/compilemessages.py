from __future__ import annotations

from django.core.management.base import CommandParser
from django.core.management.commands import compilemessages


class Command(compilemessages.Command):
    """Django's, without the catalogues of the packages in .venv."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(ignore_patterns=[".venv", "var"])
