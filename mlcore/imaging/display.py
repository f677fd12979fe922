"""Pictures for people: re-encoded pages and the normalised ink, never the uploaded bytes themselves."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image

from mlcore.imaging.decoding import decode
from mlcore.imaging.types import Grey, Limits


def page_png(data: bytes, *, page: int = 0, max_side: int = 1600, limits: Limits | None = None) -> bytes:
    """One page of an image file as grey PNG bytes, its longer side at most `max_side` pixels. Raises ImageRefused."""
    return array_png(decode(data, page=page, limits=limits).grey, max_side=max_side)


def ink_png(ink: Grey) -> bytes:
    """A canvas, uint8 (H, W), 0 paper .. 255 ink, as PNG bytes with dark ink on white."""
    return array_png(255 - np.asarray(ink, dtype=np.uint8))


def array_png(pixels: npt.NDArray[np.uint8], *, max_side: int | None = None) -> bytes:
    """Pixels, uint8 (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA, as PNG bytes, the longer side at most `max_side`."""
    picture = Image.fromarray(pixels)
    if max_side is not None:
        picture.thumbnail((max_side, max_side))
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=3)
    return out.getvalue()
