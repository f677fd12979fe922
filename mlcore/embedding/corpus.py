"""The corpus of a base network: scanned images of the `train` split and rendered pen recordings, each with its share."""

from __future__ import annotations

from pathlib import Path

from mlcore.embedding.sources import Progress, SignatureSet, join, load_images, load_recordings, read_manifest

# Thin-pen Latin scripts are the weak side and few, so they are drawn more often; recordings fill up.
SHARES = {"cedar": 1.3, "sigcomp2011_dutch": 1.3, "svc2004": 0.6, "susig_visual": 0.9, "susig_blind": 0.8}


def load_corpus(
    images: Path, recordings: Path | None, *, variants: int = 2, seed: int = 1, progress: Progress | None = None
) -> SignatureSet:
    """Everything to train on. images: a folder with manifest.csv; recordings: a folder with *.npz, or None.

    Raises DataError when the manifest is missing or nothing can be used.
    """
    sets = [load_images(read_manifest(images, split="train"), progress)]
    if recordings is not None:
        sets += load_recordings(recordings, variants=variants, seed=seed, progress=progress)
    return join(sets)
