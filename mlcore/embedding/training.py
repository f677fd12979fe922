"""The training loop: seeded, checkpointed, resumable, watched for collapse."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mlcore.embedding.batches import augmented_batches
from mlcore.embedding.checkpoint import CheckpointError, kept_in, restore_checkpoint, save_checkpoint
from mlcore.embedding.distillation import taught_distances
from mlcore.embedding.network import freeze_stages, with_expectation
from mlcore.embedding.objective import BatchLoss, batch_loss
from mlcore.embedding.plan import TrainingPlan
from mlcore.embedding.sources import DataError, SignatureSet
from mlcore.runtime import cell_ink

COLLAPSED_SPREAD = 0.05  # mean distance between strangers' vectors, of about 1.4 when they fill the sphere


class TrainingStopped(RuntimeError):
    """Training can not go on (loss not a number, vectors collapsed); a checkpoint from before is kept."""


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
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope():
        learner, optimizer = _learner(model, plan)
    named = {"data": data, "plan": plan.key}
    step = _reached(checkpoints, learner, optimizer, named)
    step_function = _distributed(_step_function(learner, optimizer, plan, teachers), strategy)
    watch, report = CollapseWatch(checkpoints), _Report(plan, on_progress)
    for canvases, writers, genuine in augmented_batches(signatures, plan, first_step=step):
        if should_stop and should_stop():
            break
        figures = step_function((canvases, cell_ink(canvases[..., 0]), writers, genuine))
        step += 1
        if step % plan.report_every == 0 or step == plan.steps:
            watch.check(report.tell(step, len(canvases), figures))
        if watch.well and (step % plan.checkpoint_every == 0 or step == plan.steps):
            save_checkpoint(checkpoints, learner, optimizer, {"step": step, **named})
    watch.end(step)
    return step


def training_step(model: keras.Model, plan: TrainingPlan) -> Callable[..., Any]:
    """One step of such a run on one device, as a function of canvases (B, 96, 192, 1), ink (B, 6, 12), writers (B,) and
    genuine (B,): it changes the weights of `model` and returns the figures of mlcore.embedding.objective.
    """
    step: Callable[..., Any] = _step_function(*_learner(model, plan), plan)
    return step


def _reached(checkpoints: Path, learner: keras.Model, optimizer: Any, named: dict[str, str]) -> int:
    """The step of the checkpoint, whose weights are then loaded; 0 where there is none."""
    state = restore_checkpoint(checkpoints, learner, optimizer) or {"step": 0}
    if state.get("data", named["data"]) != named["data"]:
        raise CheckpointError(f"The checkpoint in {checkpoints} was trained on other data. Remove it to start afresh.")
    if state.get("plan", named["plan"]) != named["plan"]:
        raise CheckpointError(
            f"The checkpoint in {checkpoints} was trained by another plan. Remove it to start afresh."
        )
    return int(state["step"])


class CollapseWatch:
    """Stops a run whose loss is not a number or whose vectors have fallen onto one point.

    checkpoints: the folder of the run's checkpoint; what stops it says whether there is one.
    """

    def __init__(self, checkpoints: Path, patience: int = 5) -> None:
        self._checkpoints, self._patience = checkpoints, patience
        self._low = 0

    @property
    def well(self) -> bool:
        """Whether the last spread was no low one: a collapsing network is not worth a checkpoint."""
        return self._low == 0

    def check(self, progress: Progress) -> None:
        """Raises TrainingStopped at once on NaN, and after `patience` low spreads in a row."""
        # Vectors that are no numbers violate no margin, so that their loss may well be 0; the spread tells.
        if not (math.isfinite(progress.loss) and math.isfinite(progress.spread)):
            raise TrainingStopped(f"The loss is not a number at step {progress.step}.{kept_in(self._checkpoints)}")
        self._low = self._low + 1 if progress.spread < COLLAPSED_SPREAD else 0
        if self._low >= self._patience:
            raise TrainingStopped(
                f"All signatures fall onto one point (spread {progress.spread:.3f} at step {progress.step})."
                f"{kept_in(self._checkpoints)}"
            )

    def end(self, step: int) -> None:
        """Raises TrainingStopped where the run ends with a low spread, too soon to have used up the patience."""
        if not self.well:
            raise TrainingStopped(
                f"The vectors were falling onto one point at step {step}.{kept_in(self._checkpoints)}"
            )


class _Report:
    def __init__(self, plan: TrainingPlan, callback: ProgressCallback | None) -> None:
        self._plan, self._callback = plan, callback
        self._since, self._step = time.monotonic(), -1

    def tell(self, step: int, images: int, figures: Iterable[Any]) -> Progress:
        found = [float(figure) for figure in figures]  # waits for the step to be done
        now = time.monotonic()
        steps = step - self._step if self._step >= 0 else self._plan.report_every
        rate = steps * images / max(now - self._since, 1e-9)
        self._since, self._step = now, step
        loss, vector_loss, local_loss, violating, spread = found
        progress = Progress(step, self._plan.steps, loss, vector_loss, local_loss, violating, spread, rate)
        if self._callback:
            self._callback(progress)
        return progress


def _learner(model: keras.Model, plan: TrainingPlan) -> tuple[keras.Model, Any]:
    """The network with its expectation and frozen stages, and what optimises it."""
    freeze_stages(model, plan.frozen_stages)
    learner = with_expectation(model)
    optimizer = _optimizer(plan)
    optimizer.build(learner.trainable_variables)
    return learner, optimizer


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
    def step(canvases: Any, ink: Any, writers: Any, genuine: Any) -> BatchLoss:
        taught = taught_distances(teachers, canvases, ink) if teachers else None
        with tf.GradientTape() as tape:
            found = batch_loss(learner(canvases, training=True), ink, writers, genuine, plan, taught)
            # The optimiser adds up what its devices found.
            share = found.loss / tf.distribute.get_replica_context().num_replicas_in_sync
        gradients = tape.gradient(share, learner.trainable_variables)
        optimizer.apply_gradients(zip(gradients, learner.trainable_variables, strict=True))
        return found

    return step
