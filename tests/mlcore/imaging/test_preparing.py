"""From bytes to canvas: what is found, what is refused, what does not matter."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.imaging import Box, prepare, prepare_page
from tests.mlcore.pages import drawn_page, encoded, signature_bytes


def photograph() -> np.ndarray:
    """A furry grey face: smooth shading, soft edges and texture everywhere, as in any snapshot of a cat."""
    rng = np.random.default_rng(4)
    page = cv2.GaussianBlur(rng.uniform(40, 220, (360, 480)).astype(np.float32), (0, 0), 24)
    page = (page - page.min()) / np.ptp(page) * 140 + 60
    for centre in ((180, 150), (300, 150)):
        cv2.circle(page, centre, 26, 25, -1)
    cv2.ellipse(page, (240, 230), (60, 34), 0, 0, 360, 90, -1)
    fur = rng.normal(0, 28, page.shape)
    return np.clip(page + cv2.GaussianBlur(fur, (0, 0), 0.8), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("page", "codes"),
    [
        (np.full((240, 600), 250, np.uint8), {"blank"}),
        (np.pad(np.zeros((1, 1), np.uint8), 120, constant_values=250), {"blank"}),
        (np.full((240, 600), 3, np.uint8), {"dark_page"}),
        (np.pad(np.zeros((200, 200), np.uint8), 60, constant_values=250), {"solid", "not_a_signature", "blank"}),
        (photograph(), {"not_a_signature", "solid", "dark_page"}),
        (np.random.default_rng(1).integers(0, 255, (240, 600)).astype(np.uint8), {"not_a_signature", "blank"}),
        (np.pad(np.zeros((4, 12), np.uint8), 60, constant_values=250), {"too_small"}),
    ],
    ids=["blank page", "blank page with a speck", "black page", "black square", "photograph", "noise", "a dash"],
)
def test_what_is_no_signature_is_refused_with_the_reason(page: np.ndarray, codes: set[str]) -> None:
    signature = prepare(encoded(page))
    assert signature.quality.refused
    assert signature.quality.grade == "refused"
    assert {remark.code for remark in signature.quality.remarks} <= codes
    assert all(remark.sentence.endswith(".") for remark in signature.quality.remarks)


@pytest.mark.parametrize("signer", range(8))
def test_synthetic_signatures_are_accepted(signer: int) -> None:
    signature = prepare(signature_bytes(signer))
    assert not signature.quality.refused, signature.quality
    assert signature.canvas.shape == (96, 192)
    assert signature.fine.shape == (192, 384)
    assert signature.canvas.max() == 255
    assert signature.box is not None
    assert signature.quality.as_dict()["grade"] in ("good", "usable")


def test_dust_all_over_the_page_does_not_refuse_a_signature() -> None:
    page = drawn_page()
    page[np.random.default_rng(3).random(page.shape) < 0.005] = 60
    assert not prepare_page(page).quality.refused


def test_a_printed_page_is_refused() -> None:
    """Rows of small marks, as letters are: far more pieces than any hand leaves."""
    page = np.full((900, 900), 248, np.uint8)
    for top in range(40, 860, 40):
        for left in range(40, 860, 30):
            cv2.ellipse(page, (left, top), (6, 9), 0, 0, 300, 30, 2)
    quality = prepare_page(page).quality
    assert quality.refused
    assert [remark.code for remark in quality.remarks] == ["not_a_signature"]


def test_a_blurred_page_is_marked_and_a_very_blurred_one_refused() -> None:
    page = drawn_page()
    soft = prepare_page(np.asarray(cv2.GaussianBlur(page, (0, 0), 2.5)))
    gone = prepare_page(np.asarray(cv2.GaussianBlur(page, (0, 0), 7.0)))
    assert "soft" in {remark.code for remark in soft.quality.remarks}
    assert not soft.quality.refused
    assert "blurred" in {remark.code for remark in gone.quality.remarks}
    assert gone.quality.refused


def test_pale_ink_is_marked_and_ink_hardly_there_is_refused() -> None:
    pale = prepare_page(drawn_page(ink=200))
    faint = prepare_page(drawn_page(ink=226))
    assert "pale" in {remark.code for remark in pale.quality.remarks}
    assert faint.quality.refused
    assert {remark.code for remark in faint.quality.remarks} <= {"too_faint", "blank"}


def test_a_signature_cut_by_the_edge_is_marked() -> None:
    cut = prepare_page(drawn_page()[:, 120:])
    assert "touches_border" in {remark.code for remark in cut.quality.remarks}
    assert cut.quality.touches_border


def test_a_small_signature_is_marked() -> None:
    small = prepare_page(np.asarray(cv2.resize(drawn_page(), None, fx=0.16, fy=0.16, interpolation=cv2.INTER_AREA)))
    assert "small" in {remark.code for remark in small.quality.remarks}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_where_the_signature_stands_on_the_page_does_not_matter(across: int, down: int) -> None:
    page = drawn_page()
    moved = np.full((page.shape[0] + 64, page.shape[1] + 64), 245, np.uint8)
    # Illumination is estimated on a grid of four pixels; positions off the grid move it by a grey level.
    moved[down : down + page.shape[0], across : across + page.shape[1]] = page
    difference = np.abs(prepare_page(moved).canvas.astype(int) - prepare_page(page).canvas.astype(int))
    assert difference.mean() < 0.5
    assert difference.max() <= 32


def test_a_lossless_re_encoding_changes_nothing() -> None:
    page = drawn_page()
    canvases = [prepare(encoded(page, kind)).canvas for kind in ("PNG", "TIFF", "BMP")]
    canvases.append(prepare(encoded(page, "WEBP", lossless=True)).canvas)
    assert all(np.array_equal(canvas, canvases[0]) for canvas in canvases)


def test_the_level_of_the_paper_does_not_matter() -> None:
    """CEDAR's genuine pages are darker than its forgeries; nothing of that may reach the network."""
    dark, bright = prepare_page(drawn_page(paper=235, ink=47)), prepare_page(drawn_page(paper=250, ink=50))
    assert np.abs(dark.canvas.astype(int) - bright.canvas.astype(int)).mean() < 0.5


