from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mlcore.bundle import ArtefactError
from mlcore.retraining.exchange import model_import


class Command(BaseCommand):
    help = "Take in a model version that export_model has written, as a candidate. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the file that was exported")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            with file.open("rb") as archive:
                imported = model_import(archive=archive)
        except ArtefactError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{file.name} can not be read: {error.strerror}.") from error
        news = "taken in" if imported.made else "its files were mended" if imported.mended else "was here already"
        version = imported.version
        self.stdout.write(f"Model {version.name}: {news}, {version.get_state_display().lower()}.")
