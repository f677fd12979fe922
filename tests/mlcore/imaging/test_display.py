"""Pictures for people are made anew, never passed on."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mlcore.imaging import ImageRefused, ink_png, page_png
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


def test_what_can_not_be_read_is_refused() -> None:
    with pytest.raises(ImageRefused):
        page_png(b"nothing")
