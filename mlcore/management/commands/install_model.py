from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from mlcore.bundle import ArtefactError
from mlcore.services import model_install


class Command(BaseCommand):
    help = "Put a trained model of MODELS_DIR on record as a candidate; it is promoted in the admin. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the model's folder under MODELS_DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            version, created = model_install(directory=options["name"])
        except ArtefactError as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(f"{options['name']} is not the name of a folder under MODELS_DIR.") from error
        news = "installed" if created else "already installed"
        self.stdout.write(f"Model {version.name}: {news}, {version.get_state_display().lower()}.")
