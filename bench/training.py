"""Images a second of training and embedding, and where the time goes: `python -m bench.training`.

Every figure stands beside its ratio to one other of the same run; the ratios compare between machines.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import keras
import numpy as np

from mlcore.bundle import BASE_DIRECTORY, load_bundle
from mlcore.embedding.augmentation import augment
from mlcore.embedding.corpus import CorpusPlan, load_corpus
from mlcore.embedding.network import build_network
from mlcore.embedding.plan import TrainingPlan
from mlcore.embedding.sampling import BatchShape, WriterBatches
from mlcore.embedding.sources import SignatureSet
from mlcore.embedding.training import Progress, train, training_step
from mlcore.imaging import prepare
from mlcore.runtime import cell_ink
from mlcore.synthesis import make_signer, signature_png

SIGNERS = 6
SHAPE = BatchShape(writers=SIGNERS)
ROUNDS = 3


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median wall time of one call, after a warm-up."""
    work()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


def line(name: str, images: int, taken: float, beside: tuple[str, float] | None = None) -> float:
    """Print images a second and how many times as quick as `beside` (name, seconds an image); returns seconds."""
    each = taken / images
    ratio = f"  {beside[1] / each:6.2f} x {beside[0]}" if beside else ""
    print(f"{name:32}{1 / each:8.0f} images/s{ratio}", flush=True)
    return each


def corpus() -> SignatureSet:
    """Synthetic signers, made and then read back from their cache."""
    with tempfile.TemporaryDirectory() as folder:
        plan = CorpusPlan(signers=SIGNERS)
        started = time.perf_counter()
        made = load_corpus(plan, cache=Path(folder))
        anew = line("corpus made anew", len(made.fine), time.perf_counter() - started)
        cached = seconds(lambda: load_corpus(plan, cache=Path(folder)))
        line("corpus from its cache", len(made.fine), cached, ("made anew", anew))
    return made


def batch(signatures: SignatureSet) -> tuple[Any, ...]:
    """One batch as the network gets it: canvases, ink, writers, genuine."""
    rng = np.random.default_rng(1)
    chosen = WriterBatches(signatures, SHAPE).draw(rng)
    canvases = np.stack([augment(signatures.fine[index], rng) for index in chosen])[..., None] / np.float32(255)
    return canvases, cell_ink(canvases[..., 0]), signatures.writers[chosen], signatures.genuine[chosen]


def step_seconds(items: tuple[Any, ...], policy: str) -> float:
    """Time of one step as training takes it: forward, all losses, backward, optimiser; weights kept in float32."""
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = build_network()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    step = training_step(_in_float32(model), TrainingPlan(batch=SHAPE))
    return seconds(lambda: [float(figure) for figure in step(*items)])


def _in_float32(model: keras.Model) -> keras.Model:
    """The same network with outputs that the losses can be worked out of, whatever it computes in."""
    outputs = {
        name: keras.layers.Activation("linear", dtype="float32", name=f"{name}_float32")(output)
        for name, output in model.output.items()
    }
    return keras.Model(model.input, outputs)


def training(signatures: SignatureSet) -> None:
    """Augmentation and step, apart and together."""
    fines, rng = signatures.fine, np.random.default_rng(1)
    drawn = line("augmentation alone", len(fines), seconds(lambda: [augment(fine, rng) for fine in fines]))
    items = batch(signatures)
    count = len(items[0])
    stepped = line("step alone, float32", count, step_seconds(items, "float32"), ("augmentation", drawn))
    line("step alone, bfloat16", count, step_seconds(items, "mixed_bfloat16"), ("float32", stepped))
    told: list[Progress] = []
    plan = TrainingPlan(steps=6, batch=SHAPE, warmup=1, report_every=2, checkpoint_every=100)
    with tempfile.TemporaryDirectory() as folder:
        train(build_network(), signatures, plan, checkpoints=Path(folder), on_progress=told.append)
    rate = median(progress.images_per_second for progress in told[1:])  # the first has the tracing in it
    line("training, both together", 1, 1 / rate, ("one after the other", drawn + stepped))


def embedding() -> None:
    """Preparing files and running the shipped network."""
    bundle = load_bundle(BASE_DIRECTORY)
    files = [signature_png(make_signer(1), seed) for seed in range(16)]
    canvases = np.stack([prepare(data).canvas for data in files])
    count = len(files)
    prepared = line("prepare alone", count, seconds(lambda: [prepare(data) for data in files]))
    run = line("network alone", count, seconds(lambda: bundle.network.run(canvases)), ("prepare", prepared))
    both = seconds(lambda: bundle.embed(np.stack([prepare(data).canvas for data in files])))
    line("embedding, both", count, both, ("one after the other", prepared + run))
    line("embedding, canvases cached", count, seconds(lambda: bundle.embed(canvases)), ("both", both / count))


def main() -> None:
    cv2.setNumThreads(1)  # one image is too small a work to share between cores
    training(corpus())
    embedding()


if __name__ == "__main__":
    main()
