"""The corpus of a base network: scans of the `train` split and rendered pen recordings, each with its share."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from mlcore.embedding.sources import Progress, SignatureSet, join, load_images, load_recordings, read_manifest

# Thin-pen Latin scripts are the weak side and few, so they are drawn more often; recordings fill up.
SHARES = {"cedar": 1.3, "sigcomp2011_dutch": 1.3, "svc2004": 0.6, "susig_visual": 0.9, "susig_blind": 0.8}


# Raised whenever imaging or rendering change what a canvas looks like, so that old caches are made anew.
CANVAS_VERSION = 1


def load_corpus(
    images: Path,
    recordings: Path | None,
    *,
    cache: Path | None = None,
    variants: int = 2,
    seed: int = 1,
    progress: Progress | None = None,
) -> SignatureSet:
    """Everything to train on. images: a folder with manifest.csv; recordings: a folder with *.npz, or None.

    cache: a folder that keeps the prepared canvases, so that a resumed run starts at once.
    Raises DataError when the manifest is missing or nothing can be used.
    """
    rows = read_manifest(images, split="train")
    stored = cache / f"corpus-{corpus_key(images, recordings, variants=variants, seed=seed)}.npz" if cache else None
    if stored and stored.is_file():
        return _read(stored)
    sets = [load_images(rows, progress)]
    if recordings is not None:
        sets += load_recordings(recordings, variants=variants, seed=seed, progress=progress)
    corpus = join(sets)
    if stored:
        _write(corpus, stored)
    return corpus


def corpus_key(images: Path, recordings: Path | None, *, variants: int = 2, seed: int = 1) -> str:
    """Names the corpus that load_corpus makes of these folders; another manifest or seed gives another name."""
    digest = hashlib.sha256((images / "manifest.csv").read_bytes())
    files = sorted(recordings.glob("*.npz")) if recordings else []
    digest.update(json.dumps([CANVAS_VERSION, variants, seed, [(f.name, f.stat().st_size) for f in files]]).encode())
    return digest.hexdigest()[:16]


def _write(corpus: SignatureSet, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as out:
        np.savez(
            out,
            fine=corpus.fine,
            writers=corpus.writers,
            genuine=corpus.genuine,
            names=np.array(corpus.names),
            datasets=np.array(corpus.datasets),
            refused=np.array(corpus.refused),
        )
    part.replace(path)


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
