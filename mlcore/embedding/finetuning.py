"""Fine-tuning a network on a bank's own customers, of whom there are genuine signatures and hardly a forgery.

The base knows how forgers fail; the customers teach it their scripts, pens and scanners. Strangers are the other
customers, forgeries are made from the genuine signatures (mlcore.embedding.forging). Half of what it sees stays
synthetic signers with their own graded forgeries: rehearsal against forgetting (Robins 1995). What comes out is the
mean of the weights before and after, which keeps what the base knows of real forgers (Wortsman et al. 2022, "Robust
fine-tuning of zero-shot models"; measured in docs/adr/023-retraining.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlcore.embedding.forging import forge
from mlcore.embedding.plan import TrainingPlan
from mlcore.embedding.sources import DataError, SignatureSet
from mlcore.embedding.synthetic import DATASET, Crowd

if TYPE_CHECKING:
    from mlcore.embedding.training import ProgressCallback

CUSTOMERS = "customers"
FEWEST_CUSTOMERS = 8  # to train on: of fewer, a batch would hold the same few strangers again and again
FORGERIES = 4  # made of each customer, less those that are real
REHEARSAL = Crowd(signers=240, seed=90_001)
KEPT = 0.5  # of the weights that training began with
SHARES = {CUSTOMERS: 1.0, DATASET: 1.0}

_Forgery = tuple[int, np.random.Generator]  # of which signature, and what draws it


@dataclass(frozen=True, slots=True)
class TunedNetwork:
    """The files of a fine-tuned network, and how many steps it took in all."""

    keras_file: Path
    onnx_file: Path
    steps: int


def fine_tuning_plan(steps: int, seed: int) -> TrainingPlan:
    """A gentle plan: a fifth of the base's learning rate, the beginning of the network left as it is."""
    return TrainingPlan(
        steps=steps,
        seed=seed,
        shares=SHARES,
        learning_rate=2e-4,
        warmup=min(50, max(steps // 10, 1)),
        frozen_stages=2,
        checkpoint_every=max(min(steps // 5, 50), 1),
        report_every=max(min(steps // 10, 10), 1),
    )


def fine_tuning_corpus(customers: SignatureSet, rehearsal: SignatureSet, *, seed: int) -> SignatureSet:
    """Customers with forgeries made of them, and the rehearsal, as one set.

    A customer with a single signature has it twice: the augmentation makes another of each draw. Raises DataError
    with fewer than 8 customers.
    """
    able = np.unique(customers.writers[customers.genuine])
    if len(able) < FEWEST_CUSTOMERS:
        raise DataError(
            f"There are {len(able)} customers to learn from; at least {FEWEST_CUSTOMERS} are needed. Enrol more first."
        )
    ours = replace(customers, datasets=(CUSTOMERS,) * len(customers.names))
    counts = np.bincount(ours.writers[ours.genuine], minlength=len(ours.names))
    lone = np.flatnonzero(ours.genuine & (counts[ours.writers] == 1))
    return _put_together(ours, lone, _forgeries(ours, seed), rehearsal)


def with_forgeries(customers: SignatureSet, *, seed: int) -> SignatureSet:
    """The same signatures with forgeries made of the genuine ones, up to 4 of each customer; seeded by his name."""
    return _put_together(customers, np.zeros(0, dtype=np.int64), _forgeries(customers, seed))


def _put_together(
    customers: SignatureSet, again: np.ndarray, forgeries: Sequence[_Forgery], others: SignatureSet | None = None
) -> SignatureSet:
    """Customers, some of their signatures `again`, forgeries, and others, made in place: of 1,200 customers with seven
    specimens each, every further copy on the way would take 0.6 GB.
    """
    own, drawn = len(customers.writers), len(customers.writers) + len(again)
    made, more = drawn + len(forgeries), 0 if others is None else len(others.writers)
    fine = np.empty((made + more, *customers.fine.shape[1:]), dtype=np.uint8)
    fine[:own], fine[own:drawn] = customers.fine, customers.fine[again]
    for place, (index, rng) in enumerate(forgeries, start=drawn):
        fine[place] = forge(customers.fine[index], rng)
    copied = np.array([index for index, _ in forgeries], dtype=np.int64)
    writers = [customers.writers, customers.writers[again], customers.writers[copied]]
    genuine = [customers.genuine, customers.genuine[again], np.zeros(len(copied), dtype=np.bool_)]
    joined = replace(customers, fine=fine, writers=np.concatenate(writers), genuine=np.concatenate(genuine))
    if others is None:
        return joined
    fine[made:] = others.fine
    return replace(
        joined,
        writers=np.concatenate([*writers, others.writers + len(customers.names)]).astype(np.int32),
        genuine=np.concatenate([*genuine, others.genuine]),
        names=customers.names + others.names,
        datasets=customers.datasets + others.datasets,
        refused=customers.refused + others.refused,
    )


def _forgeries(customers: SignatureSet, seed: int) -> list[_Forgery]:
    found: list[_Forgery] = []
    forged = np.bincount(customers.writers[~customers.genuine], minlength=len(customers.names))
    for writer, name in enumerate(customers.names):
        own = np.flatnonzero((customers.writers == writer) & customers.genuine)
        rng = np.random.default_rng([seed, *name.encode()])
        found += [(index, rng) for index in _in_turn(own, FORGERIES - int(forged[writer]), rng)]
    return found


def _in_turn(own: np.ndarray, count: int, rng: np.random.Generator) -> Sequence[int]:
    if len(own) == 0 or count <= 0:
        return ()
    return [int(index) for index in np.resize(rng.permutation(own), count)]


def fine_tune(
    start: Path,
    corpus: SignatureSet,
    plan: TrainingPlan,
    *,
    work: Path,
    data: str,
    kept: float = KEPT,
    on_progress: ProgressCallback | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> TunedNetwork | None:
    """Train from the weights of a model folder, or go on from the checkpoint in `work`, and export.

    data: names the corpus. kept: how much stays of the weights it began with, 0 to 1. None when it was stopped. Raises
    CheckpointError, TrainingStopped, DataError, ExportError.
    """
    from mlcore.embedding.export import export_network
    from mlcore.embedding.training import train

    model, begun, strategy = _started(start, plan.seed)
    before = model.get_weights()
    step = train(
        model,
        corpus,
        plan,
        checkpoints=work,
        data=f"{data} from {begun[:16]}",
        on_progress=on_progress,
        should_stop=should_stop,
        strategy=strategy,
    )
    if step < plan.steps:
        return None
    model.set_weights(mixed(before, model.get_weights(), kept))
    return TunedNetwork(*export_network(model, work / "export"), step)


def _started(start: Path, seed: int) -> tuple[Any, str, Any]:
    """The network with the weights of `start`, their SHA-256, and the strategy under whose scope it was built."""
    import keras

    from mlcore.embedding.checkpoint import warm_start
    from mlcore.embedding.devices import strategy_for
    from mlcore.embedding.network import build_network

    keras.utils.set_random_seed(seed)
    strategy = strategy_for()
    with strategy.scope():
        model = build_network()
        return model, warm_start(model, start), strategy


def mixed(before: Sequence[np.ndarray], after: Sequence[np.ndarray], kept: float = KEPT) -> list[np.ndarray]:
    """Weights between those before and after; kept: how much of those before, 0 to 1."""
    return [kept * old + (1 - kept) * new for old, new in zip(before, after, strict=True)]
