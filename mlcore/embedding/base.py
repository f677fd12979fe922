"""Training a base network from a corpus to a finished, measured model folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mlcore.embedding.corpus import CorpusPlan, corpus_key, load_corpus, shares
from mlcore.embedding.plan import TrainingPlan
from mlcore.embedding.sampling import LEAST_GENUINE, trained_on
from mlcore.embedding.sources import DataError, Row, SignatureSet, counted, read_manifest
from mlcore.embedding.sources import Progress as Counting
from mlcore.embedding.strangers import pick_cohort
from mlcore.embedding.synthetic import DATASET
from mlcore.runtime import Network, file_digest
from mlcore.scoring.cohort import Cohort

SOURCES = ("images", "recordings", DATASET)


@dataclass(frozen=True, slots=True)
class BaseRecipe:
    """What a base is trained on and for how long.

    images: folder with manifest.csv, whose validation writers the decision is fitted on, whatever is trained on.
    recordings: folder with *.npz or None. signers: synthetic ones. sources: which of SOURCES are trained on. without:
    data sets that neither training nor the fit sees. start: a model folder or .keras file to take the first weights
    from. learning_rate: the highest of the run. frozen: stages at the network's beginning that keep their weights.
    average: a model whose weights are averaged with the trained ones. teachers: models whose distances are learnt as
    well. work: folder of checkpoint, curves and export. cache: prepared canvases, shared by all runs.
    """

    name: str
    images: Path
    recordings: Path | None
    steps: int
    seed: int
    work: Path
    cache: Path
    signers: int = 0
    sources: tuple[str, ...] = SOURCES
    without: tuple[str, ...] = ()
    start: Path | None = None
    learning_rate: float = 1e-3
    frozen: int = 0
    average: Path | None = None
    teachers: tuple[Path, ...] = ()

    def corpus(self) -> CorpusPlan:
        """What of all this is trained on."""
        return CorpusPlan(
            images=self.images if "images" in self.sources else None,
            recordings=self.recordings if "recordings" in self.sources else None,
            signers=self.signers if DATASET in self.sources else 0,
            seed=self.seed,
            without=self.without,
        )

    def seen(self, split: str) -> list[Row]:
        """The manifest's rows of a split, without the data sets left out. Raises DataError when none remain."""
        rows = [row for row in read_manifest(self.images, split=split) if row.dataset not in self.without]
        if not rows:
            raise DataError(f"Every data set with split {split} is left out; nothing remains to fit the decision on.")
        return rows


def train_base(
    recipe: BaseRecipe,
    *,
    counting: Counting | None = None,
    on_progress: Callable[[Any], None] | None = None,
    told: Callable[[str], None] | None = None,
) -> tuple[Path, Path, Cohort, dict[str, Any]]:
    """Train (or go on training), export and pick the cohort.

    told: called with a sentence about what of the data is not trained on, where there is such. Returns (Keras file,
    ONNX file, cohort, facts for the manifest). Raises DataError, TrainingStopped, CheckpointError, ExportError.
    """
    import keras

    from mlcore.embedding.checkpoint import warm_start
    from mlcore.embedding.distillation import load_teachers
    from mlcore.embedding.export import export_network
    from mlcore.embedding.network import build_network
    from mlcore.embedding.training import train

    recipe.seen("validation")  # fails now rather than after hours
    _check_names(recipe)
    keras.utils.set_random_seed(recipe.seed)
    model = build_network()
    start = warm_start(model, recipe.start) if recipe.start else None
    teachers, taught_by = load_teachers(recipe.teachers)
    corpus = load_corpus(recipe.corpus(), cache=recipe.cache, progress=counting)
    if told and (sentence := left_out(corpus)):
        told(sentence)
    plan = _plan(recipe, corpus, taught_by)
    data = corpus_key(recipe.corpus()) + (f" from {start[:16]}" if start else "")
    tell = _logged(recipe.work, on_progress)
    step = train(model, corpus, plan, checkpoints=recipe.work, data=data, on_progress=tell, teachers=teachers)
    averaged = _averaged(model, recipe.average, corpus, plan, step) if recipe.average else None
    keras_file, onnx_file = export_network(model, recipe.work / "export")
    network = Network.load(onnx_file, file_digest(onnx_file))
    training = {"steps": step, "seed": recipe.seed, "batch": plan.batch.images, "parameters": model.count_params()}
    facts = {
        "data": corpus_facts(corpus),
        "training": {**training, **_origin(recipe, corpus, start), "averaged": averaged, "recipe": asdict(plan)},
    }
    return keras_file, onnx_file, pick_cohort(corpus, network.embed), facts


def _plan(recipe: BaseRecipe, corpus: SignatureSet, taught_by: tuple[str, ...]) -> TrainingPlan:
    return TrainingPlan(
        steps=recipe.steps,
        seed=recipe.seed,
        shares=shares(dict.fromkeys(corpus.datasets)),
        learning_rate=recipe.learning_rate,
        frozen_stages=recipe.frozen,
        teachers=taught_by,
    )


def _averaged(model: Any, other: Path, corpus: SignatureSet, plan: TrainingPlan, step: int) -> str:
    """Average the weights with another model's, on batches beyond those of the run; returns its SHA-256."""
    from mlcore.embedding.averaging import BATCHES, average_with
    from mlcore.embedding.batches import augmented_batches

    batches = augmented_batches(corpus, replace(plan, steps=step + BATCHES), first_step=step)
    return average_with(model, other, (canvases for canvases, _, _ in batches))


def _check_names(recipe: BaseRecipe) -> None:
    """A misspelt data set must not quietly be trained on."""
    known = {row.dataset for row in read_manifest(recipe.images)}
    if recipe.recordings:
        known |= {file.stem for file in recipe.recordings.glob("*.npz")}
    for name in recipe.without:
        if name not in known:
            raise DataError(f"There is no data set {name} to leave out; there are {', '.join(sorted(known))}.")


def _origin(recipe: BaseRecipe, corpus: SignatureSet, start: str | None) -> dict[str, Any]:
    plan = recipe.corpus()
    given = {"images": plan.images, "recordings": plan.recordings, DATASET: plan.signers}
    return {
        "sources": [name for name in SOURCES if given[name]],
        "synthetic_signers": plan.signers,
        "without": sorted(recipe.without),
        "refused": corpus.refused,
        "start": start,
    }


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
    """Writers, genuine signatures and forgeries of each data set, for the model card; of those who are trained on."""
    able = trained_on(corpus)
    images = zip(corpus.writers.tolist(), corpus.genuine.tolist(), strict=True)
    # By place, not by name: two sources may call different people the same.
    return counted((corpus.datasets[writer], str(writer), genuine) for writer, genuine in images if able[writer])


def left_out(corpus: SignatureSet) -> str:
    """A sentence on what of a corpus is not trained on; empty where all of it is."""
    alone = int((~trained_on(corpus)).sum())
    parts = [unusable(corpus.refused)] if corpus.refused else []
    if alone:
        who = "1 writer has" if alone == 1 else f"{alone} writers have"
        verb = "is" if alone == 1 else "are"
        parts.append(f"{who} fewer than {LEAST_GENUINE} genuine signatures and {verb} not trained on")
    return f"{'; '.join(parts)}." if parts else ""


def unusable(images: int) -> str:
    """How many images of a data set imaging refused, without the stop at its end."""
    return f"{images} image{'' if images == 1 else 's'} could not be used"
