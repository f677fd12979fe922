"""The honesty tests: what a good figure could rest on besides the writing, and whether it holds elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from mlcore.bundle import Bundle
from mlcore.embedding.sources import Progress, Row
from mlcore.evaluation.gathered import Gathered, gather
from mlcore.evaluation.heatmaps import LIMIT as HEAT_LIMIT
from mlcore.evaluation.heatmaps import Found, HeatMaps, heat_maps
from mlcore.evaluation.identification import MAX_PROBES, Identified, identification
from mlcore.evaluation.report import percent
from mlcore.evaluation.robustness import LIMIT as ROBUSTNESS_LIMIT
from mlcore.evaluation.robustness import Robustness, robustness
from mlcore.evaluation.shortcuts import LIMIT as SHORTCUT_LIMIT
from mlcore.evaluation.shortcuts import Shortcut, shortcuts

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HonestyReport:
    """robustness is None where no writer has enough genuine signatures and a forgery."""

    shortcuts: tuple[Shortcut, ...]
    robustness: Robustness | None
    heat_maps: HeatMaps
    identification: tuple[Identified, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready; shares are fractions, not per cent."""
        return {
            "shortcuts": [item.as_dict() for item in self.shortcuts],
            "robustness": self.robustness.as_dict() if self.robustness else None,
            "heat_maps": self.heat_maps.as_dict(),
            "identification": [asdict(item) for item in self.identification],
        }

    def tables(self) -> list[Table]:
        """One table a test, for the terminal."""
        found = []
        for title, columns, rows in self._parts():
            table = Table(title=title)
            for column in columns:
                table.add_column(column, justify="left" if column == columns[0] else "right")
            for row in rows:
                table.add_row(*row)
            found.append(table)
        return found

    def markdown(self) -> str:
        """The same as Markdown tables under headings, for the model card."""
        parts = []
        for title, columns, rows in self._parts():
            lines = [f"### {title}", "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
            parts.append("\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n")
        return "\n".join(parts)

    def _parts(self) -> list[tuple[str, Cells, list[Cells]]]:
        parts = [_shortcut_part(self.shortcuts)]
        if self.robustness:
            parts.append(_robustness_part(self.robustness))
        parts += [_heat_part(self.heat_maps), _deletion_part(self.heat_maps)]
        return [*parts, _identification_part(self.identification)]


def measure_honesty(
    rows: Sequence[Row], bundle: Bundle, tell: Progress | None = None, *, gathered: Gathered | None = None
) -> HonestyReport:
    """All tests of a model on the images of a manifest; heat maps on synthetic pairs. About 5 minutes on one core.

    gathered: gather() of these rows and this bundle, where the caller has it already.
    """
    gathered = gathered or gather(rows, bundle, tell)
    return HonestyReport(
        shortcuts=tuple(shortcuts(rows, gathered.raw, gathered.seen)),
        robustness=robustness(gathered.data, bundle, tell),
        heat_maps=heat_maps(bundle, tell),
        identification=tuple(identification(gathered.data, bundle.scorer, tell=tell)),
    )


def _shortcut_part(found: Sequence[Shortcut]) -> tuple[str, Cells, list[Cells]]:
    columns = (
        "Data set",
        "Classifier on",
        "Writers",
        "Images",
        "AUC",
        "95 % interval",
        f"within the limit of {SHORTCUT_LIMIT:g}",
        "within writers",
        "Most telling, AUC alone",
    )
    rows: list[Cells] = [
        (
            item.dataset,
            "the file" if item.of == "file" else "the canvas",
            str(item.writers),
            str(item.images),
            "-" if item.auc is None else f"{item.auc:.2f}",
            f"{item.interval[0]:.2f} - {item.interval[1]:.2f}" if item.interval else "-",
            _met(item.within),
            "-" if item.within_writers is None else f"{item.within_writers:.2f}",
            ", ".join(f"{name} {auc:.2f}" for name, auc in item.telling),
        )
        for item in found
    ]
    return "Shortcuts: genuine or forged without looking at the writing", columns, rows


def _robustness_part(found: Robustness) -> tuple[str, Cells, list[Cells]]:
    columns = (
        "Questioned picture", "Skilled EER %", "Points more", "95 % interval",
        f"within the limit of {100 * ROBUSTNESS_LIMIT:g}", "Refused genuine / forged %",
        "FRR / FAR % at the clean threshold",
    )  # fmt: skip
    rows: list[Cells] = [("clean", percent(found.clean_eer), *"-----")]
    rows += [
        (
            item.name,
            percent(item.eer),
            _points(item.difference),
            f"{_points(item.interval[0])} to {_points(item.interval[1])}",
            _met(item.within),
            f"{percent(item.refused_genuine)} / {percent(item.refused_forged)}",
            f"{percent(item.frr)} / {percent(item.far)}",
        )
        for item in found.disturbed
    ]
    trials = f"{found.genuine} genuine and {found.forged} forged of {found.writers} writers"
    return f"Robustness: {found.references} clean specimens, {trials}", columns, rows


def _heat_part(found: HeatMaps) -> tuple[str, Cells, list[Cells]]:
    columns = (
        "Against", "Altered", "Pairs", "In the top 20 % of the ink",
        f"within the limit: {percent(HEAT_LIMIT)} or more", "chance", "of the whole map", "chance",
    )  # fmt: skip
    rows: list[Cells] = [_heat_row("same movement, another pen", item) for item in found.found]
    rows += [_heat_row("three other signatures", item) for item in found.varied]
    return "Heat map: one altered stroke of a synthetic signature, found in % of pairs", columns, rows


def _heat_row(against: str, item: Found) -> Cells:
    shares = (item.chance_of_ink, item.of_map, item.chance_of_map)
    found = (percent(item.of_ink), _met(item.within))
    return (against, item.alteration, str(item.pairs), *found, *(percent(share) for share in shares))


def _deletion_part(found: HeatMaps) -> tuple[str, Cells, list[Cells]]:
    columns = ("Erased on", "Pairs", "Hottest moves the score further %", "Mean change, hottest", "Mean change, random")
    item = found.deletion
    rows: list[Cells] = [
        ("both canvases", str(item.pairs), percent(item.further), f"{item.hottest:.2f}", f"{item.random:.2f}"),
        (
            "the questioned one",
            str(item.pairs),
            percent(item.questioned_further),
            f"{item.questioned_hottest:.2f}",
            f"{item.questioned_random:.2f}",
        ),
    ]
    return "Heat map: a tenth of the ink erased, at the hottest or at a random place", columns, rows


def _identification_part(found: Sequence[Identified]) -> tuple[str, Cells, list[Cells]]:
    columns = (
        "Specimens", "Writers", "Probes", "Rank 1 %", "95 % interval", "by vector alone %", "in the shortlist %",
        "Found at 1 % false finds, %", "95 % interval",
    )  # fmt: skip
    rows: list[Cells] = [
        (
            str(item.references),
            str(item.writers),
            f"{item.probes} of {item.probes_at_hand}",
            percent(item.rank_one),
            _range(item.rank_one_interval),
            percent(item.rank_one_vector),
            percent(item.shortlisted),
            percent(item.found),
            _range(item.found_interval),
        )
        for item in found
    ]
    return f"Identification over all writers, at most {MAX_PROBES} probes drawn at random", columns, rows


def _met(within: bool | None) -> str:
    return "-" if within is None else "yes" if within else "no"


def _points(share: float) -> str:
    return f"{100.0 * share:+.1f}"


def _range(interval: tuple[float, float] | None) -> str:
    return f"{percent(interval[0])} - {percent(interval[1])}" if interval else "-"
