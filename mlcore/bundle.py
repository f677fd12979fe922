"""A model version on disk: network, scorer, cohort and card in one folder, checked before use.

`model.json` names every other file with its SHA-256 and carries the fitted scorer and the measured figures; its own
SHA-256 is the digest of the version. Files are written to a temporary folder that is renamed when it is whole.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.imaging.types import CANVAS_VERSION, Signature
from mlcore.runtime import ArtefactError, Features, Network, file_digest
from mlcore.scoring import Judgement, Rules, Scorer
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.expectation import Expectation

__all__ = ["BASE_DIRECTORY", "ArtefactError", "Bundle", "check_bundle", "load_bundle", "write_bundle"]

FORMAT = 5  # 3: learnt expectation; 4: figures of a set held between bounds; 5: the contour hinge among the figures
MANIFEST = "model.json"
BASE_DIRECTORY = Path(__file__).parent / "artefacts" / "base"
_NETWORK, _KERAS, _COHORT = "network.onnx", "network.keras", "cohort.npy"
FILES = (MANIFEST, _KERAS, _NETWORK, _COHORT)
# NumPy parses the head of an array file as Python, which two threads can not do at once before Python 3.11.8.
_ONE_AT_A_TIME = threading.Lock()
_WRITTEN = ("format", "canvas", "name", "files", "expectation", "scorer")  # into every manifest; all else are facts


@dataclass(frozen=True, slots=True)
class Bundle:
    """A loaded model version. manifest: the content of model.json. digest: its SHA-256."""

    directory: Path
    digest: str
    manifest: dict[str, Any]
    network: Network
    scorer: Scorer

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest tells besides: the `facts` that write_bundle was given."""
        return {key: value for key, value in self.manifest.items() if key not in _WRITTEN}

    @property
    def carried_over(self) -> bool:
        """Whether the calibration was counted with an earlier network and carried over to this one (ADR 023)."""
        return "equated" in self.manifest

    @property
    def keras_file(self) -> Path:
        return self.directory / _KERAS

    @property
    def onnx_file(self) -> Path:
        return self.directory / _NETWORK

    def embed(self, canvases: npt.NDArray[np.uint8]) -> list[Features]:
        """Features of canvases, uint8 (N, 96, 192), exactly as they come back from the database."""
        return self.network.embed_stored(canvases)

    def embed_one(self, canvas: npt.NDArray[np.uint8]) -> Features:
        """Features of a single canvas, uint8 (96, 192)."""
        return self.embed(canvas[None])[0]

    def judge(
        self,
        questioned: Signature,
        features: Features,
        specimens: Sequence[Features],
        *,
        rules: Rules | None = None,
    ) -> Judgement:
        """Compare the questioned signature with 1 to 7 specimens and decide.

        features: embed() of questioned.canvas. Raises ValueError for a refused image, for no specimens and for more
        than 7; the caller says so before it asks.
        """
        if questioned.quality.refused:
            raise ValueError("A refused image is not judged.")
        comparison = self.scorer.compare(features, specimens)
        remarks = [remark.code for remark in questioned.quality.remarks]
        return self.scorer.decide(comparison, remarks=remarks, rules=rules)


def load_bundle(directory: Path, *, digest: str | None = None) -> Bundle:
    """Load a model version after checking format and digests.

    digest: what model.json itself must hash to, where the caller has it on record. Raises ArtefactError with a plain
    sentence when something is missing, damaged or of a newer format.
    """
    manifest, found = _manifest_on_record(directory, digest)
    try:
        network = Network.load(directory / _NETWORK, manifest["files"][_NETWORK])
        scorer = Scorer.from_dict(manifest["scorer"], _read_cohort(directory, manifest))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtefactError(f"The model {directory.name} is damaged: {MANIFEST} lacks what it needs.") from error
    return Bundle(directory, found, manifest, network, scorer)


def check_bundle(directory: Path, *, digest: str | None = None) -> dict[str, Any]:
    """Check format and digests of every file, the Keras file too, which what serves does not need; the manifest.

    Nothing is opened but model.json. Raises ArtefactError as load_bundle does.
    """
    manifest, _ = _manifest_on_record(directory, digest)
    for name in FILES[1:]:
        try:
            recorded = manifest["files"][name]
        except (KeyError, TypeError) as error:
            raise ArtefactError(f"The model {directory.name} is damaged: {MANIFEST} lacks what it needs.") from error
        if file_digest(directory / name) != recorded:
            raise ArtefactError(f"The model {directory.name} is damaged: {name} has changed.")
    return manifest


