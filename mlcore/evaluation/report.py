"""Figures for people: the tables of an evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlcore.evaluation.embedded import EmbeddedSet

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

OPERATING_COLUMNS = (
    "Data set",
    "Specimens",
    "Match: FAR % stated",
    "measured",
    "No match: FRR % stated",
    "measured",
    "Both hold",
    "Cllr / least, bits",
)
RANGE_COLUMNS = ("Specimens", "Rate", "At score", "Stated %", "Measured %", "Trials", "Writers", "Holds")


def table_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """One row a data set and number of specimens, pooled ones last, in the order of COLUMNS; figures in per cent."""
    rows: list[tuple[str, ...]] = []
    for name, references, part, figures in _parts(report):
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


def operating_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What is stated at the two thresholds and what was measured, in the order of OPERATING_COLUMNS."""
    rows: list[tuple[str, ...]] = []
    for name, references, _, figures in _parts(report):
        found = {check["at"]: check for check in figures.get("calibration", ())}
        if found:
            cells = [cell for at in ("t_match", "t_no_match") for cell in _stated_measured(found.get(at))]
            holds = all(found[at]["holds"] for at in ("t_match", "t_no_match") if at in found)
            cost = f"{_bits(figures['cllr'])} / {_bits(figures['cllr_min'])}"
            rows.append((name, references, *cells, _yes(holds), cost))
    return rows


def range_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Stated and measured rates of all writers pooled across the range of scores, in the order of RANGE_COLUMNS."""
    return [
        (
            references,
            check["rate"].upper(),
            f"{check['score']:.2f}",
            *_stated_measured(check),
            str(check["trials"]),
            str(check["writers"]),
            _yes(check["holds"]),
        )
        for references, figures in report["all"]["references"].items()
        for check in figures.get("calibration", ())
        if check["at"] == "score"
    ]


def calibration_sentence(report: Mapping[str, Any]) -> str:
    """How many of the pooled stated rates hold, in words, by all three readings: the first is the most lenient."""
    checks = [check for figures in report["all"]["references"].values() for check in figures.get("calibration", ())]
    holds, stated, measured = (_counted(checks, key) for key in ("holds", "stated_in_measured", "measured_in_stated"))
    return (
        f"Stated rates that hold on all writers pooled: {holds}. A rate holds when stated and measured differ by no "
        f"more than their 95 % intervals allow. By the stricter readings, the stated rate lies in the interval of the "
        f"measured one: {stated}; the measured rate lies in the interval that is stated: {measured}. Refused images, "
        "for which no rate is stated, are not counted."
    )


def unusable_sentence(data: EmbeddedSet) -> str:
    """How many images could not be used, why (the codes of imaging), and what became of them; empty when all could."""
    refused = [remarks for remarks, bad in zip(data.remarks, data.refused, strict=True) if bad]
    if not refused:
        return ""
    codes = Counter(code for remarks in refused for code in remarks)
    why = ", ".join(f"{code} {count}" for code, count in codes.most_common())
    return (
        f"{len(refused)} of {len(data.rows)} images could not be used ({why}). They are never specimens and count as "
        "rejected."
    )


def left_out_sentences(report: Mapping[str, Any]) -> list[str]:
    """What the tables lack and why, a sentence each: writers with too few signatures, no forgeries, nobody else."""
    found = []
    for references, figures in report["all"]["references"].items():
        if left := figures["writers_left_out"]:
            found.append(
                f"With {references} specimens {left} of {report['all']['writers']} writers are left out, who have no "
                "usable genuine signature left to question."
            )
    if lacking := _without(report, "skilled"):
        found.append(
            f"Without skilled forgeries in {', '.join(lacking)} there is no skilled EER, FAR, FRR at 1 % or Cllr (-)."
        )
    if lacking := _without(report, "random"):
        found.append(
            f"With one writer in {', '.join(lacking)} nobody else's signature can be tried: no random EER (-)."
        )
    return found


def _without(report: Mapping[str, Any], kind: str) -> list[str]:
    """Data sets with genuine trials and none of a kind, whatever the number of specimens."""
    trials = {
        name: [figures["trials"] for figures in part["references"].values()]
        for name, part in report["datasets"].items()
    }
    return [
        name
        for name, counts in trials.items()
        if any(count["genuine"] for count in counts) and not any(count[kind] for count in counts)
    ]


def _counted(checks: Sequence[Mapping[str, Any]], key: str) -> str:
    points = [check for check in checks if check["at"] != "score"]
    return (
        f"{sum(check[key] for check in points)} of {len(points)} at the thresholds, "
        f"{sum(check[key] for check in checks)} of {len(checks)} in all"
    )


def _parts(report: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any], Mapping[str, Any]]]:
    """Data set, number of specimens, its part of the report and the figures; all pooled come last."""
    parts = {**report["datasets"], "all": report["all"]} if len(report["datasets"]) > 1 else report["datasets"]
    for name, part in parts.items():
        for references, figures in part["references"].items():
            yield name, references, part, figures


def _stated_measured(check: Mapping[str, Any] | None) -> tuple[str, str]:
    if check is None:
        return "-", "-"
    stated, measured = (
        f"{percent(check[which])} ({percent(check[f'{which}_ci'][0])} - {percent(check[f'{which}_ci'][1])})"
        for which in ("stated", "measured")
    )
    return stated, measured


def _bits(cost: float | None) -> str:
    return "-" if cost is None else f"{cost:.3f}"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def percent(share: float | None) -> str:
    """A share as per cent with one decimal, a dash where there is none."""
    return "-" if share is None else f"{100.0 * share:.1f}"


def markdown_table(report: Mapping[str, Any]) -> str:
    """The same as a Markdown table, for the model card."""
    return markdown_rows(COLUMNS, table_rows(report))


def markdown_calibration(report: Mapping[str, Any]) -> str:
    """Stated beside measured rates as Markdown, for the model card: at the thresholds, then across the scores."""
    thresholds = markdown_rows(OPERATING_COLUMNS, operating_rows(report))
    return f"{thresholds}\n{markdown_rows(RANGE_COLUMNS, range_rows(report))}\n{calibration_sentence(report)}\n"


def markdown_rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Any table as Markdown, with a line break at its end."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
