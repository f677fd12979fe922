"""Fit the decision of a model anew; its network stays as it is."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mlcore.bundle import ArtefactError, check_bundle, load_bundle, write_bundle
from mlcore.embedding.sources import DataError, read_manifest
from mlcore.evaluation.finishing import OF_THE_DECISION, fit_and_measure
from mlcore.management.output import model_folder
from mlcore.management.progress import counting
from mlcore.scoring.logistic import FitError


class Command(BaseCommand):
    """A model folder and labelled signatures in; a model folder with heads, thresholds and figures of these out."""

    help = "Fit thresholds and calibration of a model on the validation writers of a folder with manifest.csv."
    requires_system_checks: list[str] = []  # no server and no secret is needed

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv (validation, test)")
        parser.add_argument("--model", type=Path, required=True, help="folder of the model whose network is kept")
        parser.add_argument("--name", help="name of the model version; default the model's own")
        parser.add_argument("--output", type=Path, help="folder of the new model; default var/models/NAME")
        parser.add_argument("--replace", action="store_true", help="write over a model that is there already")

    def handle(self, *args: Any, **options: Any) -> None:
        model: Path = options["model"]
        try:
            check_bundle(model)
            bundle = load_bundle(model)
            name = options["name"] or bundle.name
            output = model_folder(options["output"], name, replace=options["replace"])
            without = bundle.manifest.get("training", {}).get("without", [])  # what training never saw, the fit may not
            rows = [row for row in read_manifest(options["data"], split="validation") if row.dataset not in without]
            with counting() as tell:
                scorer, found = fit_and_measure(rows, options["data"], bundle.network, bundle.scorer.cohort, tell)
            facts = {key: value for key, value in bundle.facts.items() if key not in OF_THE_DECISION}
            write_bundle(
                output,
                name=name,
                keras_file=bundle.keras_file,
                onnx_file=bundle.onnx_file,
                scorer=scorer,
                facts={**facts, **found},
            )
        except (ArtefactError, DataError, FitError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Model {name} is in {output}, digest {load_bundle(output).digest[:12]}.")
