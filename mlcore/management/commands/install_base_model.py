from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mlcore.bundle import ArtefactError
from mlcore.services import PromotionRefused, model_install


class Command(BaseCommand):
    help = "Install the shipped base model; it becomes champion unless another model was promoted. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            version, created = model_install()
        except (ArtefactError, PromotionRefused) as error:
            raise CommandError(str(error)) from error
        news = "installed" if created else "already installed"
        self.stdout.write(f"Base model {version.name}: {news}, {version.get_state_display().lower()}.")
