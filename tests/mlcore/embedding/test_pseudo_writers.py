"""A pseudo-writer is one change for all signatures of a writer."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mlcore.embedding.augmentation import Augmentation, augment
from mlcore.embedding.pseudo_writers import UNCHANGED, PseudoWriter, WriterChanges, draw_pseudo_writer
from mlcore.imaging import prepare
from tests.mlcore.embedding.stillness import NO_CHANGE, Still
from tests.mlcore.pages import signature_bytes

FINE = prepare(signature_bytes(2)).fine
NEVER = WriterChanges(mirror=0, upend=0, stretch=0, turn=0, slant=0, cut=0, bend=0, splice=0)
MIRRORED = PseudoWriter(np.diag([-1.0, 1.0]))
UPENDED = PseudoWriter(np.diag([1.0, -1.0]))


def drawn_as(writer: PseudoWriter, fine: np.ndarray = FINE) -> np.ndarray:
    """The canvas of a pseudo-writer when nothing else happens to the ink."""
    return augment(fine, Still(), NO_CHANGE, writer).astype(int)


def apart(left: np.ndarray, right: np.ndarray) -> float:
    return float(np.abs(left - right).mean())


def test_the_same_draw_makes_the_same_writer_and_another_draw_another() -> None:
    first, again, other = (draw_pseudo_writer(np.random.default_rng(seed), WriterChanges()) for seed in (4, 4, 5))
    assert np.array_equal(first.linear, again.linear)
    assert first.window == again.window
    assert not np.array_equal(first.linear, other.linear)


def test_without_changes_a_writer_stays_himself() -> None:
    writer = draw_pseudo_writer(np.random.default_rng(1), NEVER)
    assert np.allclose(writer.linear, np.eye(2))
    assert writer.window == UNCHANGED.window == (0.0, 1.0)


@pytest.mark.parametrize(
    ("writer", "turned"), [(MIRRORED, FINE[:, ::-1]), (UPENDED, FINE[::-1])], ids=["mirrored", "upended"]
)
def test_turned_twice_is_the_original(writer: PseudoWriter, turned: np.ndarray) -> None:
    once, original = drawn_as(writer), drawn_as(UNCHANGED)
    assert apart(once, original) > 10
    assert apart(drawn_as(writer, np.ascontiguousarray(turned)), original) < 2
    assert np.allclose(writer.linear @ writer.linear, np.eye(2))


def test_mirroring_and_upending_happen_as_often_as_they_are_asked_for() -> None:
    changes = WriterChanges(mirror=0.3, upend=0.0, stretch=0, turn=0, slant=0, cut=0)
    drawn = [draw_pseudo_writer(np.random.default_rng(seed), changes).linear[0, 0] for seed in range(600)]
    assert set(drawn) == {-1.0, 1.0}
    assert drawn.count(-1.0) / 600 == pytest.approx(0.3, abs=0.06)


def test_a_stretch_keeps_the_area() -> None:
    for seed in range(20):
        linear = draw_pseudo_writer(np.random.default_rng(seed), WriterChanges(slant=0)).linear
        assert abs(np.linalg.det(linear)) == pytest.approx(1.0)


def test_a_cut_keeps_a_part_from_the_beginning_or_to_the_end() -> None:
    windows = [draw_pseudo_writer(np.random.default_rng(seed), WriterChanges(cut=1.0)).window for seed in range(60)]
    assert all(0.45 <= stop - start <= 0.85 + 1e-9 for start, stop in windows)
    assert all(start == 0.0 or stop == pytest.approx(1.0) for start, stop in windows)
    assert {start == 0.0 for start, _ in windows} == {True, False}


def test_what_lies_outside_the_window_is_gone() -> None:
    columns = np.flatnonzero(FINE.max(axis=0) > 60)
    middle = (columns[0] + columns[-1] + 1) // 2
    half = FINE.copy()
    half[:, middle:] = 0
    cut = drawn_as(PseudoWriter(np.eye(2), (0.0, 0.5)))
    assert apart(cut, drawn_as(UNCHANGED, half)) < 1
    assert apart(cut, drawn_as(UNCHANGED)) > 5


def test_a_window_of_an_empty_canvas_is_empty() -> None:
    empty = np.zeros((192, 384), np.uint8)
    assert not augment(empty, np.random.default_rng(1), Augmentation(), PseudoWriter(np.eye(2), (0.0, 0.5))).any()


def test_a_bend_moves_the_ink_by_as_much_as_it_says() -> None:
    """The same offset everywhere is a shift, which normalising takes back; one that grows stretches."""
    everywhere = PseudoWriter(np.eye(2), bend=np.full((2, 4, 7), 6.0, np.float32))
    assert apart(drawn_as(everywhere), drawn_as(UNCHANGED)) < 6
    once, again, other = (
        draw_pseudo_writer(np.random.default_rng(seed), WriterChanges(mirror=0, upend=0)) for seed in (3, 3, 4)
    )
    assert once.bend is not None
    assert once.bend.std() == pytest.approx(5.0, rel=0.35)
    assert np.array_equal(drawn_as(once), drawn_as(again))
    assert apart(drawn_as(PseudoWriter(np.eye(2), bend=once.bend)), drawn_as(UNCHANGED)) > 10
    assert apart(drawn_as(once), drawn_as(other)) > 10


def test_a_bend_loses_no_ink() -> None:
    """Two blocks at the far ends of the canvas are both still there, however they were moved."""
    ends = np.zeros_like(FINE)
    ends[80:110, 8:30] = ends[80:110, 354:376] = 255
    for seed in range(30):
        bend = np.random.default_rng(seed).normal(0, 8, (2, 4, 7)).astype(np.float32)
        count, _ = cv2.connectedComponents((drawn_as(PseudoWriter(np.eye(2), bend=bend), ends) > 100).astype(np.uint8))
        assert count == 1 + 2
