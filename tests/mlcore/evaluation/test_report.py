"""Stated beside measured rates, as tables for people."""

from __future__ import annotations

from typing import Any

from mlcore.evaluation.report import (
    OPERATING_COLUMNS,
    RANGE_COLUMNS,
    calibration_sentence,
    markdown_calibration,
    operating_rows,
    range_rows,
)


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
