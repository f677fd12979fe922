from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mlcore.bundle import ArtefactError, reason_of
from mlcore.models import ModelVersion
from mlcore.retraining.exchange import model_export


class Command(BaseCommand):
    help = "Write a model version with its card as one file, to be taken in elsewhere by import_model."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the model version's name")
        parser.add_argument("file", type=Path, help="the file to write; one that is there is replaced")

    def handle(self, *args: Any, **options: Any) -> None:
        version = ModelVersion.objects.filter(name=options["name"]).first()
        if version is None:
            raise CommandError(f"There is no model version called {options['name']}.")
        file: Path = options["file"]
        part = file.with_name(file.name + ".part")
        try:
            with part.open("wb") as target:
                model_export(version=version, target=target)
            part.replace(file)
        except ArtefactError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{file.name} could not be written: {reason_of(error)}.") from error
        finally:
            part.unlink(missing_ok=True)
        self.stdout.write(f"Model {version.name}: {file.stat().st_size / 1e6:.1f} MB in {file.name}.")
