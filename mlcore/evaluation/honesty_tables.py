"""The honesty tests for people: tables and what to know about them, from the figures as JSON keeps them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from rich.table import Table

from mlcore.evaluation.honesty_limits import limits, limits_sentence
from mlcore.evaluation.identification import LIMITED_REFERENCES, MAX_PROBES, RANK_ONE_LIMIT
from mlcore.evaluation.report import markdown_rows, percent

Figures = Mapping[str, Any]
Cells = tuple[str, ...]
WIDTH = 125  # of a line in the documents


@dataclass(frozen=True, slots=True)
class Part:
    """A table under a title, with paragraphs below it. Without rows it was not measured, and a paragraph says why."""

    title: str
    columns: Cells
    rows: Sequence[Cells]
    notes: Sequence[str] = ()


def honesty_parts(figures: Figures) -> list[Part]:
    """The limits first, then a part a test. figures: HonestyReport.as_dict(), or what JSON gives back of it."""
    heat = figures["heat_maps"]
    return [
        _limits(figures),
        _shortcuts(figures["shortcuts"]),
        _robustness(figures["robustness"]),
        _heat(heat),
        _deletion(heat["deletion"]),
        _identification(figures["identification"]),
    ]


def honesty_tables(figures: Figures) -> list[Table]:
    """One table a part, for the terminal."""
    found = []
    for part in honesty_parts(figures):
        if not part.rows:
            found.append(Table(*part.notes, title=part.title, box=None))  # a table without a column shows no caption
            continue
        table = Table(title=part.title, caption="\n".join(part.notes) or None, caption_justify="left")
        for column in part.columns:
            table.add_column(column, justify="left" if column == part.columns[0] else "right")
        for row in part.rows:
            table.add_row(*row)
        found.append(table)
    return found


def honesty_markdown(figures: Figures) -> str:
    """The same as Markdown tables under headings of the third rank, for the model card."""
    return "\n".join(_markdown(part) for part in honesty_parts(figures))


def _markdown(part: Part) -> str:
    blocks = [f"### {part.title}\n"]
    if part.rows:
        blocks.append(markdown_rows(part.columns, part.rows))
    blocks += [textwrap.fill(note, WIDTH, break_long_words=False) + "\n" for note in part.notes]
    return "\n".join(blocks)


def _limits(figures: Figures) -> Part:
    found = limits(figures)
    rows = [(limit.test, limit.of, limit.allowed, limit.measured, _met(limit.kept)) for limit in found]
    return Part(
        "Limits of the honesty tests", ("Test", "What is limited", "Limit", "Measured", "Kept"), rows,
        [f"{limits_sentence(found)} The rows below that have a dash for the limit are told without one."],
    )  # fmt: skip


def _shortcuts(found: Sequence[Figures]) -> Part:
    limit = next(item["limit"] for item in found if item["limit"] is not None)
    columns = (
        "Data set", "Classifier on", "Writers", "Images", "AUC", "95 % interval",
        f"within the limit: {limit:g} or less", "within writers", "kinds swapped at random, 95 %",
        "Most telling, AUC alone",
    )  # fmt: skip
    rows = [
        (
            item["dataset"],
            "the file" if item["of"] == "file" else "the canvas",
            str(item["writers"]),
            str(item["images"]),
            _auc(item["auc"]),
            _aucs(item["interval"]),
            _met(item["within"]),
            _auc(item["within_writers"]),
            _aucs(item["by_swapping"]),
            ", ".join(f"{name} {auc:.2f}" for name, auc in item["telling"]),
        )
        for item in found
    ]
    notes = [
        "A logistic regression on tone, amount of ink, size and aspect, cross-validated by writer. The limit is for "
        "the canvas, which is all that the network sees; the file is told for comparison. Within writers: the mean AUC "
        "among the signatures of one writer. Kinds swapped: genuine and forged are called the other way round for "
        "writers drawn at random, so that no difference carries over from one writer to the next."
    ]
    notes += [_turned_note(item) for item in found if item["within_turned"] is False]
    if alone := [item["dataset"] for item in found if item["of"] == "canvas" and item["auc"] is None]:
        notes.append(f"Not measured for want of two writers with genuine and forged signatures: {', '.join(alone)}.")
    return Part("Shortcuts: genuine or forged without looking at the writing", columns, rows, notes)


def _turned_note(item: Figures) -> str:
    """What an AUC far below 0.5 means: the letter of the limit is kept, a limit on both sides would not be."""
    auc, (low, high) = item["auc"], item["by_swapping"]
    usual = low <= auc <= high
    return (
        f"{item['dataset']}: an AUC of {auc:.2f} is within the limit, but {1 - auc:.2f} if the classifier is turned "
        f"round, which a limit on both sides would not allow. Within writers it is {item['within_writers']:.2f}: "
        "forgeries do differ from a writer's own signatures in these properties, but each writer's in another "
        "direction. A direction that writers share gives an AUC above 0.5; without one, writers left out of a fit tend "
        f"the other way than the rest. Swapped at random, 95 % of the AUCs lie from {low:.2f} to {high:.2f}"
        + ("" if usual else ", and here the directions cancel each other out more evenly still")
        + ". Turned round, the classifier would therefore tell nothing of other writers; but so few writers would not "
        "show a weak shortcut either."
    )


def _robustness(found: Figures | None) -> Part:
    if not found:
        why = "Not measured: no writer has a forgery and more usable genuine signatures than the specimens it takes."
        return Part("Robustness", (), (), [why])
    columns = (
        "Questioned picture", "Skilled EER %", "Points more", "95 % interval",
        f"within the limit: {100 * found['disturbed'][0]['limit']:g} or less", "Refused genuine / forged %",
        "FRR / FAR % at the clean threshold",
    )  # fmt: skip
    rows: list[Cells] = [("clean", percent(found["clean_eer"]), *"-----")]
    rows += [
        (
            item["name"],
            percent(item["eer"]),
            _points(item["difference"]),
            f"{_points(item['interval'][0])} to {_points(item['interval'][1])}",
            _met(item["within"]),
            f"{percent(item['refused_genuine'])} / {percent(item['refused_forged'])}",
            f"{percent(item['frr'])} / {percent(item['far'])}",
        )
        for item in found["disturbed"]
    ]
    questioned = f"{found['genuine']} genuine and {found['forged']} forged of {found['writers']} writers"
    return Part(
        f"Robustness: {found['references']} clean specimens, {questioned}", columns, rows, _robustness_notes(found)
    )


def _robustness_notes(found: Figures) -> list[str]:
    frr, far = (max(found["disturbed"], key=itemgetter(rate)) for rate in ("frr", "far"))
    return [
        f"One draw of specimens and at most {found['trials']} trials of each kind a writer, all writers pooled: the "
        "clean figure is another than that of the protocol, which draws five times and questions every signature. "
        "A refused picture counts as rejected; the difference is that of the same trials, clean and disturbed.",
        f"At the threshold of the clean pictures, where both rates are about {percent(found['clean_eer'])} %, the most "
        f"genuine signatures are rejected for {frr['name']} ({percent(frr['frr'])} %), and the most forgeries pass "
        f"for {far['name']} ({percent(far['far'])} %).",
    ]


def _heat(found: Figures) -> Part:
    limit = next((item["limit"] for item in found["found"] if item["limit"] is not None), None)
    columns = (
        "Against", "Altered", "Pairs", "In the top 20 % of the ink",
        f"within the limit: {percent(limit)} or more", "chance", "of the whole map", "chance",
    )  # fmt: skip
    rows = [_heat_row("same movement, another pen", item) for item in found["found"]]
    rows += [_heat_row("three other signatures", item) for item in found["varied"]]
    notes = [
        "The limit is for all alterations of the same movement together. Against three other signatures a signer's own "
        "variation is hot as well; that, and each alteration alone, is told without a limit. Chance: how often a "
        "stroke that was not altered lies there."
    ]
    return Part("Heat map: one altered stroke of a synthetic signature, found in % of pairs", columns, rows, notes)


def _heat_row(against: str, item: Figures) -> Cells:
    shares = (item["chance_of_ink"], item["of_map"], item["chance_of_map"])
    return (
        against, item["alteration"], str(item["pairs"]), percent(item["of_ink"]), _met(item["within"]),
        *(percent(share) for share in shares),
    )  # fmt: skip


def _deletion(found: Figures) -> Part:
    columns = (
        "Erased on", "Pairs", "Hottest moves the score further %",
        f"within the limit: more than {percent(found['limit'])}", "Mean change, hottest", "Mean change, random",
    )  # fmt: skip
    rows: list[Cells] = [
        (
            name,
            str(found["pairs"]),
            percent(found[f"{of}further"]),
            _met(within),
            f"{found[f'{of}hottest']:.2f}",
            f"{found[f'{of}random']:.2f}",
        )
        for name, of, within in (("both canvases", "", found["within"]), ("the questioned one", "questioned_", None))
    ]
    notes = [
        "The limit is for both canvases, which takes the place out of the comparison; there the mean change must be "
        "larger too."
    ]
    if found["questioned_further"] <= found["limit"]:
        notes.append(
            "Erased on the questioned canvas alone, the hottest place does not change the score more than a random "
            "one: an odd stroke that is gone then counts as missing."
        )
    return Part("Heat map: a tenth of the ink erased, at the hottest or at a random place", columns, rows, notes)


def _identification(found: Sequence[Figures]) -> Part:
    title = f"Identification over all writers, at most {MAX_PROBES} probes drawn at random"
    if not found:
        return Part(title, (), (), ["Not measured: fewer than two writers have a genuine signature to spare."])
    columns = (
        "Specimens", "Writers", "Probes", "Rank 1 %", "95 % interval",
        f"within the limit: {percent(RANK_ONE_LIMIT)} or more",
        "by vector alone %", "in the shortlist %", "Found at 1 % false finds, %", "95 % interval",
        f"within the limit: {percent(found[0]['found_limit'])} or more",
    )  # fmt: skip
    rows = [
        (
            str(item["references"]),
            str(item["writers"]),
            f"{item['probes']} of {item['probes_at_hand']}",
            percent(item["rank_one"]),
            _range(item["rank_one_interval"]),
            _met(item["rank_one_within"]),
            percent(item["rank_one_vector"]),
            percent(item["shortlisted"]),
            percent(item["found"]),
            _range(item["found_interval"]),
            _met(item["found_within"]),
        )
        for item in found
    ]
    note = f"The limit of rank 1 is for {LIMITED_REFERENCES} specimens, that of what is found for every number of them."
    return Part(title, columns, rows, [note])


def _met(within: bool | None) -> str:
    return "-" if within is None else "yes" if within else "no"


def _points(share: float) -> str:
    return f"{100.0 * share:+.1f}"


def _range(interval: Sequence[float] | None) -> str:
    return f"{percent(interval[0])} - {percent(interval[1])}" if interval else "-"


def _auc(auc: float | None) -> str:
    return "-" if auc is None else f"{auc:.2f}"


def _aucs(interval: Sequence[float] | None) -> str:
    return f"{interval[0]:.2f} - {interval[1]:.2f}" if interval else "-"
