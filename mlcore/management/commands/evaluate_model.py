"""Measure a model version on a data set by the writer-disjoint protocol."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from mlcore.bundle import BASE_DIRECTORY, ArtefactError, Bundle, load_bundle
from mlcore.embedding.sources import DataError, Row, read_manifest
from mlcore.evaluation.embedded import EmbeddedSet, embed_rows
from mlcore.evaluation.evaluating import evaluate, judge_all
from mlcore.evaluation.protocol import measure
from mlcore.evaluation.report import (
    COLUMNS,
    OPERATING_COLUMNS,
    RANGE_COLUMNS,
    calibration_sentence,
    left_out_sentences,
    operating_rows,
    range_rows,
    table_rows,
    unusable_sentence,
)
from mlcore.management.progress import counting
from mlcore.scoring import MAX_REFERENCES

if TYPE_CHECKING:
    from mlcore.evaluation.gathered import Gathered


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
        parser.add_argument(
            "--plots", type=Path, help="write DET curve, histograms, calibration and typical failures into this folder"
        )
        parser.add_argument(
            "--honesty", action="store_true", help="also test shortcuts, robustness, heat map and identification"
        )
        parser.add_argument(
            "--card",
            type=Path,
            help="with --honesty: keep what it measured as honesty.json in this folder and in the model card there",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        references = _references(options["references"])
        if options["card"]:
            _check_card(options["card"], honesty=options["honesty"])
        try:
            bundle = load_bundle(options["model"])
            rows = read_manifest(options["data"], split=options["split"])
        except (ArtefactError, DataError) as error:
            raise CommandError(str(error)) from error
        gathered = _gathered(rows, bundle) if options["honesty"] else None
        data = gathered.data if gathered else _embedded(rows, bundle)
        measured = {"model_version": bundle.name, "digest": bundle.digest}
        report = {**measured, **evaluate(data, bundle.scorer, references)}
        console = Console(width=150)
        _print_tables(report, console)
        for sentence in (unusable_sentence(data), *left_out_sentences(report)):
            if sentence:
                console.print(sentence, highlight=False)
        _write(report, options["json"])
        if options["plots"]:
            _plot(data, bundle, max(references), options["plots"], console)
            _plot_calibration(report, options["plots"])
            _picture_failures(bundle, options["plots"])
        if gathered:
            # Last, and the figures are on disk by now: should one of these long tests fail, nothing else is lost.
            report["honesty"] = _honesty(rows, bundle, gathered, console)
            _write(report, options["json"])
            if options["card"]:
                _keep(options["card"], {**measured, "split": options["split"], "honesty": report["honesty"]})


def _check_card(folder: Path, *, honesty: bool) -> None:
    """Before anything is measured, since that takes minutes."""
    from mlcore.evaluation.honesty_card import check_card

    if not honesty:
        raise CommandError("--card keeps what the honesty tests measure; add --honesty.")
    try:
        check_card(folder)
    except ValueError as error:
        raise CommandError(str(error)) from error


def _keep(folder: Path, kept: dict[str, Any]) -> None:
    from mlcore.evaluation.honesty_card import keep_honesty

    keep_honesty(folder, kept)


def _references(text: str) -> list[int]:
    try:
        counts = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise CommandError("--references takes whole numbers separated by commas, such as 1,3,5.") from None
    if not counts or counts[0] < 1 or counts[-1] > MAX_REFERENCES:
        raise CommandError(f"--references takes numbers from 1 to {MAX_REFERENCES}.")
    return counts


def _embedded(rows: Sequence[Row], bundle: Bundle) -> EmbeddedSet:
    with counting() as progress:
        return embed_rows(rows, bundle.embed, progress)


def _gathered(rows: Sequence[Row], bundle: Bundle) -> Gathered:
    """The same and what the honesty tests need of each image, read once for both."""
    from mlcore.evaluation.gathered import gather

    with counting() as progress:
        return gather(rows, bundle, progress)


def _write(report: dict[str, Any], path: Path | None) -> None:
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _print_tables(report: dict[str, Any], console: Console) -> None:
    console.print(_table(f"Model {report['model_version']}", COLUMNS, table_rows(report)))
    console.print(_table("What the thresholds state and what was measured", OPERATING_COLUMNS, operating_rows(report)))
    console.print(_table("The same across the scores, all writers pooled", RANGE_COLUMNS, range_rows(report)))
    console.print(calibration_sentence(report))


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", no_wrap=index == 0)
    for row in rows:
        table.add_row(*row)
    return table


def _honesty(rows: Sequence[Row], bundle: Bundle, gathered: Gathered, console: Console) -> dict[str, Any]:
    from mlcore.evaluation.honesty import measure_honesty  # only here: it loads what a plain evaluation does not need

    with counting() as progress:
        found = measure_honesty(rows, bundle, progress, gathered=gathered)
    for table in found.tables():
        console.print(table)
    figures: dict[str, Any] = found.as_dict()
    return figures


def _plot_calibration(report: dict[str, Any], folder: Path) -> None:
    from mlcore.evaluation.plots import plot_calibration

    checks = {f"{count} specimens": part["calibration"] for count, part in report["all"]["references"].items()}
    plot_calibration(checks, folder / "calibration.png", title="Stated and measured error rates, all writers pooled")


def _picture_failures(bundle: Bundle, folder: Path) -> None:
    import cv2

    from mlcore.evaluation.failures import failure_sheet, typical_failures

    cv2.imwrite(str(folder / "failures.png"), failure_sheet(typical_failures(bundle)))


def _plot(data: EmbeddedSet, bundle: Bundle, references: int, folder: Path, console: Console) -> None:
    import numpy as np

    from mlcore.evaluation.plots import plot_det, plot_scores

    outcomes = judge_all(data, measure(data, bundle.scorer.cohort), bundle.scorer, references)
    curves = {}
    for name in [*dict.fromkeys(row.dataset for row in data.rows), "all"]:
        chosen = [outcome for outcome in outcomes if name in (outcome.dataset, "all")]
        curves[name] = tuple(
            np.concatenate([np.zeros(0), *(o.all_scores(kind) for o in chosen)]) for kind in ("genuine", "skilled")
        )
    usable = {name: pair for name, pair in curves.items() if len(pair[0]) and len(pair[1])}
    if lacking := [name for name in curves if name not in usable]:
        drawn = f"No DET curve of {', '.join(lacking)}" if usable else "No DET curve and no histogram of the scores"
        why = f"with {references} specimens there are not both genuine signatures and skilled forgeries to question"
        console.print(f"{drawn} is drawn: {why}.", highlight=False)
    if not usable:
        return
    title = f"{references} specimens, skilled forgeries"
    plot_det(usable, folder / "det.png", title=title)  # type: ignore[arg-type]
    calibration = bundle.scorer.calibrations[references]
    genuine, skilled = usable["all"]
    plot_scores(genuine, skilled, (calibration.t_match, calibration.t_no_match), folder / "scores.png", title=title)
