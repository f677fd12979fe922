"""The contour hinge, on lines whose directions are known."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from mlcore.imaging.hinge import DIRECTIONS, HINGE_SIZE, TURNS, contour_hinge, turned_hinges

Canvas = npt.NDArray[np.uint8]
QUARTER = DIRECTIONS // 4


def drawn(points: list[tuple[int, int]], width: int = 3) -> Canvas:
    canvas = np.zeros((96, 192), np.uint8)
    cv2.polylines(canvas, [np.array(points, np.int32)], isClosed=False, color=255, thickness=width)
    return canvas


def arcs(shift: tuple[int, int] = (0, 0), width: int = 2) -> Canvas:
    canvas = np.zeros((96, 192), np.uint8)
    for x, angle in ((60, 180), (90, 120), (120, 300)):
        centre = (x + shift[0], 48 + shift[1])
        cv2.ellipse(canvas, centre, (25, 16), 20, 0, angle, color=255, thickness=width)
    return canvas


def distance(left: Canvas, right: Canvas) -> float:
    return float(np.sqrt(max(0.0, 1.0 - contour_hinge(left) @ contour_hinge(right))))


def test_the_shares_are_of_unit_length() -> None:
    found = contour_hinge(arcs())
    assert found.shape == (HINGE_SIZE,)
    assert found.dtype == np.float32
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-6)
    assert found.min() >= 0


@pytest.mark.parametrize("canvas", [np.zeros((96, 192), np.uint8), np.eye(96, 192, dtype=np.uint8) * np.uint8(90)])
def test_without_a_contour_there_is_nothing(canvas: Canvas) -> None:
    assert not contour_hinge(canvas).any()


def test_a_dot_has_no_contour_long_enough() -> None:
    canvas = np.zeros((96, 192), np.uint8)
    canvas[40:42, 80:82] = 255
    assert not contour_hinge(canvas).any()


def test_the_legs_of_a_level_line_point_apart_along_it() -> None:
    """A contour is walked once there and once back: half of its points look right and left, half left and right."""
    shares = contour_hinge(drawn([(20, 48), (170, 48)])).reshape(DIRECTIONS, DIRECTIONS) ** 2
    right, left = 0, 2 * QUARTER
    # The blur and the rounding of the edge leave some beside the cell itself.
    around = [-2, -1, 0, 1, 2]
    one = shares[np.ix_([(right + k) % DIRECTIONS for k in around], [(left + k) % DIRECTIONS for k in around])].sum()
    other = shares[np.ix_([(left + k) % DIRECTIONS for k in around], [(right + k) % DIRECTIONS for k in around])].sum()
    assert one + other > 0.85
    assert one == pytest.approx(other, abs=0.05)


def test_an_upright_line_lies_a_quarter_turn_away() -> None:
    level = contour_hinge(drawn([(60, 48), (130, 48)])).reshape(DIRECTIONS, DIRECTIONS)
    upright = contour_hinge(drawn([(96, 13), (96, 83)])).reshape(DIRECTIONS, DIRECTIONS)
    assert level.ravel() @ upright.ravel() < 0.2
    assert level.ravel() @ np.roll(upright, (QUARTER, QUARTER), axis=(0, 1)).ravel() > 0.9


def test_it_does_not_depend_on_the_place() -> None:
    assert distance(arcs(), arcs(shift=(17, -9))) == pytest.approx(0.0, abs=1e-3)


def test_a_mirrored_hand_is_another_one_and_a_broader_pen_nearly_the_same() -> None:
    mirrored = np.ascontiguousarray(arcs()[:, ::-1])
    assert distance(arcs(), mirrored) > 2 * distance(arcs(), arcs(width=3))


def test_half_a_turn_lies_between_none_and_a_whole_one() -> None:
    shares = np.random.default_rng(1).dirichlet(np.ones(HINGE_SIZE), size=3).astype(np.float32)
    turned = dict(zip(TURNS, turned_hinges(np.sqrt(shares)) ** 2, strict=True))
    cells = shares.reshape(3, DIRECTIONS, DIRECTIONS)
    for turn in (-1, 1):
        onwards = np.roll(cells, (turn, turn), axis=(1, 2)).reshape(3, -1)
        assert np.allclose(turned[turn / 2], (shares + onwards) / 2, atol=1e-6)


@pytest.mark.parametrize("degrees", [-10, -7, 7, 10])
def test_a_page_that_was_turned_a_little_is_found_among_the_turns(degrees: int) -> None:
    around = cv2.getRotationMatrix2D((96, 48), degrees, 1.0)
    turned = contour_hinge(cv2.warpAffine(arcs(), around, (192, 96)))
    straight = contour_hinge(arcs())
    found = max(float(candidate @ turned) for candidate in turned_hinges(straight[None])[:, 0])
    assert np.sqrt(1 - found) < 0.85 * np.sqrt(1 - straight @ turned)
