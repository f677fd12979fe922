"""Synthetic signers to train on: genuine signatures and forgeries of graded skill, any number of writers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from multiprocessing import current_process, get_context

import numpy as np

from mlcore.embedding.sources import DataError, Progress, SignatureSet, assemble
from mlcore.imaging import prepare_page
from mlcore.imaging.types import Grey
from mlcore.synthesis import RenderStyle, Signer, genuine, make_signer, render, skilled_forgery

DATASET = "synthetic"
FIRST_SIGNER = 1_000_000  # the seeds below belong to demo, tests and measurements: never train on them
_FEW = 16  # signers that are written sooner than other processes have started


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many synthetic signers, and signatures of each. Skill of the forgeries is drawn from `skill`, 0..1."""

    signers: int
    genuine: int = 6
    forged: int = 4
    skill: tuple[float, float] = (0.15, 1.0)
    seed: int = 1


_Labelled = tuple[Grey, str, bool]


def load_synthetic(crowd: Crowd, progress: Progress | None = None) -> SignatureSet:
    """Write, scan and prepare everybody's signatures, on every core. What imaging refuses is left out and counted.

    Raises DataError for a seed below 1, whose signers are the demo's, and when nothing could be used.
    """
    if crowd.seed < 1:
        raise DataError("The seed of synthetic signers must be above 0; those below belong to demo and tests.")
    fines: list[Grey] = []
    labels: list[tuple[str, str, bool]] = []
    for fine, name, is_genuine in _everybody(crowd, progress):
        fines.append(fine)
        labels.append((name, DATASET, is_genuine))
    if not fines:
        raise DataError("Not one signature of the synthetic signers could be used.")
    wanted = crowd.signers * (crowd.genuine + crowd.forged)
    return assemble(np.stack(fines), labels, refused=wanted - len(fines))


def _everybody(crowd: Crowd, progress: Progress | None) -> Iterator[_Labelled]:
    seeds = [(crowd, FIRST_SIGNER * crowd.seed + number) for number in range(crowd.signers)]
    with ExitStack() as stack:
        work: Iterator[list[_Labelled]] = map(_signatures, seeds)
        # A worker of Celery is a daemon, which may have no children.
        if crowd.signers >= _FEW and not current_process().daemon:
            # Writing is Python, which threads would do one at a time; `spawn`, since TensorFlow may be loaded here.
            pool = stack.enter_context(ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")))
            work = pool.map(_signatures, seeds, chunksize=8)
        for done, signatures in enumerate(work, start=1):
            if progress:
                progress("synthetic signers", done, crowd.signers)
            yield from signatures


def _signatures(job: tuple[Crowd, int]) -> list[_Labelled]:
    crowd, seed = job
    signer = make_signer(seed)
    own = (_scanned(signer, crowd, number, forged=False) for number in range(crowd.genuine))
    copied = (_scanned(signer, crowd, number, forged=True) for number in range(crowd.forged))
    return [item for item in chain(own, copied) if item is not None]


def _scanned(signer: Signer, crowd: Crowd, number: int, *, forged: bool) -> _Labelled | None:
    rng = np.random.default_rng([signer.seed, 7, number, int(forged)])
    skill = float(rng.uniform(*crowd.skill))
    trajectory = skilled_forgery(signer, number, skill) if forged else genuine(signer, number)
    page = render(trajectory, RenderStyle.random(rng), int(rng.integers(2**31)))
    prepared = prepare_page(page)
    return None if prepared.quality.refused else (prepared.fine, f"{DATASET}/{signer.seed}", not forged)
