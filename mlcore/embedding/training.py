"""The training loop: seeded, checkpointed, resumable, watched for collapse."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mlcore.embedding.batches import augmented_batches
from mlcore.embedding.checkpoint import CheckpointError, restore_checkpoint, save_checkpoint
from mlcore.embedding.distances import local_distances, vector_distances
from mlcore.embedding.distillation import distance_loss, taught_distances
from mlcore.embedding.losses import (
    across_sets_loss,
    across_writers_loss,
    batch_relations,
    forged_pairs,
    triplet_loss,
)
from mlcore.embedding.network import freeze_stages, with_expectation
from mlcore.embedding.plan import TrainingPlan
from mlcore.embedding.sources import DataError, SignatureSet
from mlcore.runtime import cell_ink

COLLAPSED_SPREAD = 0.05  # mean distance between strangers' vectors, of about 1.4 when they fill the sphere


class TrainingStopped(RuntimeError):
    """Training can not go on (loss not a number, vectors collapsed); the last good checkpoint is kept."""


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
    strategy: Any = None,
    teachers: Sequence[keras.Model] = (),
) -> int:
    """Train `model` in place and return the step reached; resumes from `checkpoints` when it holds one.

    data: names the signatures and is kept with the checkpoint, so that a run never goes on from other data. A
    checkpoint beyond plan.steps is taken as it is. strategy: under whose scope `model` was built
    (mlcore.embedding.devices); each of its devices gets some of the writers of every batch. teachers: the networks that
    plan.teachers names, whose distances are learnt beside the triplet loss.
    Raises TrainingStopped on a loss that is not a number or on collapsed vectors, CheckpointError when the checkpoint
    is another network's, of other data or of another plan, DataError when the signatures do not suffice.
    """
    freeze_stages(model, plan.frozen_stages)
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope():
        learner = with_expectation(model)
        optimizer = _optimizer(plan)
        optimizer.build(learner.trainable_variables)
    state = restore_checkpoint(checkpoints, learner, optimizer) or {"step": 0}
    if state.get("data", data) != data:
        raise CheckpointError(f"The checkpoint in {checkpoints} was trained on other data. Remove it to start afresh.")
    if state.get("plan", plan.key) != plan.key:
        raise CheckpointError(
            f"The checkpoint in {checkpoints} was trained by another plan. Remove it to start afresh."
        )
    step_function = _distributed(_step_function(learner, optimizer, plan, teachers), strategy)
    watch = CollapseWatch()
    step, report = int(state["step"]), _Report(plan, on_progress)
    for canvases, writers, genuine in augmented_batches(signatures, plan, first_step=step):
        if should_stop and should_stop():
            break
        figures = step_function((canvases, cell_ink(canvases[..., 0]), writers, genuine))
        step += 1
        if step % plan.report_every == 0 or step == plan.steps:
            progress = report.tell(step, len(canvases), [float(figure) for figure in figures])
            watch.check(progress)
        if watch.well and (step % plan.checkpoint_every == 0 or step == plan.steps):
            save_checkpoint(checkpoints, learner, optimizer, {"step": step, "data": data, "plan": plan.key})
    if not watch.well:
        raise TrainingStopped(f"The vectors were falling onto one point at step {step}; the last checkpoint is kept.")
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


def _distributed(step: Any, strategy: Any) -> Callable[[tuple[Any, ...]], Any]:
    """The step on a whole batch, each device taking part of its writers; figures are the devices' mean."""
    devices = strategy.num_replicas_in_sync
    if devices == 1:
        return lambda batch: step(*batch)

    def spread(batch: tuple[Any, ...]) -> Any:
        parts = _by_writers(batch, devices)
        given = strategy.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group]
        )
        figures = strategy.run(step, args=given)
        return [strategy.reduce(tf.distribute.ReduceOp.MEAN, figure, axis=None) for figure in figures]

    return spread


def _by_writers(batch: tuple[Any, ...], count: int) -> list[tuple[Any, ...]]:
    """A batch in `count` parts; the signatures of one writer stay together, since they are compared."""
    writers = batch[2]
    groups = np.array_split(np.array(list(dict.fromkeys(writers.tolist()))), count)
    if min(len(group) for group in groups) < 2:
        raise DataError(f"A batch of {sum(map(len, groups))} writers is too small for {count} devices.")
    chosen = [np.isin(writers, group) for group in groups]
    return [tuple(tf.convert_to_tensor(part[mask]) for part in batch) for mask in chosen]


def _step_function(
    learner: keras.Model, optimizer: Any, plan: TrainingPlan, teachers: Sequence[keras.Model] = ()
) -> Any:
    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(canvases: Any, ink: Any, writers: Any, genuine: Any) -> Any:
        positives, negatives = batch_relations(writers, genuine, plan.forgery_weight)
        forged = forged_pairs(writers, genuine)
        taught = taught_distances(teachers, canvases, ink) if teachers else None
        with tf.GradientTape() as tape:
            outputs = learner(canvases, training=True)
            apart = vector_distances(outputs["vector"])
            detail = local_distances(outputs["local"], ink)
            vector = triplet_loss(apart, positives, negatives, plan.vector_margin)
            local = triplet_loss(detail, positives, negatives, plan.local_margin)
            expected = outputs["expected"][:, 0]  # of the specimen, which is the row
            across = across_writers_loss(apart, positives, forged, plan.vector_margin)
            across += plan.local_weight * across_writers_loss(
                detail - expected[:, None], positives, forged, plan.local_margin
            )
            sets = across_sets_loss(apart, writers, genuine, plan.vector_margin)
            sets += plan.local_weight * across_sets_loss(detail, writers, genuine, plan.local_margin, expected)
            loss = vector.loss + plan.local_weight * local.loss
            loss += plan.across_weight * across + plan.sets_weight * sets
            if taught is not None:
                learnt = distance_loss(apart, taught.vector, writers, plan.vector_margin)
                learnt += plan.local_weight * distance_loss(detail, taught.local, writers, plan.local_margin)
                loss += plan.taught_weight * learnt
            # The optimiser adds up what its devices found.
            share = loss / tf.distribute.get_replica_context().num_replicas_in_sync
        gradients = tape.gradient(share, learner.trainable_variables)
        optimizer.apply_gradients(zip(gradients, learner.trainable_variables, strict=True))
        strangers = tf.cast(writers[:, None] != writers[None, :], tf.float32)
        spread = tf.math.divide_no_nan(tf.reduce_sum(apart * strangers), tf.reduce_sum(strangers))
        return loss, vector.loss, local.loss, local.violating, spread

    return step
