"""Pictures for people are made anew, never passed on."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mlcore.imaging import Box, ImageRefused, boxed_png, ink_png, page_png
from tests.mlcore.pages import drawn_page, encoded


def test_a_tiff_becomes_a_png_of_bounded_size() -> None:
    picture = Image.open(io.BytesIO(page_png(encoded(drawn_page(400, 1000), "TIFF"), max_side=300)))
    assert picture.format == "PNG"
    assert picture.size == (300, 120)


def test_ink_is_shown_dark_on_white() -> None:
    ink = np.zeros((96, 192), np.uint8)
    ink[50, 60] = 255
    shown = np.asarray(Image.open(io.BytesIO(ink_png(ink))))
    assert shown[50, 60] == 0
    assert shown[0, 0] == 255


def test_a_box_is_outlined_in_colour_and_what_lies_outside_is_pale() -> None:
    page = np.full((400, 800), 40, np.uint8)
    shown = np.asarray(Image.open(io.BytesIO(boxed_png(page, Box(200, 100, 600, 300), max_side=400))))
    assert shown.shape == (200, 400, 3)
    assert (shown[100, 200] == 40).all()
    assert (shown[10, 10] > 120).all()
    coloured = np.ptp(shown.astype(int), axis=2) > 60
    rows, columns = np.flatnonzero(coloured.any(axis=1)), np.flatnonzero(coloured.any(axis=0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == pytest.approx((49, 151, 99, 301), abs=1)
    assert not coloured[60:140, 110:290].any()


def test_a_box_that_touches_the_edges_is_drawn_all_the_same() -> None:
    shown = np.asarray(Image.open(io.BytesIO(boxed_png(np.full((90, 160), 40, np.uint8), Box(-5, 0, 80, 500)))))
    assert (shown[45, 40] == 40).all()
    assert (shown[45, 120] > 120).all()


def test_what_can_not_be_read_is_refused() -> None:
    with pytest.raises(ImageRefused):
        page_png(b"nothing")
