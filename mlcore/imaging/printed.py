"""Print on a form or cheque, taken out before handwriting is looked for: bar codes and lines of letters."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.types import Mask

_LETTER = (0.004, 0.022)  # height of a printed letter, of the page's longer side
_LETTERS = 5  # in a row that stand on one line
_LEVEL = 0.18  # of their height, by which the feet of printed letters differ
_GAP = 0.018  # between letters and words of a line, of the page's longer side
_MOST = 20_000  # pieces of ink, beyond which a page is grain and has no lines
_BARS = (0.006, 0.05)  # least width and length of a bar code, of the page's longer side


def without_print(mask: Mask, *, longer: int | None = None) -> Mask:
    """The ink (H, W) without bar codes and without lines of print.

    longer: the longer side of the whole page in pixels of the mask, where the mask is a part of it. Letters that touch
    a stroke are one piece with it and stay.
    """
    longer = longer or max(mask.shape)
    return _without_lines_of_letters(_without_bars(_without_bars(mask, longer).T, longer).T, longer)


def _without_bars(mask: Mask, longer: int) -> Mask:
    """Without stacks of short level bars."""
    least, length = max(round(_BARS[0] * longer), 5), max(round(_BARS[1] * longer), 20)
    ink = mask.astype(np.uint8)
    stacked = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((least + 1, 1), np.uint8))
    block = cv2.morphologyEx(stacked, cv2.MORPH_OPEN, np.ones((length, least), np.uint8))
    if not block.any():
        return mask
    around = cv2.dilate(block, np.ones((2 * least + 1, 5), np.uint8))
    return np.asarray(mask & (around == 0), dtype=np.bool_)


def _without_lines_of_letters(mask: Mask, longer: int) -> Mask:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count > _MOST:
        return mask
    high, wide = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    letters = (high >= max(_LETTER[0] * longer, 3)) & (high <= _LETTER[1] * longer)
    letters &= wide <= 2.5 * _LETTER[1] * longer
    letters[0] = False
    printed = np.zeros(count, dtype=np.bool_)
    for row in _rows(letters, labels, stats, longer):
        printed[row] = _on_one_line(stats[row])
    return np.asarray(mask & ~printed[labels], dtype=np.bool_)


def _rows(letters: np.ndarray, labels: np.ndarray, stats: np.ndarray, longer: int) -> list[np.ndarray]:
    """Indices of the letters that follow one another at the same height, a row at a time."""
    gap = max(round(_GAP * longer), 3)
    joined = cv2.morphologyEx(letters[labels].astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    _, rows = cv2.connectedComponents(joined, connectivity=8)
    members = np.flatnonzero(letters)
    tops = stats[members, cv2.CC_STAT_TOP]
    lefts, wides = stats[members, cv2.CC_STAT_LEFT], stats[members, cv2.CC_STAT_WIDTH]
    row_of = np.array(
        [
            rows[top, left : left + wide][labels[top, left : left + wide] == member][0]
            for member, top, left, wide in zip(members, tops, lefts, wides, strict=True)
        ],
        dtype=np.intp,
    )
    order = np.argsort(row_of, kind="stable")
    cuts = np.flatnonzero(np.diff(row_of[order])) + 1
    return [row for row in np.split(members[order], cuts) if len(row) >= _LETTERS]


def _on_one_line(letters: np.ndarray) -> bool:
    """Do most letters stand on one straight line, all about as tall? Written ones dance."""
    high = letters[:, cv2.CC_STAT_HEIGHT]
    usual = float(np.median(high))
    feet = letters[:, cv2.CC_STAT_TOP] + high
    across = letters[:, cv2.CC_STAT_LEFT].astype(np.float64)
    if np.ptp(across) <= usual:  # on top of each other
        return False
    aside = across - across.mean()
    off = feet - (aside @ feet / (aside @ aside)) * aside
    off -= np.median(off)
    return bool((np.abs(off) <= max(_LEVEL * usual, 1.5)).mean() >= 0.7 and (high <= 1.6 * usual).mean() >= 0.8)
