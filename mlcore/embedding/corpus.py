"""The corpus of a base network: scans, rendered pen recordings and synthetic signers, each with its share."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mlcore.embedding.sources import (
    DataError,
    Progress,
    SignatureSet,
    join,
    load_images,
    load_recordings,
    read_manifest,
    recording_files,
)
from mlcore.embedding.synthetic import DATASET, Crowd, load_synthetic
from mlcore.imaging.types import CANVAS_VERSION

# Thin-pen Latin scripts are the weak side and few, so they are drawn more often; recordings and synthetic signers
# fill up. A data set that is not named here, such as a bank's own, has the share 1.
_SHARES = {"cedar": 1.5, "sigcomp2011_dutch": 1.5, "svc2004": 0.6, "susig_visual": 0.9, "susig_blind": 0.8}
_SYNTHETIC = 0.27  # of all others together: a fifth of what is drawn, whatever is trained on besides
_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)

# Raised whenever rendering changes what a signature looks like, so that old caches are made anew.
RENDERING_VERSION = 2


@dataclass(frozen=True, slots=True)
class CorpusPlan:
    """What to train on. images: folder with manifest.csv; recordings: folder with *.npz; signers: synthetic ones.

    variants: renderings of each pen recording. without: data sets of manifest and recordings to leave out, so that
    they stay unseen.
    """

    images: Path | None = None
    recordings: Path | None = None
    signers: int = 0
    variants: int = 2
    seed: int = 1
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Source:
    """One source: its name, what decides its content, and how it is made."""

    name: str
    facts: object
    load: Callable[[Progress | None], SignatureSet]

    @property
    def key(self) -> str:
        facts = json.dumps([CANVAS_VERSION, RENDERING_VERSION, self.name, self.facts])
        return hashlib.sha256(facts.encode()).hexdigest()[:16]


def load_corpus(plan: CorpusPlan, *, cache: Path | None = None, progress: Progress | None = None) -> SignatureSet:
    """Everything to train on.

    cache: a folder that keeps the prepared canvases of each source, so that a resumed run starts at once.
    Raises DataError when the manifest is missing, or nothing is named or can be used.
    """
    sources = _sources(plan)
    if not sources:
        raise DataError("There is nothing to train on: name images, pen recordings or a number of synthetic signers.")
    return join(_load(source, cache, progress) for source in sources)


def load_crowd(crowd: Crowd, *, cache: Path | None = None, progress: Progress | None = None) -> SignatureSet:
    """Synthetic signers alone; see load_corpus for the cache."""
    return _load(_crowd(crowd), cache, progress)


def shares(datasets: Iterable[str]) -> dict[str, float]:
    """How often each data set of a corpus is drawn, relative to the others."""
    found = {name: _SHARES.get(name, 1.0) for name in datasets if name != DATASET}
    return {**found, DATASET: _SYNTHETIC * sum(found.values()) or 1.0}


def corpus_key(plan: CorpusPlan) -> str:
    """Names the corpus that load_corpus makes of this plan; another manifest, number or seed gives another name."""
    return hashlib.sha256("".join(source.key for source in _sources(plan)).encode()).hexdigest()[:16]


def _sources(plan: CorpusPlan) -> list[_Source]:
    found = []
    if plan.images is not None:
        found.append(_images(plan.images, plan.without))
    if plan.recordings is not None:
        found.append(_recordings(plan.recordings, plan))
    if plan.signers:
        found.append(_crowd(Crowd(plan.signers, seed=plan.seed)))
    return found


def _crowd(crowd: Crowd) -> _Source:
    return _Source("synthetic", asdict(crowd), lambda progress: load_synthetic(crowd, progress))


def _images(folder: Path, without: tuple[str, ...]) -> _Source:
    listed = read_manifest(folder, split="train")
    rows = [row for row in listed if row.dataset not in without]
    if not rows:
        raise DataError("Every data set of manifest.csv is left out; nothing remains to train on.")
    digest = hashlib.sha256((folder / "manifest.csv").read_bytes()).hexdigest()
    missing = sorted({row.dataset for row in listed}.intersection(without))
    return _Source("images", [digest, missing], lambda progress: load_images(rows, progress))


def _recordings(folder: Path, plan: CorpusPlan) -> _Source:
    files = [(file.name, file.stat().st_size) for file in recording_files(folder, plan.without)]

    def load(progress: Progress | None) -> SignatureSet:
        return join(
            load_recordings(folder, variants=plan.variants, seed=plan.seed, without=plan.without, progress=progress)
        )

    return _Source("recordings", [files, plan.variants, plan.seed], load)


def _load(source: _Source, cache: Path | None, progress: Progress | None) -> SignatureSet:
    stored = cache / f"{source.name}-{source.key}.npz" if cache else None
    if stored and stored.is_file():
        with suppress(*_DAMAGED):  # then it is made anew
            return _read(stored)
    signatures = source.load(progress)
    if stored:
        _keep(signatures, stored)
    return signatures


def _keep(corpus: SignatureSet, path: Path) -> None:
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(corpus, part)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise DataError(f"The prepared signatures can not be kept in {path.parent} ({error.strerror}).") from error


def _write(corpus: SignatureSet, path: Path) -> None:
    with path.open("wb") as out:
        np.savez(
            out,
            fine=corpus.fine,
            writers=corpus.writers,
            genuine=corpus.genuine,
            names=np.array(corpus.names),
            datasets=np.array(corpus.datasets),
            refused=np.array(corpus.refused),
        )


def _read(path: Path) -> SignatureSet:
    with np.load(path, allow_pickle=False) as archive:
        return SignatureSet(
            archive["fine"],
            archive["writers"],
            archive["genuine"],
            tuple(str(name) for name in archive["names"]),
            tuple(str(name) for name in archive["datasets"]),
            int(archive["refused"]),
        )
