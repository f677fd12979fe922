"""Measure a model version on a data set by the writer-disjoint protocol."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from mlcore.bundle import BASE_DIRECTORY, ArtefactError, Bundle, load_bundle
from mlcore.embedding.sources import DataError, read_manifest
from mlcore.evaluation.embedded import EmbeddedSet, embed_rows
from mlcore.evaluation.evaluating import evaluate, judge_all
from mlcore.evaluation.protocol import measure
from mlcore.evaluation.report import COLUMNS, table_rows
from mlcore.management.progress import counting
from mlcore.scoring import MAX_REFERENCES


class Command(BaseCommand):
    """Works without a database: the shipped base, or the model in --model, against a folder with manifest.csv."""

    help = "Measure a model on the signatures of a folder with manifest.csv; prints a table, writes JSON and plots."
    requires_system_checks: list[str] = []  # no server and no secret is needed

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv and the images")
        parser.add_argument("--split", help="only this split of the manifest; default all rows")
        parser.add_argument("--references", default="1,3,5", help="numbers of specimens, such as 1,3,5")
        parser.add_argument("--model", type=Path, default=BASE_DIRECTORY, help="folder of the model version")
        parser.add_argument("--json", type=Path, help="write the figures to this file")
        parser.add_argument("--plots", type=Path, help="write DET curve and score histograms into this folder")

    def handle(self, *args: Any, **options: Any) -> None:
        references = _references(options["references"])
        try:
            bundle = load_bundle(options["model"])
            rows = read_manifest(options["data"], split=options["split"])
        except (ArtefactError, DataError) as error:
            raise CommandError(str(error)) from error
        with counting() as progress:
            data = embed_rows(rows, bundle.embed, progress)
        report = {"model_version": bundle.name, **evaluate(data, bundle.scorer, references)}
        _print_table(report)
        if options["json"]:
            options["json"].parent.mkdir(parents=True, exist_ok=True)
            options["json"].write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        if options["plots"]:
            _plot(data, bundle, max(references), options["plots"])


def _references(text: str) -> list[int]:
    try:
        counts = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise CommandError("--references takes whole numbers separated by commas, such as 1,3,5.") from None
    if not counts or counts[0] < 1 or counts[-1] > MAX_REFERENCES:
        raise CommandError(f"--references takes numbers from 1 to {MAX_REFERENCES}.")
    return counts


def _print_table(report: dict[str, Any]) -> None:
    table = Table(title=f"Model {report['model_version']}")
    for column in COLUMNS:
        first = column == COLUMNS[0]
        table.add_column(column, justify="left" if first else "right", no_wrap=first)
    for row in table_rows(report):
        table.add_row(*row)
    Console(width=150).print(table)


def _plot(data: EmbeddedSet, bundle: Bundle, references: int, folder: Path) -> None:
    import numpy as np

    from mlcore.evaluation.plots import plot_det, plot_scores

    outcomes = judge_all(data, measure(data, bundle.scorer.cohort), bundle.scorer, references)
    curves = {}
    for name in [*dict.fromkeys(outcome.dataset for outcome in outcomes), "all"]:
        chosen = [outcome for outcome in outcomes if name in (outcome.dataset, "all")]
        curves[name] = tuple(np.concatenate([o.all_scores(kind) for o in chosen]) for kind in ("genuine", "skilled"))
    usable = {name: pair for name, pair in curves.items() if len(pair[0]) and len(pair[1])}
    if not usable:
        return
    title = f"{references} specimens, skilled forgeries"
    plot_det(usable, folder / "det.png", title=title)  # type: ignore[arg-type]
    calibration = bundle.scorer.calibrations[references]
    genuine, skilled = usable["all"]
    plot_scores(genuine, skilled, (calibration.t_match, calibration.t_no_match), folder / "scores.png", title=title)
