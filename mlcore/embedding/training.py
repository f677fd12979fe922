"""The training loop: seeded, checkpointed, resumable, watched for collapse."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from mlcore.embedding.augmentation import Augmentation, augment
from mlcore.embedding.checkpoint import CheckpointError, restore_checkpoint, save_checkpoint
from mlcore.embedding.distances import local_distances, vector_distances
from mlcore.embedding.losses import across_writers_loss, batch_relations, forged_pairs, triplet_loss
from mlcore.embedding.pseudo_writers import WriterChanges, draw_pseudo_writer
from mlcore.embedding.sampling import BatchShape, WriterBatches
from mlcore.embedding.sources import SignatureSet
from mlcore.runtime import cell_ink

COLLAPSED_SPREAD = 0.05  # mean distance between strangers' vectors, of about 1.4 when they fill the sphere


class TrainingStopped(RuntimeError):
    """Training can not go on (loss not a number, vectors collapsed); the last good checkpoint is kept."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Everything that decides the outcome of a run, besides the data."""

    steps: int = 6000
    seed: int = 1
    batch: BatchShape = field(default_factory=BatchShape)
    shares: Mapping[str, float] = field(default_factory=dict)
    augmentation: Augmentation = field(default_factory=Augmentation)
    changes: WriterChanges = field(default_factory=WriterChanges)
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    warmup: int = 100
    vector_margin: float = 0.3
    local_margin: float = 0.12
    local_weight: float = 2.0
    forgery_weight: float = 4.0
    across_weight: float = 0.5
    checkpoint_every: int = 200
    report_every: int = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run tells while it runs. spread: mean distance between vectors of different writers, in [0, 2]."""

    step: int
    steps: int
    loss: float
    vector_loss: float
    local_loss: float
    violating: float
    spread: float
    images_per_second: float


ProgressCallback = Callable[[Progress], None]


def train(
    model: keras.Model,
    signatures: SignatureSet,
    plan: TrainingPlan,
    *,
    checkpoints: Path,
    data: str = "",
    on_progress: ProgressCallback | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> int:
    """Train `model` in place and return the step reached; resumes from `checkpoints` when it holds one.

    data: names the signatures and is kept with the checkpoint, so that a run never goes on from other data.
    Raises TrainingStopped on a loss that is not a number or on collapsed vectors, CheckpointError when the checkpoint
    is another network's or of other data, DataError when the signatures do not suffice.
    """
    optimizer = _optimizer(plan)
    optimizer.build(model.trainable_variables)
    state = restore_checkpoint(checkpoints, model, optimizer) or {"step": 0}
    if state.get("data", data) != data:
        raise CheckpointError(f"The checkpoint in {checkpoints} was trained on other data. Remove it to start afresh.")
    step_function = _step_function(model, optimizer, plan)
    watch = CollapseWatch()
    step, report = int(state["step"]), _Report(plan, on_progress)
    for canvases, writers, genuine in _batches(signatures, plan, first_step=step):
        if step >= plan.steps or (should_stop and should_stop()):
            break
        figures = step_function(canvases, cell_ink(canvases[..., 0]), writers, genuine)
        step += 1
        if step % plan.report_every == 0 or step == plan.steps:
            progress = report.tell(step, len(canvases), [float(figure) for figure in figures])
            watch.check(progress)
        if watch.well and (step % plan.checkpoint_every == 0 or step == plan.steps):
            save_checkpoint(checkpoints, model, optimizer, {"step": step, "data": data})
    return step


class CollapseWatch:
    """Stops a run whose loss is not a number or whose vectors have fallen onto one point."""

    def __init__(self, patience: int = 5) -> None:
        self._patience = patience
        self._low = 0

    @property
    def well(self) -> bool:
        """Whether the last spread was no low one: a collapsing network is not worth a checkpoint."""
        return self._low == 0

    def check(self, progress: Progress) -> None:
        """Raises TrainingStopped at once on NaN, and after `patience` low spreads in a row."""
        # Vectors that are no numbers violate no margin, so that their loss may well be 0; the spread tells.
        if not (math.isfinite(progress.loss) and math.isfinite(progress.spread)):
            raise TrainingStopped(f"The loss is not a number at step {progress.step}; the last checkpoint is kept.")
        self._low = self._low + 1 if progress.spread < COLLAPSED_SPREAD else 0
        if self._low >= self._patience:
            raise TrainingStopped(
                f"All signatures fall onto one point (spread {progress.spread:.3f} at step {progress.step}); "
                "the last checkpoint is kept."
            )


class _Report:
    def __init__(self, plan: TrainingPlan, callback: ProgressCallback | None) -> None:
        self._plan, self._callback = plan, callback
        self._since, self._step = time.monotonic(), -1

    def tell(self, step: int, images: int, figures: list[float]) -> Progress:
        now = time.monotonic()
        steps = step - self._step if self._step >= 0 else self._plan.report_every
        rate = steps * images / max(now - self._since, 1e-9)
        self._since, self._step = now, step
        loss, vector_loss, local_loss, violating, spread = figures
        progress = Progress(step, self._plan.steps, loss, vector_loss, local_loss, violating, spread, rate)
        if self._callback:
            self._callback(progress)
        return progress


def _optimizer(plan: TrainingPlan) -> Any:
    schedule = keras.optimizers.schedules.CosineDecay(
        plan.learning_rate / 20,
        max(plan.steps - plan.warmup, 1),
        alpha=0.01,
        warmup_target=plan.learning_rate,
        warmup_steps=plan.warmup,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=plan.weight_decay, clipnorm=5.0)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def _step_function(model: keras.Model, optimizer: Any, plan: TrainingPlan) -> Any:
    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(canvases: Any, ink: Any, writers: Any, genuine: Any) -> Any:
        positives, negatives = batch_relations(writers, genuine, plan.forgery_weight)
        forged = forged_pairs(writers, genuine)
        with tf.GradientTape() as tape:
            outputs = model(canvases, training=True)
            apart = vector_distances(outputs["vector"])
            detail = local_distances(outputs["local"], ink)
            vector = triplet_loss(apart, positives, negatives, plan.vector_margin)
            local = triplet_loss(detail, positives, negatives, plan.local_margin)
            across = across_writers_loss(apart, positives, forged, plan.vector_margin)
            across += plan.local_weight * across_writers_loss(detail, positives, forged, plan.local_margin)
            loss = vector.loss + plan.local_weight * local.loss + plan.across_weight * across
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        strangers = tf.cast(writers[:, None] != writers[None, :], tf.float32)
        spread = tf.math.divide_no_nan(tf.reduce_sum(apart * strangers), tf.reduce_sum(strangers))
        return loss, vector.loss, local.loss, local.violating, spread

    return step


Batch = tuple[npt.NDArray[np.float32], npt.NDArray[np.int32], npt.NDArray[np.bool_]]


def _batches(signatures: SignatureSet, plan: TrainingPlan, *, first_step: int) -> Iterator[Batch]:
    """Augmented batches from a thread of their own; step n is the same batch in every run with this seed."""
    sampler = WriterBatches(signatures, plan.batch, plan.shares)
    ready: queue.Queue[Batch | BaseException] = queue.Queue(maxsize=4)
    done = threading.Event()

    def make(step: int) -> Batch:
        rng = np.random.default_rng((plan.seed, step))
        chosen = sampler.draw(rng)
        writers = signatures.writers[chosen]
        pseudo = {int(writer): draw_pseudo_writer(rng, plan.changes) for writer in dict.fromkeys(writers)}
        canvases = np.stack(
            [
                augment(signatures.fine[index], rng, plan.augmentation, pseudo[int(writer)])
                for index, writer in zip(chosen, writers, strict=True)
            ]
        )
        scaled = canvases[..., None].astype(np.float32) / 255.0
        return scaled, writers, signatures.genuine[chosen]

    def produce() -> None:
        cv2.setNumThreads(1)  # its own threads cost twice the time of the cores that the network trains on
        try:
            for step in range(first_step, plan.steps + 1):
                item = make(step)
                while not done.is_set():
                    try:
                        ready.put(item, timeout=0.5)
                        break
                    except queue.Full:
                        continue
                if done.is_set():
                    return
        except BaseException as error:
            ready.put(error)

    threading.Thread(target=produce, daemon=True, name="augmentation").start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        done.set()
