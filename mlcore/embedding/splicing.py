"""Spliced writers: the beginning of one writer's signatures joined with the end of another's.

A hundred writers give ten thousand such pairs, each of them a writer with genuine variation and forgeries of his own
(the thought of CutMix, Yun et al. 2019, held the same over all signatures of a batch).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlcore.imaging.types import Grey

_INK = 60
_MARGIN = 8  # fine pixels left free around


@dataclass(frozen=True, slots=True)
class Joint:
    """How two writers are joined, the same for all signatures of a batch.

    first, second: shares of the widths kept, of the beginning of one and of the end of the other. size: of the second
    relative to its own. drop: of the second against the first, as a share of the height. gap: as a share of the width.
    """

    first: float
    second: float
    size: float
    drop: float
    gap: float


def draw_joint(rng: np.random.Generator) -> Joint:
    """Another way to join two writers: each keeps 35 to 70 % of his width."""
    return Joint(
        first=float(rng.uniform(0.35, 0.7)),
        second=float(rng.uniform(0.35, 0.7)),
        size=float(np.exp(rng.normal(0, 0.15))),
        drop=float(rng.normal(0, 0.12)),
        gap=float(rng.normal(0.02, 0.04)),
    )


def splice(beginning: Grey, end: Grey, joint: Joint) -> Grey:
    """Two fine canvases, uint8 (192, 384), to the fine canvas of the writer they make together.

    An empty one leaves the other as it is.
    """
    first, second = _ink(beginning), _ink(end)
    if first is None or second is None:
        return beginning if second is None else end
    first = first[:, : max(1, round(joint.first * first.shape[1]))]
    second = second[:, -max(1, round(joint.second * second.shape[1])) :]
    second = np.asarray(cv2.resize(second, None, fx=joint.size, fy=joint.size), dtype=np.uint8)
    return _fitted(_beside(first, second, joint), beginning.shape)


def _ink(fine: Grey) -> Grey | None:
    left, top, width, height = cv2.boundingRect(cv2.threshold(fine, _INK, 255, cv2.THRESH_BINARY)[1])
    return fine[top : top + height, left : left + width] if width else None


def _beside(first: Grey, second: Grey, joint: Joint) -> Grey:
    """Side by side, middle to middle but for the drop; where they overlap, the darker ink shows."""
    gap = max(round(joint.gap * (first.shape[1] + second.shape[1])), -min(first.shape[1], second.shape[1]) // 2)
    down = round(joint.drop * first.shape[0]) + (first.shape[0] - second.shape[0]) // 2
    top, height = max(-down, 0), max(first.shape[0] - min(down, 0), second.shape[0] + max(down, 0))
    page = np.zeros((height, first.shape[1] + gap + second.shape[1]), np.uint8)
    page[top : top + first.shape[0], : first.shape[1]] = first
    place = page[top + down : top + down + second.shape[0], first.shape[1] + gap :]
    np.maximum(place, second, out=place)
    return page


def _fitted(page: Grey, shape: tuple[int, ...]) -> Grey:
    room = (shape[0] - 2 * _MARGIN, shape[1] - 2 * _MARGIN)
    scale = min(room[0] / page.shape[0], room[1] / page.shape[1], 1.5)
    size = (max(1, min(round(page.shape[1] * scale), room[1])), max(1, min(round(page.shape[0] * scale), room[0])))
    fitted = np.zeros(shape, np.uint8)
    top, left = (shape[0] - size[1]) // 2, (shape[1] - size[0]) // 2
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted[top : top + size[1], left : left + size[0]] = cv2.resize(page, size, interpolation=method)
    return fitted
