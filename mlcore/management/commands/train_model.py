"""Train a base network and write it as a model folder."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mlcore.bundle import load_bundle, write_bundle
from mlcore.embedding.base import SOURCES, BaseRecipe, train_base
from mlcore.embedding.sources import Row
from mlcore.evaluation.finishing import fit_and_measure
from mlcore.evaluation.fitting import LEAST_WRITERS
from mlcore.management.output import in_a_sentence, model_folder
from mlcore.management.progress import counting, steps_shown
from mlcore.runtime import Network, file_digest
from mlcore.scoring.logistic import FitError
from mlcore.scoring.scorer import MAX_REFERENCES


class Command(BaseCommand):
    """Images and recordings in, a model folder out: network, fitted scorer, cohort and measured figures."""

    help = "Train the network on a folder with manifest.csv; resumes from its checkpoint when started again."
    requires_system_checks: list[str] = []  # no server and no secret is needed

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv (train, validation)")
        parser.add_argument("--recordings", type=Path, help="folder with pen recordings (*.npz) to render and add")
        parser.add_argument("--signers", type=int, default=2400, help="synthetic signers to write and add")
        parser.add_argument("--sources", help=f"what to train on, of {','.join(SOURCES)}; default all that are given")
        parser.add_argument("--without", default="", help="data sets, with commas, that training and fit never see")
        parser.add_argument("--start", type=Path, help="model folder or .keras file to take the first weights from")
        parser.add_argument("--average", type=Path, help="model folder or .keras file whose weights are averaged in")
        parser.add_argument("--teachers", default="", help="models, with commas, whose distances are learnt as well")
        parser.add_argument("--steps", type=int, default=5500, help="training steps in all (98 signatures each)")
        parser.add_argument("--learning-rate", type=float, default=1e-3, help="the highest of the run")
        parser.add_argument("--frozen", type=int, default=0, help="stages at the beginning that keep their weights")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--name", default="base", help="name of the model version")
        parser.add_argument("--output", type=Path, help="folder of the model; default var/models/NAME")
        parser.add_argument("--replace", action="store_true", help="write over a model that is there already")
        parser.add_argument(
            "--work", type=Path, help="folder of the checkpoint; default var/training/NAME; prepared data go beside it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        recipe = _recipe(options)
        output = model_folder(options["output"], recipe.name, replace=options["replace"])
        with in_a_sentence():
            rows = recipe.seen("validation")
            _check_fit(rows)
            with counting() as tell, steps_shown() as on_progress:
                keras_file, onnx_file, cohort, facts = train_base(
                    recipe, counting=tell, on_progress=on_progress, told=self.stdout.write
                )
                network = Network.load(onnx_file, file_digest(onnx_file))
                scorer, found = fit_and_measure(rows, recipe.images, network, cohort, tell)
            facts = {**facts, **found}
            write_bundle(
                output, name=recipe.name, keras_file=keras_file, onnx_file=onnx_file, scorer=scorer, facts=facts
            )
        bundle = load_bundle(output)
        self.stdout.write(f"Model {bundle.name} is in {output}, digest {bundle.digest[:12]}.")


def _recipe(options: dict[str, Any]) -> BaseRecipe:
    for name, lowest in (("steps", 1), ("seed", 1), ("signers", 0), ("frozen", 0)):
        if options[name] < lowest:
            raise CommandError(f"--{name} takes a number {f'above {lowest - 1}' if lowest else 'from 0'}.")
    if not 0 < options["learning_rate"] <= 1:
        raise CommandError("--learning-rate takes a number above 0, at most 1.")
    recordings = options["recordings"]
    if recordings is not None and not any(recordings.glob("*.npz")):
        raise CommandError(f"There are no recordings (*.npz) in {recordings}.")
    work = options["work"] or Path(settings.BASE_DIR) / "var" / "training" / options["name"]
    return BaseRecipe(
        name=options["name"],
        images=options["data"],
        recordings=recordings,
        steps=options["steps"],
        seed=options["seed"],
        work=work,
        cache=work.parent / "corpus",
        signers=options["signers"],
        sources=_sources(options),
        without=_names(options["without"]),
        start=options["start"],
        learning_rate=options["learning_rate"],
        frozen=options["frozen"],
        average=options["average"],
        teachers=tuple(Path(name) for name in _names(options["teachers"])),
    )


def _sources(options: dict[str, Any]) -> tuple[str, ...]:
    if options["sources"] is None:
        return SOURCES
    chosen = _names(options["sources"])
    unknown = [name for name in chosen if name not in SOURCES]
    if unknown or not chosen:
        found = f", not {unknown[0]}" if unknown else ""
        raise CommandError(f"--sources takes {', '.join(SOURCES[:-1])} and {SOURCES[-1]}{found}.")
    if "recordings" in chosen and options["recordings"] is None:
        raise CommandError("--sources names recordings; say with --recordings where they are.")
    if "synthetic" in chosen and not options["signers"]:
        raise CommandError("--sources names synthetic; give --signers a number above 0.")
    return chosen


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _check_fit(rows: Sequence[Row]) -> None:
    """The decision is fitted last; that it can not be is said before hours of training."""
    genuine = Counter((row.dataset, row.writer) for row in rows if row.genuine)
    forged = {(row.dataset, row.writer) for row in rows if not row.genuine}
    if not forged:
        raise FitError("There are no forgeries of validation writers; the decision can not be fitted without.")
    able = [writer for writer in forged if genuine[writer] > MAX_REFERENCES]
    if len(able) < LEAST_WRITERS:
        raise FitError(
            f"To fit the decision, {LEAST_WRITERS} validation writers need a forgery and {MAX_REFERENCES + 1} genuine "
            f"signatures; manifest.csv has {len(able)}."
        )
