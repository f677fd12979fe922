"""Where on a page a signature may be: boxes to choose from and to move, never a decision.

Pen strokes are looked for as groups of ink that join over gaps as wide as between the letters of a hand, are taller
than print and lie, on a cheque or a form, rather at the lower right. Rules, frames, bar codes and lines of print are
taken out first.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlcore.imaging.across import without_lines
from mlcore.imaging.ink import extract_ink
from mlcore.imaging.printed import without_print
from mlcore.imaging.rules import without_rules
from mlcore.imaging.types import Box, Grey, Mask

_SIDE = 1200  # longer side in pixels at which groups are looked for
_FEW_PIECES = 40  # connected pieces of ink up to which a page is a signature and nothing else
_SMALLEST = 16  # pixels a side of a page on which anything can be signed
_PIECE = 6  # pixels from which a piece counts
_LEAST = 40  # inked pixels of a group
_MARGIN = 0.03  # of the box's longer side, left as paper around it
_FORM = 0.35  # share of the page to the left and to the top in which nobody signs a form


@dataclass(frozen=True, slots=True)
class Proposal:
    """A box in pixels of the page, and how much speaks for it, 0..1: its share among all that were found."""

    box: Box
    confidence: float


def propose_boxes(page: Grey, *, most: int = 5) -> tuple[Proposal, ...]:
    """Up to `most` boxes of a page, uint8 (H, W), 0 black .. 255 white, the likeliest first; none on a blank page.

    A page that shows one signature and nothing else gives that one box.
    """
    if min(page.shape) < _SMALLEST:
        return ()
    shrink = min(1.0, _SIDE / max(page.shape))
    small = page if shrink == 1.0 else cv2.resize(page, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    ink = without_rules(without_lines(extract_ink(np.asarray(small, dtype=np.uint8)).mask))
    alone = _alone(ink)
    if alone is not None:
        return (Proposal(_on_page(alone, shrink, page.shape), 1.0),)
    groups = _groups(without_print(ink))
    weights = np.array([_weight(box, area, ink.shape) for box, area in groups])
    order = [int(index) for index in np.argsort(-weights, kind="stable") if weights[index] > 0]
    total = float(weights.sum())
    return tuple(
        Proposal(_on_page(groups[index][0], shrink, page.shape), float(weights[index]) / total)
        for index in order[:most]
    )


def _alone(mask: Mask) -> Box | None:
    """The box of all ink where a page shows a signature and nothing else: print comes in hundreds of pieces."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    pieces = stats[1:count][stats[1:count, cv2.CC_STAT_AREA] >= _PIECE]
    if not 0 < len(pieces) <= _FEW_PIECES or pieces[:, cv2.CC_STAT_AREA].sum() < _LEAST:
        return None
    left, top = pieces[:, cv2.CC_STAT_LEFT], pieces[:, cv2.CC_STAT_TOP]
    right, bottom = left + pieces[:, cv2.CC_STAT_WIDTH], top + pieces[:, cv2.CC_STAT_HEIGHT]
    return Box(int(left.min()), int(top.min()), int(right.max()), int(bottom.max()))


def _groups(mask: Mask) -> list[tuple[Box, int]]:
    """Ink joined over gaps as wide as between the letters of a hand: box and number of inked pixels of each."""
    longer = max(mask.shape)
    reach = (max(3, longer // 50), max(3, longer // 240))
    joined = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones(reach[::-1], np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    areas = np.bincount(labels[mask], minlength=count)
    found = []
    for index in range(1, count):
        left, top, wide, high = (int(value) for value in stats[index, :4])
        if high >= 0.015 * longer and wide >= 0.02 * longer and areas[index] >= _LEAST:
            found.append((Box(left, top, left + wide, top + high), int(areas[index])))
    return found


def _weight(box: Box, area: int, shape: tuple[int, ...]) -> float:
    """How much a group looks like a signature and lies where forms are signed."""
    height, width = shape
    longer = max(shape)
    tall, wide = box.height / longer, box.width / longer
    fill = area / (box.width * box.height)
    if wide > 0.75 or tall > 0.4 or not 0.01 < fill < 0.45:
        return 0.0
    across, down = (box.left + box.right) / 2 / width, (box.top + box.bottom) / 2 / height
    place = 0.15 + max(0.0, across - _FORM) + 1.3 * max(0.0, down - _FORM)
    shape_fits = np.exp(-((np.log(box.width / box.height / 2.2)) ** 2))
    return float(place**2 * min(tall / 0.055, 1.5) ** 2 * min(wide / 0.12, 1.2) * shape_fits)


def _on_page(box: Box, shrink: float, shape: tuple[int, ...]) -> Box:
    """In pixels of the page, with a little paper around."""
    margin = _MARGIN * max(box.width, box.height) + 1
    grown = (box.left - margin, box.top - margin, box.right + margin, box.bottom + margin)
    return Box(*(round(value / shrink) for value in grown)).within(shape[1], shape[0])
