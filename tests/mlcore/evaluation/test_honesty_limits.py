"""Every limit of the honesty tests is named with its number, and a miss is said."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from mlcore.evaluation.honesty_limits import limits, limits_sentence
from mlcore.evaluation.honesty_tables import honesty_markdown, honesty_parts
from tests.mlcore.honesty_figures import disturbance, figures, heat, identified, shortcut


def test_every_limit_is_named_with_its_number_and_what_came_nearest() -> None:
    found = limits(figures())
    assert [(limit.test, limit.allowed, limit.measured, limit.kept) for limit in found] == [
        ("Shortcuts", "at most 0.6", "0.52 (made)", True),
        ("Robustness", "at most 3", "+2.0 (noise)", True),
        ("Heat map", "at least 90", "92.0", True),
        ("Heat map", "more than 50, and more on average", "70.0, 1.20 against 0.50", True),
        ("Identification", "at least 97", "99.0", True),
        ("Identification", "at least 90", "95.0", True),
        ("Identification", "at least 90", "95.0", True),
    ]
    assert limits_sentence(found) == "All 7 limits are kept."


@pytest.mark.parametrize(
    ("part", "missed", "named"),
    [
        ("shortcuts", [shortcut("canvas", 0.45), shortcut("canvas", 0.61, "drawn")], "shortcuts, AUC"),
        ("robustness", {"disturbed": [disturbance("noise", 0.031), disturbance("blur", 0.0)]}, "robustness, points"),
        ("identification", [identified(1), identified(5, rank_one=0.96)], "rank 1 with 5 specimens"),
        ("identification", [identified(1, found=0.89), identified(5)], "false finds with 1 specimen,"),
    ],
)
def test_one_limit_that_is_missed_is_named(part: str, missed: Any, named: str) -> None:
    sentence = limits_sentence(limits({**figures(), part: missed}))
    assert sentence.startswith("6 of 7 limits are kept. Not kept: ")
    assert named in sentence and ";" not in sentence


def test_a_heat_map_that_misses_is_named() -> None:
    missed = figures()
    missed["heat_maps"]["found"][-1] = heat("all", 0.89, 0.9)
    missed["heat_maps"]["deletion"]["within"] = False
    assert [limit.kept for limit in limits(missed)] == [True, True, False, False, True, True, True]


def test_what_was_not_measured_is_not_kept_and_says_why() -> None:
    lacking = {**figures(), "robustness": None, "identification": []}
    nothing = dict.fromkeys(("auc", "interval", "within", "within_turned", "within_writers", "by_swapping"))
    lacking["shortcuts"] = [{**shortcut(of, 0.5), **nothing, "telling": []} for of in ("file", "canvas")]
    found = limits(lacking)
    assert [limit.kept for limit in found] == [None, None, True, True, None]
    assert limits_sentence(found).startswith("2 of 5 limits are kept. Not measured: shortcuts, ")
    text = " ".join(honesty_markdown(lacking).split())
    assert "Not measured: no writer has a forgery and more usable genuine signatures" in text
    assert "Not measured: fewer than two writers" in text
    assert "Not measured for want of two writers with genuine and forged signatures: made." in text


def test_a_shortcut_below_one_half_is_told_turned_round_with_the_reason() -> None:
    turned = deepcopy(figures())
    turned["shortcuts"] = [shortcut("canvas", 0.35, within_writers=0.28)]
    (note,) = honesty_parts(turned)[1].notes[1:]
    assert "made: an AUC of 0.35 is within the limit, but 0.65 if the classifier is turned round" in note
    assert "Within writers it is 0.28" in note and "95 % of the AUCs lie from 0.30 to 0.66. Turned round" in note
    turned["shortcuts"][0]["by_swapping"] = [0.4, 0.6]
    assert "from 0.40 to 0.60, and here the directions cancel" in honesty_parts(turned)[1].notes[1]
    assert len(honesty_parts(figures())[1].notes) == 1


def test_rows_without_a_limit_have_a_dash() -> None:
    heat_rows, identified_rows = honesty_parts(figures())[3].rows, honesty_parts(figures())[5].rows
    assert [row[4] for row in heat_rows] == ["-", "yes", "-"]
    assert [(row[5], row[-1]) for row in identified_rows] == [("-", "yes"), ("yes", "yes")]


def test_paragraphs_are_no_wider_than_the_documents() -> None:
    lines = [line for line in honesty_markdown(figures()).splitlines() if not line.startswith("|")]
    assert max(len(line) for line in lines) <= 125
