"""A model version as one file: a zip of its four files and its card, to carry it to another installation.

The bytes are the same for the same version, so that two exports can be compared. An archive is foreign until every
check is through: its names, sizes and digests before anything is opened, the network in a process of its own. The
Keras file is never opened here at all: opening one can run what it holds.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mlcore.bundle import FILES, MANIFEST, ArtefactError, check_bundle, load_bundle, reason_of
from mlcore.model_card import card
from mlcore.runtime import file_digest
from mlcore.scoring.scorer import MAX_REFERENCES, Scorer

MEGABYTE = 1024 * 1024
MOST_BYTES = 40 * MEGABYTE
CARD = "card.md"
# What each file may have when it is unpacked; the shipped base has 0.3, 4.2, 3.9 and 0.1 MB.
SIZES = {
    MANIFEST: 4 * MEGABYTE,
    "network.keras": 24 * MEGABYTE,
    "network.onnx": 24 * MEGABYTE,
    "cohort.npy": 4 * MEGABYTE,
    CARD: MEGABYTE,
}
LONGEST_NAME = 80
_RATES = ("skilled_eer", "random_eer", "frr_at_far_1")
PART = ".import-"  # folders of imports under way; no model version can be called so
_CHILD = Path(__file__).with_name("exchange_child.py")
_SECONDS = 30
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest day of a zip
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


class ExchangeRefused(ArtefactError):
    """The file is not a model version that can be taken in here; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A model version whose files lie in `folder`, whole and checked. digest: SHA-256 of its model.json."""

    folder: Path
    digest: str
    manifest: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.manifest["name"])


def pack(directory: Path, target: BinaryIO, *, digest: str | None = None) -> None:
    """Write a model version as one file. Raises ArtefactError when its own files are not whole, OSError of `target`.

    Stored, not deflated: weights do not shrink, and the bytes depend on no version of zlib.
    """
    manifest = check_bundle(directory, digest=digest)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in FILES:
            _add(archive, name, (directory / name).read_bytes())
        _add(archive, CARD, card(manifest, file_digest(directory / MANIFEST)).encode())


@contextmanager
def unpacked(archive: BinaryIO, into: Path) -> Iterator[Unpacked]:
    """Unpack and check an archive in a temporary folder of `into`, which is gone afterwards unless it was renamed.

    Raises ExchangeRefused or ArtefactError with a sentence that says what is wrong.
    """
    try:
        into.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=PART, dir=into))
        folder.chmod(0o755)  # once renamed, workers read it
    except OSError as error:
        raise ExchangeRefused(f"The model could not be stored: {reason_of(error)}.") from error
    try:
        _extract(archive, folder)
        yield _checked(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3  # Unix, wherever it is made
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)


def _extract(archive: BinaryIO, folder: Path) -> None:
    size = archive.seek(0, 2)
    archive.seek(0)
    if size > MOST_BYTES:
        raise ExchangeRefused(f"The file is larger than {MOST_BYTES // MEGABYTE} MB; no model version is.")
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _entries(opened)
            for name in FILES:  # the card is for people; a new one is made of the figures
                _extract_one(opened, entries[name], folder / name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        if isinstance(error, ArtefactError):
            raise
        raise ExchangeRefused("The file is damaged or cut short; export the model version again.") from error
    except OSError as error:
        raise ExchangeRefused(f"The model could not be stored: {reason_of(error)}.") from error


def _entries(opened: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The archive's entries by name: the known ones, each once, none larger than it may be."""
    entries = {entry.filename: entry for entry in opened.infolist()}
    if len(entries) != len(opened.infolist()) or not set(FILES) <= set(entries) <= set(SIZES):
        raise ExchangeRefused("The file is not an exported model version: it holds other files than such a one.")
    for name, entry in entries.items():
        if entry.file_size > SIZES[name]:
            raise ExchangeRefused(f"The file is not an exported model version: {name} is too large in it.")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise ExchangeRefused(f"The file is not an exported model version: {name} is packed in another way.")
    return entries


def _extract_one(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """Under our own name, and no more bytes than may be, whatever the entry claims."""
    most = SIZES[target.name]
    with opened.open(entry) as source, target.open("xb") as sink:
        while chunk := source.read(MEGABYTE):
            most -= len(chunk)
            if most < 0:
                raise ExchangeRefused(f"The file is not an exported model version: {target.name} is too large in it.")
            sink.write(chunk)


def _checked(folder: Path) -> Unpacked:
    try:
        manifest = check_bundle(folder)
        _check_manifest(manifest, folder / MANIFEST)
        _try_network(folder / "network.onnx")
        bundle = load_bundle(folder)
        _check_scorer(bundle.scorer)
    except ArtefactError as error:
        # The temporary folder's name says nothing to anybody.
        raise ExchangeRefused(str(error).replace(folder.name, "in this file")) from error
    except (RecursionError, OverflowError) as error:
        raise ExchangeRefused(f"The model in this file is damaged: {MANIFEST} can not be read.") from error
    return Unpacked(folder, bundle.digest, manifest)


def _check_manifest(manifest: Mapping[str, Any], path: Path) -> None:
    """What of the manifest is kept in the database and shown must be storable, and of the shape that pages expect."""
    name = manifest.get("name")
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise ExchangeRefused(f"The model in this file has no usable name of at most {LONGEST_NAME} characters.")
    figures = manifest.get("figures") or {}
    try:
        json.dumps([figures, manifest.get("data")], allow_nan=False)
        sound = "\\u0000" not in path.read_text(encoding="utf-8") and _figures_sound(figures)
    except ValueError:
        sound = False
    if not sound:
        raise ExchangeRefused(f"The model in this file is damaged: the figures in {MANIFEST} can not be read.")


def _figures_sound(figures: Any) -> bool:
    """Whether each report has its error rates where they are looked for, or none at all."""
    if not isinstance(figures, Mapping):
        return False
    for report in (figures, figures.get("test") or {}, figures.get("validation") or {}):
        pooled = (report.get("all") or {}) if isinstance(report, Mapping) else None
        references = (pooled.get("references") or {}) if isinstance(pooled, Mapping) else None
        if not isinstance(references, Mapping) or not all(
            count.isdecimal() and isinstance(found, Mapping) and _rates_sound(found)
            for count, found in references.items()
        ):
            return False
    return True


def _rates_sound(found: Mapping[str, Any]) -> bool:
    ends = found.get("skilled_eer_ci") or (0, 0)
    return (
        isinstance(ends, list | tuple)
        and len(ends) == 2
        and all(isinstance(found.get(name, 0), int | float | None) for name in _RATES)
        and all(isinstance(end, int | float) for end in ends)
    )


def _check_scorer(scorer: Scorer) -> None:
    """It must decide for every number of specimens that a customer may have."""
    counts = set(range(1, MAX_REFERENCES + 1))
    thresholds = [(part.t_match, part.t_no_match) for part in scorer.calibrations.values()]
    sound = all(math.isfinite(match) and math.isfinite(beyond) and match <= beyond for match, beyond in thresholds)
    if not sound or not counts <= set(scorer.calibrations) & set(scorer.heads):
        raise ExchangeRefused(f"The model in this file is damaged: {MANIFEST} holds no usable thresholds.")


def _try_network(path: Path) -> None:
    """Open and run the network in a process of its own, which may crash, loop or eat memory without harm."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_CHILD), str(path)], capture_output=True, timeout=_SECONDS, env={}, check=False
        )
    except subprocess.TimeoutExpired:
        raise ExchangeRefused("The network of this model takes too long to open.") from None
    if done.returncode:
        raise ExchangeRefused("The network of this model can not be run here.")
