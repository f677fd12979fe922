"""The canvas keeps proportions and density."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.imaging.normalisation import MARGIN, even_tone, normalise, restore_density, to_canvas
from mlcore.imaging.types import Box


def test_without_a_box_the_canvas_is_empty() -> None:
    canvas, fine = normalise(np.full((50, 50), 255, np.uint8), None)
    assert canvas.shape == (96, 192)
    assert not canvas.any()
    assert not fine.any()


def test_a_wide_box_fills_the_width_and_keeps_its_proportions() -> None:
    density = np.full((100, 400), 255, np.uint8)
    canvas, _ = normalise(density, Box(0, 0, 400, 100))
    rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
    assert len(columns) == 192 - 2 * MARGIN
    assert len(rows) == round((192 - 2 * MARGIN) / 4)
    assert abs((rows[0] + rows[-1]) / 2 - 47.5) <= 0.5


def test_a_tall_box_fills_the_height_with_its_last_row_and_column() -> None:
    density = np.zeros((300, 100), np.uint8)
    density[0] = density[-1] = 255
    density[:, 0] = density[:, -1] = 255
    canvas, _ = normalise(density, Box(0, 0, 100, 300))
    rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
    assert rows[0] == MARGIN
    assert rows[-1] == 95 - MARGIN
    assert canvas[50, columns[-1]] > 0


def test_a_tiny_mark_is_enlarged_at_most_three_times() -> None:
    density = np.full((4, 10), 255, np.uint8)
    canvas, _ = normalise(density, Box(0, 0, 10, 4))
    assert np.count_nonzero(canvas.any(axis=0)) <= 31


def test_pale_ink_is_brought_to_full_density_at_most_threefold() -> None:
    pale = np.zeros((96, 192), np.uint8)
    pale[40:44, 20:150] = 100
    assert restore_density(pale).max() == 255
    paler = np.zeros((96, 192), np.uint8)
    paler[40:44, 20:150] = 50
    assert restore_density(paler).max() == 150
    assert not restore_density(np.zeros((96, 192), np.uint8)).any()


def test_the_canvas_is_the_fine_one_averaged() -> None:
    fine = np.zeros((192, 384), np.uint8)
    fine[20:40, 30:60] = 255
    assert np.array_equal(
        to_canvas(fine)[10:20, 15:30], np.full((10, 15), 216)
    )  # ink of one tone stands at its middle rank


def test_every_canvas_has_the_same_tone_however_dark_the_pen() -> None:
    """Two pens of one drawing, one pale and one black, give canvases of the same distribution of density."""
    rng = np.random.default_rng(2)
    drawing = np.zeros((96, 192), np.uint8)
    drawing[20:80, 30:160] = rng.integers(60, 200, (60, 130), dtype=np.uint8)
    pale, dark = even_tone((drawing * 0.6).astype(np.uint8)), even_tone(drawing)
    for canvas in (pale, dark):
        inked = canvas[canvas > 24]
        assert np.percentile(inked, [25, 50]) == pytest.approx([24 + 231 * 0.25 / 0.6, 24 + 231 * 0.5 / 0.6], abs=6)
        assert (inked == 255).mean() == pytest.approx(0.4, abs=0.03)


def test_evening_the_tone_keeps_the_order_of_strokes_and_drops_the_halo() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    evened = even_tone(ramp)
    assert (np.diff(evened.ravel().astype(int)) >= 0).all()
    assert not evened.ravel()[:25].any()
    assert evened.ravel()[25] > 0
    assert not even_tone(np.zeros((4, 4), np.uint8)).any()
