"""Stated beside measured rates, as tables for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mlcore.embedding.sources import Row
from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.report import (
    OPERATING_COLUMNS,
    RANGE_COLUMNS,
    calibration_sentence,
    left_out_sentences,
    markdown_calibration,
    operating_rows,
    range_rows,
    unusable_sentence,
)
from mlcore.scoring.distances import FeatureStack


def check(rate: str, at: str, *, holds: bool = True) -> dict[str, Any]:
    return {
        "rate": rate, "at": at, "score": -1.5, "stated": 0.01, "stated_ci": [0.005, 0.02], "measured": 0.012,
        "measured_ci": [0.004, 0.025], "trials": 500, "writers": 20, "holds": holds,
        "stated_in_measured": at != "t_match", "measured_in_stated": at == "score",
    }  # fmt: skip


def report(**second: Any) -> dict[str, Any]:
    figures = {
        "writers_left_out": 0, "cllr": 0.3, "cllr_min": 0.25,
        "calibration": [check("far", "t_match"), check("frr", "t_no_match", **second), check("far", "score")],
    }  # fmt: skip
    part = {"writers": 20, "references": {"3": figures}}
    return {"datasets": {"made": part, "drawn": part}, "all": part}


def test_thresholds_are_shown_for_each_data_set_and_pooled() -> None:
    rows = operating_rows(report())
    assert [row[0] for row in rows] == ["made", "drawn", "all"]
    rates = ("1.0 (0.5 - 2.0)", "1.2 (0.4 - 2.5)")
    assert rows[0] == ("made", "3", *rates, *rates, "yes", "0.300 / 0.250")
    assert len(rows[0]) == len(OPERATING_COLUMNS)


def test_one_rate_that_does_not_hold_is_said() -> None:
    assert [row[6] for row in operating_rows(report(holds=False))] == ["no"] * 3
    assert calibration_sentence(report(holds=False)).startswith(
        "Stated rates that hold on all writers pooled: 1 of 2 at the thresholds, 2 of 3 in all."
    )


def test_the_stricter_readings_are_counted_too() -> None:
    sentence = calibration_sentence(report())
    assert "pooled: 2 of 2 at the thresholds, 3 of 3 in all." in sentence
    assert "interval of the measured one: 1 of 2 at the thresholds, 2 of 3 in all;" in sentence
    assert "interval that is stated: 0 of 2 at the thresholds, 1 of 3 in all." in sentence


def test_across_the_scores_only_the_pooled_writers_are_shown() -> None:
    assert range_rows(report()) == [("3", "FAR", "-1.50", "1.0 (0.5 - 2.0)", "1.2 (0.4 - 2.5)", "500", "20", "yes")]
    assert len(RANGE_COLUMNS) == 8


def test_markdown_holds_both_tables_and_the_sentence() -> None:
    lines = markdown_calibration(report()).splitlines()
    assert lines[0].count("|") == len(OPERATING_COLUMNS) + 1
    assert lines[2].startswith("| made | 3 | 1.0 (0.5 - 2.0) |")
    assert "| 3 | FAR | -1.50 | 1.0 (0.5 - 2.0) | 1.2 (0.4 - 2.5) | 500 | 20 | yes |" in lines
    assert lines[-1] == calibration_sentence(report())


def test_figures_measured_before_calibration_was_checked_make_empty_tables() -> None:
    old = report()
    for part in (old["all"], *old["datasets"].values()):
        part["references"] = {"3": {"writers_left_out": 0}}
    assert operating_rows(old) == range_rows(old) == []


def measured(left: int = 0, **counts: int) -> dict[str, Any]:
    trials = {"genuine": 30, "skilled": 20, "random": 50, **counts}
    return {"writers": 20, "references": {"3": {"writers_left_out": left, "trials": trials}}}


def test_nothing_is_said_to_be_missing_where_nothing_is() -> None:
    assert left_out_sentences({"datasets": {"made": measured()}, "all": measured()}) == []


def test_what_the_tables_lack_is_said_with_the_reason() -> None:
    datasets = {"made": measured(skilled=0), "drawn": measured(random=0), "nobody": measured(genuine=0, skilled=0)}
    assert left_out_sentences({"datasets": datasets, "all": measured(left=7)}) == [
        "With 3 specimens 7 of 20 writers are left out, who have no usable genuine signature left to question.",
        "Without skilled forgeries in made there is no skilled EER, FAR, FRR at 1 % or Cllr (-).",
        "With one writer in drawn nobody else's signature can be tried: no random EER (-).",
    ]


def embedded(remarks: tuple[tuple[str, ...], ...], refused: tuple[bool, ...]) -> EmbeddedSet:
    rows = tuple(Row(Path(f"{i}.png"), "made", "1", True, "test") for i in range(len(refused)))
    count = len(rows)
    features = FeatureStack(np.zeros((count, 128)), np.zeros((count, 6, 12, 32)), np.zeros((count, 6, 12)))
    return EmbeddedSet(rows, features, np.array(refused), remarks)


def test_images_that_could_not_be_used_are_counted_by_the_reason() -> None:
    data = embedded((("blank",), (), ("faint",), ("unreadable",), ("blank",)), (True, False, False, True, True))
    assert unusable_sentence(data) == (
        "3 of 5 images could not be used (blank 2, unreadable 1). They are never specimens and count as rejected."
    )


def test_nothing_is_said_where_all_images_were_used() -> None:
    assert unusable_sentence(embedded((("faint",),), (False,))) == ""
