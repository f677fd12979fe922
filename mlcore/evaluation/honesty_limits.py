"""Which limits the honesty tests have, what was measured for each, and which are kept; from the figures as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlcore.evaluation.heatmaps import ALL
from mlcore.evaluation.identification import LIMITED_REFERENCES
from mlcore.evaluation.report import percent

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit. allowed, measured: as people read them. kept: None where nothing was measured."""

    test: str
    of: str
    allowed: str
    measured: str
    kept: bool | None


def limits(figures: Figures) -> list[Limit]:
    """All limits of HonestyReport.as_dict(), in the order of its tests."""
    heat = figures["heat_maps"]
    return [
        _shortcut(figures["shortcuts"]),
        _robustness(figures["robustness"]),
        _heat(heat["found"]),
        _deletion(heat["deletion"]),
        _rank_one(figures["identification"]),
        *(_found(item) for item in figures["identification"]),
    ]


def limits_sentence(found: Sequence[Limit]) -> str:
    """How many limits are kept, and by name which are not or were not measured."""
    kept = sum(limit.kept is True for limit in found)
    parts = [f"All {kept} limits are kept" if kept == len(found) else f"{kept} of {len(found)} limits are kept"]
    for told, verdict in (("not kept", False), ("not measured", None)):
        if named := [f"{limit.test.lower()}, {limit.of}" for limit in found if limit.kept is verdict]:
            parts.append(f"{told}: {'; '.join(named)}")
    return ". ".join(part[0].upper() + part[1:] for part in parts) + "."


def _shortcut(found: Sequence[Figures]) -> Limit:
    name = "AUC on the canvas, the highest of the data sets"
    limited = [item for item in found if item["within"] is not None]
    if not limited:
        return Limit("Shortcuts", name, "-", "-", None)
    worst = max(limited, key=lambda item: item["auc"])
    measured = f"{worst['auc']:.2f} ({worst['dataset']})"
    return Limit("Shortcuts", name, f"at most {worst['limit']:g}", measured, worst["within"])


def _robustness(found: Figures | None) -> Limit:
    name = "points that skilled EER rises by, the worst disturbance"
    if not found:
        return Limit("Robustness", name, "-", "-", None)
    worst = max(found["disturbed"], key=lambda item: item["difference"])
    measured = f"{100 * worst['difference']:+.1f} ({worst['name']})"
    return Limit("Robustness", name, f"at most {100 * worst['limit']:g}", measured, worst["within"])


def _heat(found: Sequence[Figures]) -> Limit:
    name = "pairs of the same movement whose altered stroke is in the top 20 % of the ink, all alterations, %"
    pooled = next((item for item in found if item["alteration"] == ALL), None)
    if not pooled:
        return Limit("Heat map", name, "-", "-", None)
    return Limit("Heat map", name, f"at least {_whole(pooled['limit'])}", percent(pooled["of_ink"]), pooled["within"])


def _deletion(found: Figures) -> Limit:
    name = "pairs whose score the hottest place, erased on both canvases, changes more than a random one, %"
    allowed = f"more than {_whole(found['limit'])}, and more on average"
    measured = f"{percent(found['further'])}, {found['hottest']:.2f} against {found['random']:.2f}"
    return Limit("Heat map", name, allowed, measured if found["pairs"] else "-", found["within"])


def _rank_one(found: Sequence[Figures]) -> Limit:
    name = f"rank 1 with {LIMITED_REFERENCES} specimens, %"
    item = next((item for item in found if item["rank_one_limit"] is not None), None)
    if not item:
        return Limit("Identification", name, "-", "-", None)
    allowed = f"at least {_whole(item['rank_one_limit'])}"
    return Limit("Identification", name, allowed, percent(item["rank_one"]), item["rank_one_within"])


def _found(found: Figures) -> Limit:
    name = f"found at 1 % false finds with {_specimens(found['references'])}, %"
    allowed = f"at least {_whole(found['found_limit'])}"
    return Limit("Identification", name, allowed, percent(found["found"]), found["found_within"])


def _specimens(count: int) -> str:
    return "1 specimen" if count == 1 else f"{count} specimens"


def _whole(share: float) -> str:
    return f"{100 * share:g}"
