"""Where a command writes a model, and what it says when it can not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from mlcore.bundle import MANIFEST
from mlcore.embedding.sources import DataError
from mlcore.scoring.logistic import FitError


def model_folder(output: Path | None, name: str, *, replace: bool) -> Path:
    """The folder that was asked for, or the one of this name in MODELS_DIR. Raises CommandError where a model is there.

    An installed version is known by its digest; to write over its files would stop every verification.
    """
    folder = output or Path(settings.MODELS_DIR) / name
    if (folder / MANIFEST).exists() and not replace:
        raise CommandError(f"There is a model in {folder} already. Choose another --name, or give --replace.")
    return folder


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """What ends a training, as the sentence that the command ends with."""
    try:
        yield
    except (DataError, FitError, RuntimeError, ValueError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename or 'A file'} can not be used: {error.strerror}.") from error