def test_a_shadow_across_the_page_does_not_matter() -> None:
    page = drawn_page(paper=250, ink=40)
    shadow = np.linspace(1.0, 0.6, page.shape[1])[None, :]
    shaded = prepare_page((page * shadow).astype(np.uint8))
    assert not shaded.quality.refused
    difference = np.abs(shaded.canvas.astype(int) - prepare_page(page).canvas.astype(int))
    assert difference.mean() < 3


def test_the_box_limits_what_is_looked_at() -> None:
    page = np.full((400, 1300), 245, np.uint8)
    page[100:340, 20:620] = drawn_page()
    page[100:340, 680:1280] = drawn_page(pen=8)
    left = prepare_page(page, box=Box(0, 80, 640, 380))
    assert left.box is not None
    assert left.box.right <= 640
    assert np.abs(left.canvas.astype(int) - prepare_page(drawn_page()).canvas.astype(int)).mean() < 0.5


def test_a_box_outside_the_page_falls_back_to_the_whole_page() -> None:
    page = drawn_page()
    assert np.array_equal(prepare_page(page, box=Box(5000, 5000, 5100, 5100)).canvas, prepare_page(page).canvas)


def test_the_found_box_is_in_pixels_of_the_page_also_when_it_was_scaled_down() -> None:
    page = np.full((2400, 4000), 245, np.uint8)
    page[1000:2200, 500:3500] = cv2.resize(drawn_page(), (3000, 1200))
    box = prepare_page(page).box
    assert box is not None
    assert 800 < box.left < 1100
    assert 2800 < box.right < 3200
    assert 1000 < box.top < box.bottom < 2200
