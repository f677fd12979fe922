"""Pictures for people: re-encoded pages and the normalised ink, never the uploaded bytes themselves."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from mlcore.imaging.decoding import decode
from mlcore.imaging.types import Grey, Limits


def page_png(data: bytes, *, page: int = 0, max_side: int = 1600, limits: Limits | None = None) -> bytes:
    """One page of an image file as grey PNG bytes, its longer side at most `max_side` pixels. Raises ImageRefused."""
    picture = Image.fromarray(decode(data, page=page, limits=limits).grey)
    picture.thumbnail((max_side, max_side))
    return _png(picture)


def ink_png(ink: Grey) -> bytes:
    """A canvas, uint8 (H, W), 0 paper .. 255 ink, as PNG bytes with dark ink on white."""
    return _png(Image.fromarray(255 - np.asarray(ink, dtype=np.uint8)))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=3)
    return out.getvalue()
