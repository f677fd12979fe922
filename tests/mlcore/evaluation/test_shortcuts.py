"""A planted leak is found, none is invented, and the file's own does not reach the canvas."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mlcore.embedding.sources import Row
from mlcore.evaluation.shortcuts import (
    RAW,
    SEEN,
    Shortcut,
    cross_validated,
    raw_properties,
    seen_properties,
    shortcuts,
)
from mlcore.imaging import prepare_page
from tests.mlcore.making import drawn_page

WRITERS, EACH = 12, 10


def rows() -> list[Row]:
    """Half genuine, half forged."""
    return [
        Row(Path(f"{writer}/{index}.png"), "made", str(writer), index < EACH // 2, "test")
        for writer in range(WRITERS)
        for index in range(EACH)
    ]


def noise(columns: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(WRITERS * EACH, columns))


def test_a_planted_leak_is_found_and_named() -> None:
    raw = noise(len(RAW))
    raw[:, RAW.index("paper grey")] += [0.0 if row.genuine else 6.0 for row in rows()]
    file, canvas = shortcuts(rows(), raw, noise(len(SEEN)))
    assert (file.of, canvas.of) == ("file", "canvas")
    assert file.auc is not None and file.auc > 0.95
    assert file.telling[0][0] == "paper grey"
    assert canvas.auc is not None and canvas.auc < 0.65
    assert canvas.interval is not None and canvas.interval[0] <= canvas.auc <= canvas.interval[1]


def test_the_limit_is_for_what_the_network_sees() -> None:
    """A leak in the file may be cut away, one on the canvas may not."""
    seen = noise(len(SEEN))
    clean = shortcuts(rows(), noise(len(RAW)), seen)
    seen[:, 0] += [0.0 if row.genuine else 6.0 for row in rows()]
    leaking = shortcuts(rows(), noise(len(RAW)), seen)
    assert [(item.limit, item.within) for item in clean] == [(None, None), (0.6, True)]
    assert [(item.limit, item.within) for item in leaking] == [(None, None), (0.6, False)]


def test_a_direction_of_each_writers_own_carries_nothing_over_on_either_side() -> None:
    """Forgeries are larger than genuine ones for half of the writers and smaller for the others, by chance alone."""
    seen = noise(len(SEEN))
    own = np.random.default_rng(4).choice([-6.0, 6.0], size=WRITERS)
    seen[:, 0] += [0.0 if row.genuine else own[int(row.writer)] for row in rows()]
    canvas = shortcuts(rows(), noise(len(RAW)), seen)[1]
    assert canvas.auc is not None and canvas.by_swapping is not None
    low, high = canvas.by_swapping
    assert low < 0.35 and high > 0.65
    assert low <= canvas.auc <= high


def test_a_direction_that_all_writers_share_lies_beyond_what_swapping_gives() -> None:
    seen = noise(len(SEEN))
    seen[:, 0] += [0.0 if row.genuine else 6.0 for row in rows()]
    canvas = shortcuts(rows(), noise(len(RAW)), seen)[1]
    assert canvas.auc is not None and canvas.by_swapping is not None
    assert canvas.auc > canvas.by_swapping[1]


@pytest.mark.parametrize(
    ("auc", "within", "turned"), [(0.6, True, True), (0.61, False, True), (0.35, True, False), (0.4, True, True)]
)
def test_the_limit_is_on_one_side_and_the_other_side_is_told(auc: float, within: bool, turned: bool) -> None:
    found = Shortcut("made", "canvas", 15, 700, auc, (0.3, 0.7), 0.5, ())
    assert (found.within, found.within_turned) == (within, turned)
    assert (found.as_dict()["within"], found.as_dict()["within_turned"]) == (within, turned)


def test_what_only_tells_the_writer_does_not_help() -> None:
    """Each writer has a level of his own; heads are fitted on other writers, so that it says nothing."""
    labels = np.array([0.0 if row.genuine else 1.0 for row in rows()])
    group = np.repeat(np.arange(WRITERS), EACH)
    level = np.random.default_rng(2).normal(size=WRITERS)[group][:, None]
    odds = cross_validated(level, labels, group)
    assert all(len(np.unique(odds[group == writer].round(9))) == 1 for writer in range(WRITERS))


def test_refused_images_and_writers_without_forgeries_are_left_out() -> None:
    seen = noise(len(SEEN))
    seen[0] = np.nan
    listed = [row for row in rows() if row.genuine or row.writer != "3"]
    kept = [i for i, row in enumerate(rows()) if row.genuine or row.writer != "3"]
    found = shortcuts(listed, noise(len(RAW))[kept], seen[kept])
    assert [(item.writers, item.images) for item in found] == [(11, 110), (11, 109)]


def test_one_writer_is_too_few_to_tell() -> None:
    one = [row for row in rows() if row.writer == "0"]
    found = shortcuts(one, noise(len(RAW))[:EACH], noise(len(SEEN))[:EACH])
    assert [(item.auc, item.within) for item in found] == [(None, None)] * 2


def test_the_properties_of_a_canvas_are_those_counted_by_hand() -> None:
    canvas = np.zeros((96, 192), np.uint8)
    canvas[10:20, 30:70] = 255
    canvas[15, 30:70] = 100
    figures = dict(zip(SEEN, seen_properties(canvas), strict=True))
    assert figures["inked share"] == pytest.approx(400 / (96 * 192))
    assert figures["full ink share"] == pytest.approx(0.9)
    assert (figures["box width"], figures["box height"]) == (40, 10)
    assert figures["box aspect"] == pytest.approx(np.log(4))
    assert figures["ink 50 %"] == 255
    assert figures["paper level"] == 0
    assert np.isnan(seen_properties(np.zeros((96, 192), np.uint8))).all()


def test_the_grey_of_the_paper_is_in_the_file_but_not_on_the_canvas() -> None:
    """The trap of CEDAR: the same signature on paper of 240 and of 250."""
    page = drawn_page(3).astype(np.float32)
    pages = [np.clip(page * level / 250.0, 0, 255).astype(np.uint8) for level in (240, 250)]
    files = [cv2.imencode(".png", item)[1].tobytes() for item in pages]
    raw = [raw_properties(file, item) for file, item in zip(files, pages, strict=True)]
    assert abs(raw[0] - raw[1])[RAW.index("paper grey")] == pytest.approx(10)
    seen = [seen_properties(prepare_page(item).canvas) for item in pages]
    assert seen[0] == pytest.approx(seen[1], rel=0.02, abs=0.5)
