"""Where a command writes a model."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from mlcore.bundle import MANIFEST


def model_folder(output: Path | None, name: str, *, replace: bool) -> Path:
    """The folder that was asked for, or the one of this name in MODELS_DIR. Raises CommandError where a model is there.

    An installed version is known by its digest; to write over its files would stop every verification.
    """
    folder = output or Path(settings.MODELS_DIR) / name
    if (folder / MANIFEST).exists() and not replace:
        raise CommandError(f"There is a model in {folder} already. Choose another --name, or give --replace.")
    return folder
