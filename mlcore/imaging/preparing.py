"""The one way from bytes to what the network sees."""

from __future__ import annotations

import cv2
import numpy as np

from mlcore.imaging.across import without_lines
from mlcore.imaging.components import remove_specks
from mlcore.imaging.decoding import decode
from mlcore.imaging.ink import extract_ink
from mlcore.imaging.neighbours import neighbours
from mlcore.imaging.normalisation import normalise
from mlcore.imaging.quality import assess
from mlcore.imaging.rules import without_rules
from mlcore.imaging.types import Box, Grey, Limits, Signature

WORKING_SIDE = 1600  # longer side in pixels at which strokes are examined; 300 dpi signatures stay as they are


def prepare(
    data: bytes, *, box: Box | None = None, page: int = 0, turn: int = 0, limits: Limits | None = None
) -> Signature:
    """Decode an image file, find the signature's ink and lay it on the canvas.

    box: the part of the page to look at, in pixels, default the whole page. page: of a multi-page TIFF or PDF, from 0.
    turn: 0, 90, 180 or 270 degrees to the right; box and ink are in pixels of the page as turned.
    Raises ImageRefused when the bytes can not be read. A page without a usable signature (blank, black, a photograph)
    comes back with quality.grade "refused" and the reason in quality.remarks.
    """
    decoded = decode(data, page=page, turn=turn, limits=limits)
    return prepare_page(decoded.grey, box=box, media_type=decoded.media_type, pages=decoded.pages)


def prepare_page(grey: Grey, *, box: Box | None = None, media_type: str = "image/png", pages: int = 1) -> Signature:
    """The same for a decoded page, uint8 (H, W), 0 black .. 255 white."""
    part = (box or Box(0, 0, grey.shape[1], grey.shape[0])).within(grey.shape[1], grey.shape[0])
    window = grey[part.top : part.bottom, part.left : part.right]
    if window.size == 0:
        window, part = grey, Box(0, 0, grey.shape[1], grey.shape[0])
    shrink = min(1.0, WORKING_SIDE / max(window.shape))
    working = _shrunk(window, shrink)
    ink = extract_ink(working)
    written = ink.mask
    if window.shape != grey.shape:
        written = written & ~neighbours(grey, part, working.shape, shrink)
    mask, ink_box = remove_specks(without_rules(without_lines(written)))
    near = np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)), dtype=np.uint8)
    clean = ink.density * near
    quality = assess(working, ink, mask, ink_box)
    canvas, fine = normalise(clean, ink_box)
    found = _on_page(ink_box, part, shrink) if ink_box else None
    return Signature(grey, canvas, fine, found, quality, media_type, pages)


def _shrunk(window: Grey, shrink: float) -> Grey:
    if shrink == 1.0:
        return window
    size = (max(1, round(window.shape[1] * shrink)), max(1, round(window.shape[0] * shrink)))
    return np.asarray(cv2.resize(window, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _on_page(box: Box, part: Box, shrink: float) -> Box:
    scaled = [round(value / shrink) for value in (box.left, box.top, box.right, box.bottom)]
    return Box(part.left + scaled[0], part.top + scaled[1], part.left + scaled[2], part.top + scaled[3]).within(
        part.right, part.bottom
    )
