"""What lies across a signature adds ink and does not decide where the signature ends."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mlcore.embedding.clutter import add_clutter
from mlcore.imaging import prepare
from tests.mlcore.pages import signature_bytes

FINE = prepare(signature_bytes(2)).fine


def extent(ink: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(ink > 60)
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


@pytest.mark.parametrize("seed", range(24))
def test_ink_is_added_within_the_signature_and_none_is_taken_away(seed: int) -> None:
    cluttered = add_clutter(FINE, np.random.default_rng(seed))
    assert (cluttered >= FINE).all()
    assert extent(cluttered) == extent(FINE)


def test_most_draws_leave_a_mark_and_draws_differ() -> None:
    added = [np.count_nonzero(add_clutter(FINE, np.random.default_rng(seed)) > FINE) for seed in range(24)]
    assert sum(count > 100 for count in added) >= 20
    assert len(set(added)) > 12


def kind(drawn: np.ndarray) -> str:
    """What lies on paper 360 wide and 160 high, by its extent: a stamp is at most 142 wide, guilloche fills all."""
    rows, columns = np.nonzero(drawn)
    if len(rows) == 0:
        return "other"
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    if height <= 40 and width > 142:
        return "ruled line"
    if height > 100 and width > 350:
        return "guilloche"
    if not 40 < height <= 142 or width > 142:
        return "other"
    # The edge of a rectangle lies in one row, a circle's bends away from it.
    return "square stamp" if (drawn > 0).sum(axis=1).max() > 45 else "round stamp"


def test_ruled_lines_guilloche_and_stamps_are_each_a_third_of_what_is_drawn() -> None:
    """On a sheet that only two dots tell the extent of, so that all else is what was drawn."""
    sheet = np.zeros((192, 384), np.uint8)
    sheet[16, 12] = sheet[175, 371] = 255
    found: Counter[str] = Counter()
    for seed in range(150):
        drawn = add_clutter(sheet, np.random.default_rng(seed))
        drawn[sheet > 0] = 0
        found[kind(drawn[16:176, 12:372])] += 1
    assert 30 < found["ruled line"] < 65
    assert 35 < found["guilloche"] < 65
    assert 35 < found["round stamp"] + found["square stamp"] < 65
    assert min(found["round stamp"], found["square stamp"]) > 12
    assert found["other"] < 15  # short lines, and stamps of which little lies on the sheet


def test_the_same_draw_gives_the_same_clutter_and_the_signature_itself_is_left_alone() -> None:
    before = FINE.copy()
    first = add_clutter(FINE, np.random.default_rng(3))
    assert np.array_equal(first, add_clutter(FINE, np.random.default_rng(3)))
    assert np.array_equal(FINE, before)


def test_nothing_lies_across_an_empty_canvas() -> None:
    assert not add_clutter(np.zeros((192, 384), np.uint8), np.random.default_rng(1)).any()
