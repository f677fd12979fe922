"""Figures for people: the table of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COLUMNS = (
    "Data set",
    "Specimens",
    "Writers",
    "Skilled EER %",
    "95 % interval",
    "Random EER %",
    "FRR at FAR 1 %",
    "Genuine: match / refer %",
    "Skilled matched %",
    "Refused genuine / forged %",
)


def table_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One row a data set and number of specimens, pooled ones last, in the order of COLUMNS; figures in per cent."""
    parts = {**report["datasets"], "all": report["all"]} if len(report["datasets"]) > 1 else report["datasets"]
    rows: list[tuple[str, ...]] = []
    for name, part in parts.items():
        for references, figures in part["references"].items():
            interval = figures["skilled_eer_ci"]
            rows.append(
                (
                    name,
                    references,
                    str(part["writers"] - figures["writers_left_out"]),
                    percent(figures["skilled_eer"]),
                    f"{percent(interval[0])} - {percent(interval[1])}" if interval else "-",
                    percent(figures["random_eer"]),
                    percent(figures["frr_at_far_1"]),
                    f"{percent(figures['match_rate_genuine'])} / {percent(figures['refer_rate_genuine'])}",
                    percent(figures["match_rate_skilled"]),
                    f"{percent(part['refused']['genuine'])} / {percent(part['refused']['forged'])}",
                )
            )
    return rows


def percent(share: float | None) -> str:
    """A share as per cent with one decimal, a dash where there is none."""
    return "-" if share is None else f"{100.0 * share:.1f}"


def markdown_table(report: Mapping[str, Any]) -> str:
    """The same as a Markdown table, for the model card."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(row) + " |" for row in table_rows(report)]
    return "\n".join(lines) + "\n"
