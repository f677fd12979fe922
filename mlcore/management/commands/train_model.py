"""Train a base network and write it as a model folder."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mlcore.bundle import MANIFEST, load_bundle, write_bundle
from mlcore.embedding.base import BaseRecipe, train_base
from mlcore.embedding.sources import DataError, Progress, read_manifest
from mlcore.evaluation.embedded import embed_rows
from mlcore.evaluation.evaluating import evaluate
from mlcore.evaluation.fitting import fit_scorer
from mlcore.management.progress import bars, counting
from mlcore.runtime import Features, Network, file_digest
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.logistic import FitError
from mlcore.scoring.scorer import Scorer

REFERENCES = (1, 3, 5)


class Command(BaseCommand):
    """Images and recordings in, a model folder out: network, fitted scorer, cohort and measured figures."""

    help = "Train the network on a folder with manifest.csv; resumes from its checkpoint when started again."
    requires_system_checks: list[str] = []  # no server and no secret is needed

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv (train, validation)")
        parser.add_argument("--recordings", type=Path, help="folder with pen recordings (*.npz) to render and add")
        parser.add_argument("--steps", type=int, default=5500, help="training steps in all (98 signatures each)")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--name", default="base", help="name of the model version")
        parser.add_argument("--output", type=Path, help="folder of the model; default var/models/NAME")
        parser.add_argument("--replace", action="store_true", help="write over a model that is there already")
        parser.add_argument("--work", type=Path, help="folder of the checkpoint; default var/training/NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        recipe = _recipe(options)
        output = options["output"] or Path(settings.MODELS_DIR) / recipe.name
        if (output / MANIFEST).exists() and not options["replace"]:
            # An installed version is known by its digest; to write over its files would stop every verification.
            raise CommandError(f"There is a model in {output} already. Choose another --name, or give --replace.")
        try:
            with counting() as tell, _steps() as on_progress:
                keras_file, onnx_file, cohort, facts = train_base(recipe, counting=tell, on_progress=on_progress)
                network = Network.load(onnx_file, file_digest(onnx_file))
                scorer, figures = _fit_and_measure(recipe.images, network, Cohort(cohort), tell)
        except (DataError, FitError, RuntimeError, ValueError) as error:
            raise CommandError(str(error)) from error
        facts = {**facts, "figures": figures}
        write_bundle(output, name=recipe.name, keras_file=keras_file, onnx_file=onnx_file, scorer=scorer, facts=facts)
        bundle = load_bundle(output)
        self.stdout.write(f"Model {bundle.name} is in {output}, digest {bundle.digest[:12]}.")


def _recipe(options: dict[str, Any]) -> BaseRecipe:
    if options["steps"] < 1:
        raise CommandError("--steps takes a number above 0.")
    recordings = options["recordings"]
    if recordings is not None and not any(recordings.glob("*.npz")):
        raise CommandError(f"There are no recordings (*.npz) in {recordings}.")
    work = options["work"] or Path(settings.BASE_DIR) / "var" / "training" / options["name"]
    return BaseRecipe(options["name"], options["data"], recordings, options["steps"], options["seed"], work)


def _fit_and_measure(
    images: Path, network: Network, cohort: Cohort, tell: Progress
) -> tuple[Scorer, dict[str, dict[str, Any]]]:
    """Fit on validation writers, then measure; test writers are looked at once everything is frozen."""

    def embed(canvases: Any) -> list[Features]:
        return [features.stored() for features in network.embed(canvases)]

    validation = embed_rows(read_manifest(images, split="validation"), embed, tell)
    scorer = fit_scorer(validation, cohort)
    figures = {"validation": evaluate(validation, scorer, REFERENCES)}
    try:
        rows = read_manifest(images, split="test")
    except DataError:
        return scorer, figures
    return scorer, {**figures, "test": evaluate(embed_rows(rows, embed, tell), scorer, REFERENCES)}


@contextmanager
def _steps() -> Iterator[Callable[[Any], None]]:
    with bars() as shown:
        task = shown.add_task("training", total=None, visible=False)

        def tell(progress: Any) -> None:
            shown.update(
                task,
                visible=True,
                completed=progress.step,
                total=progress.steps,
                description=f"loss {progress.loss:.3f} spread {progress.spread:.2f}",
            )

        yield tell
