from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlcore.synthesis import Pen, RenderStyle, Trajectory, render

CLEAN = RenderStyle(
    dpi=254, width=0.5, width_by_pressure=0.0, width_by_speed=0.0, ink=0, fading=0.0, mottle=0.0,
    paper=255, grain=0.0, shade=0.0, blur=0.0, noise=0.0, margins=(2.0, 3.0, 4.0, 5.0),
)  # fmt: skip


def _line(length: float = 30.0, pressure: float = 0.5, count: int = 40) -> Trajectory:
    x = np.linspace(0.0, length, count)
    rows = np.column_stack([x, np.zeros(count), np.arange(count) * 10.0, np.ones(count), np.full(count, pressure)])
    return Trajectory.from_points(rows, unit=1.0)


def test_the_page_is_as_large_as_ink_and_margins() -> None:
    page = render(_line(), CLEAN)
    assert page.shape == (80, 360)
    assert page.dtype == np.uint8


def test_the_line_lies_where_the_pen_was_and_is_as_wide_as_the_pen() -> None:
    page = render(_line(), CLEAN)
    rows, columns = np.nonzero(page < 128)
    assert rows.mean() == pytest.approx(30.0, abs=0.6)
    assert (columns.min(), columns.max()) == pytest.approx((18, 322), abs=2)
    assert (255.0 - page[:, 170]).sum() / 255.0 == pytest.approx(5.0, abs=0.8)


def test_pressure_and_haste_change_the_line() -> None:
    rows = np.column_stack(
        [np.linspace(0, 30, 60), np.zeros(60), np.arange(60) * 10.0, np.ones(60), np.linspace(0.1, 0.9, 60)]
    )
    page = render(Trajectory.from_points(rows, unit=1.0), replace(CLEAN, width_by_pressure=0.5, fading=0.5))
    ink = (255.0 - page).sum(axis=0)
    assert ink[280] > 1.8 * ink[60]


def test_a_lifted_pen_leaves_a_gap() -> None:
    x = np.r_[np.linspace(0, 10, 20), 15.0, np.linspace(20, 30, 20)]
    pen = np.r_[np.ones(20), 0, np.ones(20)]
    rows = np.column_stack([x, np.zeros(41), np.arange(41) * 10.0, pen, np.full(41, 0.5)])
    page = render(Trajectory.from_points(rows, unit=1.0), CLEAN)
    ink = np.flatnonzero((page < 128).any(axis=0))
    assert np.diff(ink).max() == pytest.approx(95, abs=3)


def test_a_sparse_recording_is_drawn_as_a_curve() -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 17)
    rows = np.column_stack(
        [10 * np.cos(angle), 10 * np.sin(angle), np.arange(17) * 10.0, np.ones(17), np.full(17, 0.5)]
    )
    page = render(Trajectory.from_points(rows, unit=1.0), replace(CLEAN, margins=(2.0, 2.0, 2.0, 2.0)))
    y, x = np.nonzero(page < 128)
    radius = np.hypot(x - 119.5, y - 119.5)
    assert radius.min() > 95.0
    assert radius.max() < 104.0


def test_a_dot_leaves_a_spot() -> None:
    page = render(Trajectory.from_points(np.array([[3.0, 3.0, 0.0, 1.0, 0.5]]), unit=1.0), CLEAN)
    assert (page < 128).sum() > 5


def test_a_pen_that_never_touches_leaves_a_blank_page() -> None:
    rows = np.array([[0.0, 0.0, 0.0, 0.0, 0.0], [10.0, 5.0, 10.0, 0.0, 0.0]])
    assert (render(Trajectory.from_points(rows, unit=1.0), CLEAN) == 255).all()


def test_a_huge_trajectory_is_drawn_at_a_lower_resolution() -> None:
    assert max(render(_line(length=3000.0), CLEAN).shape) == 4000


def test_a_large_page_has_texture_everywhere() -> None:
    page = render(_line(length=150.0), replace(CLEAN, paper=230, grain=3.0))
    assert page.shape[1] > 1024
    assert page[:20].std(axis=0).min() > 0.5


@pytest.mark.parametrize("pen", list(Pen))
def test_the_same_seed_gives_the_same_page(pen: Pen) -> None:
    style = RenderStyle.random(np.random.default_rng(3), pen=pen)
    assert style.pen is pen
    assert np.array_equal(render(_line(), style, 5), render(_line(), style, 5))


def test_without_a_style_the_seed_draws_one() -> None:
    assert np.array_equal(render(_line(), None, 5), render(_line(), None, 5))
    assert render(_line(), None, 5).shape != render(_line(), None, 6).shape


def test_a_bilevel_scan_has_two_greys() -> None:
    page = render(_line(), replace(CLEAN, bilevel=True, blur=0.6, mottle=0.3))
    assert set(np.unique(page)) == {0, 255}


def test_random_styles_keep_ink_darker_than_paper() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        style = RenderStyle.random(rng)
        assert 150 <= style.dpi <= 300
        assert style.paper - style.ink > 90


@pytest.mark.parametrize("changes", [{"dpi": 10}, {"width": 0.0}, {"margins": (1.0, -1.0, 1.0, 1.0)}])
def test_styles_out_of_range_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"resolution|pen"):
        replace(CLEAN, **changes)  # type: ignore[arg-type]
