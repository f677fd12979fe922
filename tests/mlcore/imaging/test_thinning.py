"""Middle lines of drawn shapes."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.thinning import thinned


def test_thinning_leaves_the_middle_of_a_bar_and_the_pieces_whole() -> None:
    mask = np.zeros((40, 60), dtype=np.bool_)
    mask[10:17, 5:30] = mask[3:37, 44:49] = True
    lines = thinned(mask)
    assert set(np.flatnonzero(lines[:, 15])) == {13}
    assert set(np.flatnonzero(lines[20])) == {46}
    assert cv2.connectedComponents(lines)[0] == 3
    assert not (lines.astype(bool) & ~mask).any()
