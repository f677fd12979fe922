"""The honesty tests: what a good figure could rest on besides the writing, and whether it holds elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from mlcore.bundle import Bundle
from mlcore.embedding.sources import Progress, Row
from mlcore.evaluation.gathered import Gathered, gather
from mlcore.evaluation.heatmaps import HeatMaps, heat_maps
from mlcore.evaluation.honesty_tables import honesty_markdown, honesty_tables
from mlcore.evaluation.identification import Identified, identification
from mlcore.evaluation.robustness import Robustness, robustness
from mlcore.evaluation.shortcuts import Shortcut, shortcuts


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
            "identification": [item.as_dict() for item in self.identification],
        }

    def tables(self) -> list[Table]:
        """One table a test, for the terminal."""
        return honesty_tables(self.as_dict())

    def markdown(self) -> str:
        """The same as Markdown tables under headings; the model card's are made of the figures kept beside it."""
        return honesty_markdown(self.as_dict())


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