def _manifest_on_record(directory: Path, digest: str | None) -> tuple[dict[str, Any], str]:
    """The manifest and its own digest."""
    path = directory / MANIFEST
    if not path.is_file():
        before = directory.with_name(directory.name + ".old")
        more = f" What was there before lies in {before.name}." if (before / MANIFEST).is_file() else ""
        raise ArtefactError(f"There is no model in {directory.name}: {MANIFEST} is missing.{more}")
    found = file_digest(path)
    if digest is not None and found != digest:
        raise ArtefactError(f"The model {directory.name} is not the one on record: {MANIFEST} has changed.")
    return _read_manifest(path), found


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        written = int(manifest["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"The model {path.parent.name} is damaged: {MANIFEST} can not be read.") from error
    if written > FORMAT:
        raise ArtefactError(
            f"The model {path.parent.name} has format {written}; this program reads up to {FORMAT}. Please update it."
        )
    if manifest.get("canvas", 1) != CANVAS_VERSION:
        raise ArtefactError(
            f"The model {path.parent.name} was trained on pictures prepared in another way than this program prepares "
            "them. Install a newer model, or retrain it."
        )
    return manifest


def _read_cohort(directory: Path, manifest: Mapping[str, Any]) -> Cohort:
    path = directory / _COHORT
    if file_digest(path) != manifest["files"][_COHORT]:
        raise ArtefactError(f"The model {directory.name} is damaged: {_COHORT} has changed.")
    with _ONE_AT_A_TIME:
        vectors = np.asarray(np.load(path, allow_pickle=False), dtype=np.float32)
    learnt = manifest.get("expectation")
    return Cohort(vectors, expectation=Expectation.from_dict(learnt) if learnt else None)


def write_bundle(
    directory: Path, *, name: str, keras_file: Path, onnx_file: Path, scorer: Scorer, facts: Mapping[str, Any]
) -> Path:
    """Write a model version into `directory` (replaced as a whole) and return it.

    facts: what else the manifest tells (data, protocol, figures, parent). Raises ArtefactError when a file can not be
    read or written, on a full disk for one; what was in `directory` before is whole then, and nothing half is left.
    """
    part = directory.with_name(directory.name + ".part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _write_files(part, name, keras_file, onnx_file, scorer, facts)
        put_in_place(part, directory)
    except OSError as error:
        raise ArtefactError(f"The model {directory.name} could not be written: {reason_of(error)}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return directory


def _write_files(
    part: Path, name: str, keras_file: Path, onnx_file: Path, scorer: Scorer, facts: Mapping[str, Any]
) -> None:
    shutil.copyfile(keras_file, part / _KERAS)
    shutil.copyfile(onnx_file, part / _NETWORK)
    cohort = io.BytesIO()  # numpy itself does not tell a full disk by its number
    np.save(cohort, scorer.cohort.vectors.astype(np.float32))
    (part / _COHORT).write_bytes(cohort.getvalue())
    manifest = {
        "format": FORMAT,
        "canvas": CANVAS_VERSION,
        "name": name,
        "files": {file: file_digest(part / file) for file in FILES[1:]},
        **facts,
        "expectation": expectation.as_dict() if (expectation := scorer.cohort.expectation) else None,
        "scorer": scorer.as_dict(),
    }
    (part / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=False) + "\n", encoding="utf-8")


def put_in_place(part: Path, directory: Path) -> None:
    """Rename a whole folder to its place, once its files are on the disk. Raises OSError.

    What was there goes aside first, two renames apart: a kill between them leaves both folders whole, the earlier one
    as NAME.old.
    """
    for path in (*sorted(part.iterdir()), part):
        _flush(path)
    before = directory.with_name(directory.name + ".old")
    if directory.exists():
        shutil.rmtree(before, ignore_errors=True)
        directory.rename(before)
    part.rename(directory)
    _flush(directory.parent)
    shutil.rmtree(before, ignore_errors=True)


def reason_of(error: OSError) -> str:
    """Why a file could not be written, without its path."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    return error.strerror or type(error).__name__


def _flush(path: Path) -> None:
    """After a power cut a renamed file must not turn out empty."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
