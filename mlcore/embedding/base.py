"""Training a base network from a corpus to a finished, measured model folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.embedding.corpus import SHARES, corpus_key, load_corpus
from mlcore.embedding.sources import Progress as Counting
from mlcore.embedding.sources import SignatureSet, read_manifest
from mlcore.imaging.normalisation import to_canvas
from mlcore.runtime import Features, Network, file_digest

COHORT_SIZE = 256


@dataclass(frozen=True, slots=True)
class BaseRecipe:
    """What a base is trained on and for how long. images: folder with manifest.csv; recordings: *.npz or None."""

    name: str
    images: Path
    recordings: Path | None
    steps: int
    seed: int
    work: Path


def train_base(
    recipe: BaseRecipe, *, counting: Counting | None = None, on_progress: Callable[[Any], None] | None = None
) -> tuple[Path, Path, npt.NDArray[np.float32], dict[str, Any]]:
    """Train (or go on training), export and pick the cohort.

    Returns (Keras file, ONNX file, cohort vectors (K, 128), facts for the manifest). Raises DataError,
    TrainingStopped, CheckpointError, ExportError.
    """
    import keras

    from mlcore.embedding.export import export_network
    from mlcore.embedding.network import build_network
    from mlcore.embedding.training import TrainingPlan, train

    read_manifest(recipe.images, split="validation")  # fails now rather than after an hour
    corpus = load_corpus(recipe.images, recipe.recordings, cache=recipe.work, seed=recipe.seed, progress=counting)
    keras.utils.set_random_seed(recipe.seed)
    model = build_network()
    plan = TrainingPlan(steps=recipe.steps, seed=recipe.seed, shares=SHARES)
    step = train(
        model,
        corpus,
        plan,
        checkpoints=recipe.work,
        data=corpus_key(recipe.images, recipe.recordings, seed=recipe.seed),
        on_progress=_logged(recipe.work, on_progress),
    )
    keras_file, onnx_file = export_network(model, recipe.work / "export")
    network = Network.load(onnx_file, file_digest(onnx_file))
    facts = {
        "data": corpus_facts(corpus),
        "training": {
            "steps": step,
            "seed": recipe.seed,
            "batch": plan.batch.images,
            "parameters": int(model.count_params()),
        },
    }
    return keras_file, onnx_file, pick_cohort(corpus, network.embed), facts


def _logged(work: Path, on_progress: Callable[[Any], None] | None) -> Callable[[Any], None]:
    """Also keep the curves: one JSON object a line in progress.jsonl."""

    def tell(progress: Any) -> None:
        with (work / "progress.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(progress)) + "\n")
        if on_progress:
            on_progress(progress)

    work.mkdir(parents=True, exist_ok=True)
    return tell


def corpus_facts(corpus: SignatureSet) -> dict[str, Any]:
    """Writers, genuine signatures and forgeries of each data set, for the model card."""
    facts: dict[str, Any] = {}
    datasets = np.array(corpus.datasets)
    of_image = datasets[corpus.writers]
    for name in dict.fromkeys(corpus.datasets):
        mine = of_image == name
        facts[name] = {
            "writers": int((datasets == name).sum()),
            "genuine": int((mine & corpus.genuine).sum()),
            "forged": int((mine & ~corpus.genuine).sum()),
        }
    return facts


def pick_cohort(
    corpus: SignatureSet, embed: Callable[[npt.NDArray[np.uint8]], list[Features]]
) -> npt.NDArray[np.float32]:
    """One genuine signature's vector each of up to 256 training writers, spread evenly over them, (K, 128)."""
    writers = np.unique(corpus.writers[corpus.genuine])
    chosen = writers[np.linspace(0, len(writers) - 1, min(COHORT_SIZE, len(writers))).round().astype(int)]
    firsts = [int(np.flatnonzero(corpus.genuine & (corpus.writers == writer))[0]) for writer in chosen]
    canvases = np.stack([to_canvas(corpus.fine[index]) for index in firsts])
    return np.stack([features.vector for features in embed(canvases)])
