"""Two writers joined are one writer: the beginning of the one, the end of the other."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mlcore.embedding.splicing import Joint, draw_joint, splice

PLAIN = Joint(first=0.5, second=0.5, size=1.0, drop=0.0, gap=0.0)


def bars(*heights: int) -> np.ndarray:
    """A fine canvas with an upright bar of each height, 20 pixels wide and 20 apart."""
    fine = np.zeros((192, 384), np.uint8)
    for index, height in enumerate(heights):
        left = 40 + 40 * index
        fine[96 - height // 2 : 96 + height // 2, left : left + 20] = 255
    return fine


def heights(fine: np.ndarray) -> list[int]:
    count, _, stats, _ = cv2.connectedComponentsWithStats((fine > 100).astype(np.uint8))
    found = sorted(range(1, count), key=lambda index: stats[index, cv2.CC_STAT_LEFT])
    return [int(stats[index, cv2.CC_STAT_HEIGHT]) for index in found]


def test_the_beginning_of_one_stands_before_the_end_of_the_other() -> None:
    joined = splice(bars(40, 40, 90, 90), bars(90, 90, 60, 60), replace(PLAIN, gap=0.2))
    assert joined.shape == (192, 384)
    low, also, middle, last = heights(joined)
    assert low == also
    assert middle == last
    assert middle / low == pytest.approx(1.5, abs=0.1)


def test_size_and_drop_move_the_second() -> None:
    larger = heights(splice(bars(40, 40), bars(40, 40), replace(PLAIN, size=1.5, gap=0.3)))
    assert larger[1] / larger[0] == pytest.approx(1.5, abs=0.1)
    dropped = splice(bars(40, 40), bars(40, 40), replace(PLAIN, drop=0.5, gap=0.3))
    rows = [np.flatnonzero(dropped[:, half].max(axis=1) > 100)[0] for half in (slice(0, 192), slice(192, 384))]
    assert rows[1] > rows[0] + 15


def test_overlapping_parts_keep_all_their_ink_and_stay_on_the_canvas() -> None:
    for seed in range(60):
        joint = draw_joint(np.random.default_rng(seed))
        joined = splice(bars(40, 150, 30), bars(90, 20, 170, 60), joint)
        assert joined.shape == (192, 384)
        assert (joined > 100).sum() > 500
        assert not joined[:4].any()
        assert not joined[:, -4:].any()


def test_an_empty_signature_leaves_the_other_as_it_is() -> None:
    empty, there = np.zeros((192, 384), np.uint8), bars(40, 60)
    assert np.array_equal(splice(there, empty, PLAIN), there)
    assert np.array_equal(splice(empty, there, PLAIN), there)
