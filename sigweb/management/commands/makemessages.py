from __future__ import annotations

from django.core.management.base import CommandParser
from django.core.management.commands import makemessages

# What is nobody's to read, or says nothing to people.
IGNORED = ["var", "static", "tests", "bench", "docs"]


class Command(makemessages.Command):
    """Django's, with the settings of this project: its kinds of files, and catalogues that differ in sentences only."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(
            extensions=["html", "py", "svg"], ignore_patterns=IGNORED, no_wrap=True, add_location="file"
        )
