"""Pictures for people: re-encoded pages and the normalised ink, never the uploaded bytes themselves."""

from __future__ import annotations

import io

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from mlcore.imaging.decoding import decode
from mlcore.imaging.types import Box, Grey, Limits

_OUTLINE = (11, 92, 173)  # RGB


def page_png(data: bytes, *, page: int = 0, max_side: int = 1600, limits: Limits | None = None) -> bytes:
    """One page of an image file as grey PNG bytes, its longer side at most `max_side` pixels. Raises ImageRefused."""
    return array_png(decode(data, page=page, limits=limits).grey, max_side=max_side)


def ink_png(ink: Grey) -> bytes:
    """A canvas, uint8 (H, W), 0 paper .. 255 ink, as PNG bytes with dark ink on white."""
    return array_png(255 - np.asarray(ink, dtype=np.uint8))


def boxed_png(page: Grey, box: Box, *, max_side: int = 1600) -> bytes:
    """A page, uint8 (H, W), as RGB PNG bytes: what lies outside `box`, in its pixels, pale, and the box outlined.

    The longer side is at most `max_side` pixels, the outline as wide on every page.
    """
    height, width = page.shape
    shrink = min(1.0, max_side / max(page.shape))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = page if shrink == 1.0 else cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    part = box.within(width, height)
    left, top, right, bottom = (round(side * shrink) for side in (part.left, part.top, part.right, part.bottom))
    drawn = 255 - (255 - small) // 2
    drawn[top:bottom, left:right] = small[top:bottom, left:right]
    coloured = cv2.cvtColor(np.asarray(drawn, dtype=np.uint8), cv2.COLOR_GRAY2RGB)
    wide = max(1, max(coloured.shape) // 400)
    for colour, thickness in (((255, 255, 255), 3 * wide), (_OUTLINE, wide)):
        cv2.rectangle(coloured, (left - wide, top - wide), (right + wide, bottom + wide), colour, thickness)
    return array_png(np.asarray(coloured, dtype=np.uint8))


def array_png(pixels: npt.NDArray[np.uint8], *, max_side: int | None = None) -> bytes:
    """Pixels, uint8 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA, as PNG bytes, the longer side at most `max_side`."""
    picture = Image.fromarray(pixels)
    if max_side is not None:
        picture.thumbnail((max_side, max_side))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=3)
    return out.getvalue()
