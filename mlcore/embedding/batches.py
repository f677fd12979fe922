"""Augmented batches, made in a thread of their own while the network works on the one before."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from mlcore.embedding.augmentation import augment
from mlcore.embedding.plan import TrainingPlan
from mlcore.embedding.pseudo_writers import draw_pseudo_writer
from mlcore.embedding.sampling import WriterBatches
from mlcore.embedding.sources import SignatureSet
from mlcore.embedding.splicing import draw_joint, splice
from mlcore.imaging.types import CANVAS_HEIGHT, CANVAS_WIDTH

Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.bool_]]
_AHEAD = 4  # batches


def augmented_batches(signatures: SignatureSet, plan: TrainingPlan, *, first_step: int) -> Iterator[Batch]:
    """The batches of steps first_step .. plan.steps - 1; step n is the same batch in every run with this seed.

    Yields canvases float32 (B, 96, 192, 1) 0..1, writers (B,) and whether genuine (B,). Raises DataError when the
    signatures do not suffice, and whatever making a batch raises.
    """
    sampler = WriterBatches(signatures, plan.batch, plan.shares)
    ready: queue.Queue[Batch | BaseException | None] = queue.Queue(maxsize=_AHEAD)
    done = threading.Event()

    def produce() -> None:
        cv2.setNumThreads(1)  # its own threads cost twice the time of the cores that the network trains on
        try:
            for step in range(first_step, plan.steps):
                if not _offer(ready, _batch(signatures, sampler, plan, step), done):
                    return
            _offer(ready, None, done)
        except BaseException as error:
            _offer(ready, error, done)

    threading.Thread(target=produce, daemon=True, name="augmentation").start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        done.set()


def _offer(
    ready: queue.Queue[Batch | BaseException | None], item: Batch | BaseException | None, done: threading.Event
) -> bool:
    """Put `item` when there is room; False when nobody wants it any more."""
    while not done.is_set():
        try:
            ready.put(item, timeout=0.5)
        except queue.Full:
            continue
        return True
    return False


def _batch(signatures: SignatureSet, sampler: WriterBatches, plan: TrainingPlan, step: int) -> Batch:
    rng = np.random.default_rng((plan.seed, step))
    chosen = sampler.draw(rng)
    writers, genuine = signatures.writers[chosen], signatures.genuine[chosen]
    canvases = np.zeros((len(chosen), CANVAS_HEIGHT, CANVAS_WIDTH), np.uint8)
    for writer in dict.fromkeys(writers.tolist()):
        places = np.flatnonzero(writers == writer)
        fines = signatures.fine[chosen[places]]
        pseudo = draw_pseudo_writer(rng, plan.changes)
        if rng.random() < plan.changes.splice:
            fines = _spliced(fines, signatures, sampler, writer, genuine[places], rng)
        for place, fine in zip(places, fines, strict=True):
            canvases[place] = augment(fine, rng, plan.augmentation, pseudo)
    return canvases[..., None].astype(np.float32) / 255.0, writers, genuine


def _spliced(
    fines: npt.NDArray[np.uint8],
    signatures: SignatureSet,
    sampler: WriterBatches,
    writer: int,
    genuine: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """All of a writer's signatures of this batch joined with those of another; as they are where there is none."""
    partner = sampler.partner(writer, rng)
    if partner is None:
        return fines
    joint = draw_joint(rng)
    others = signatures.fine[sampler.like(partner, genuine, rng)]
    return np.stack([splice(fine, other, joint) for fine, other in zip(fines, others, strict=True)])
