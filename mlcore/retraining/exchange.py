"""Carrying model versions between installations: out as one file, in as a candidate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from mlcore.bundle import ArtefactError, check_bundle, put_in_place, reason_of
from mlcore.exchange import ExchangeRefused, Unpacked, pack, unpacked
from mlcore.models import ModelVersion
from mlcore.retraining.locks import exchange_lock
from mlcore.selectors import BASE, model_directory
from mlcore.services import model_install
from sigweb.audit.services import audit_record

if TYPE_CHECKING:
    from sigweb.accounts.models import User

_DIGITS = 12  # of the digest, in names of files and folders


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to: made is False where the version was here; mended: its files were not whole any more."""

    version: ModelVersion
    made: bool
    mended: bool = False


def export_name(version: ModelVersion) -> str:
    """What an exported version is called."""
    return f"{_slug(version.name)}-{version.digest[:_DIGITS]}.zip"


def model_export(
    *, version: ModelVersion, target: BinaryIO, actor: User | None = None, request: HttpRequest | None = None
) -> None:
    """Write a model version with its card as one file. Raises ArtefactError when its own files are not whole."""
    pack(model_directory(version), target, digest=version.digest)
    audit_record(actor=actor, action="model.exported", obj=version, request=request, details={"digest": version.digest})


def model_import(*, archive: BinaryIO, actor: User | None = None, request: HttpRequest | None = None) -> Imported:
    """Take in an exported version as a candidate. Idempotent by its digest; damaged files of it are mended by it.

    Raises ArtefactError with a sentence when it is not taken in; nothing is changed then.
    """
    models = Path(settings.MODELS_DIR)
    with unpacked(archive, models) as found, transaction.atomic():
        exchange_lock()
        version = ModelVersion.objects.filter(digest=found.digest).first()
        if version is None:
            imported = Imported(_taken_in(found, models, actor), made=True)
        else:
            imported = Imported(version, made=False, mended=_mended(found, version))
        if imported.made or imported.mended:
            audit_record(
                actor=actor,
                action="model.imported" if imported.made else "model.mended",
                obj=imported.version,
                request=request,
                details={"digest": found.digest},
            )
        return imported


def _taken_in(found: Unpacked, models: Path, actor: User | None) -> ModelVersion:
    directory = f"{_slug(found.name)}-{found.digest[:_DIGITS]}"
    _place(found, models / directory)
    return model_install(directory=directory, actor=actor)[0]


def _mended(found: Unpacked, version: ModelVersion) -> bool:
    directory = model_directory(version)
    try:
        check_bundle(directory, digest=version.digest)
    except ArtefactError as error:
        if version.directory == BASE:
            raise ExchangeRefused("The shipped base is damaged; it is mended by installing SigWeb again.") from error
        _place(found, directory)
        return True
    return False


def _place(found: Unpacked, directory: Path) -> None:
    try:
        put_in_place(found.folder, directory)
    except OSError as error:
        raise ExchangeRefused(f"The model could not be stored: {reason_of(error)}.") from error


def _slug(name: str) -> str:
    """As a folder or a file may be called everywhere."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-_")
    return plain[:60] or "model"
