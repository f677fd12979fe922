"""Where on a page a signature may be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.imaging import Box
from mlcore.imaging.boxes import propose_boxes
from mlcore.imaging.decoding import decode
from mlcore.synthesis import make_signer, signature_png
from tests.mlcore.pages_of_cheques import cheque


def overlap(left: Box, right: Box) -> float:
    """Intersection over union."""
    width = max(0, min(left.right, right.right) - max(left.left, right.left))
    height = max(0, min(left.bottom, right.bottom) - max(left.top, right.top))
    both = width * height
    return both / (left.width * left.height + right.width * right.height - both)


@pytest.mark.parametrize("signer", [3, 11, 12, 19, 27, 41])
def test_on_a_cheque_the_signature_comes_first(signer: int) -> None:
    page, where = cheque(signer)
    proposals = propose_boxes(page)
    assert overlap(proposals[0].box, where) > 0.5
    assert 1 < len(proposals) <= 5
    assert sum(proposal.confidence for proposal in proposals) == pytest.approx(1.0)
    weights = [proposal.confidence for proposal in proposals]
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize("signer", [11, 12, 19])
def test_a_signature_alone_is_one_box_around_all_of_it(signer: int) -> None:
    page = decode(signature_png(make_signer(signer), 1)).grey
    (only,) = propose_boxes(page)
    assert only.confidence == 1.0
    dark = page < np.median(page) - 60
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert only.box.left <= columns[0] + 12
    assert only.box.right >= columns[-1] - 12
    assert only.box.top <= rows[0] + 12
    assert only.box.bottom >= rows[-1] - 12


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_page_has_none(level: int) -> None:
    assert propose_boxes(np.full((400, 900), level, np.uint8)) == ()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(0, 2**31))
def test_boxes_lie_within_any_page_and_are_the_same_every_time(height: int, width: int, seed: int) -> None:
    page = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    found = propose_boxes(page)
    for proposal in found:
        assert 0 <= proposal.box.left < proposal.box.right <= width
        assert 0 <= proposal.box.top < proposal.box.bottom <= height
    assert found == propose_boxes(page)
