"""A drawn cheque with a synthetic signature, for the tests of boxes."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from mlcore.imaging import Box
from mlcore.imaging.decoding import decode
from mlcore.synthesis import make_signer, signature_png


def cheque(signer: int = 11, seed: int = 1, *, size: tuple[int, int] = (760, 1700)) -> tuple[np.ndarray, Box]:
    """A grey page, uint8 `size`, with print, lines and handwriting, and where its signature lies."""
    height, width = size
    page = np.full(size, 238, np.uint8)
    for level in range(40, height - 120, 14):  # a pale guilloche
        x = np.arange(0, width, 4)
        curve = np.column_stack([x, level + 6 * np.sin(x / 40.0 + level)]).round().astype(np.int32)
        cv2.polylines(page, [curve], False, 222, 1, cv2.LINE_AA)

    def printed(text: str, left: int, top: int, large: float = 0.9) -> None:
        cv2.putText(page, text, (left, top), cv2.FONT_HERSHEY_SIMPLEX, large, 40, 2, cv2.LINE_AA)

    printed("SAMPLE BANK LTD", 60, 70, 1.3)
    printed("A/C No. 000 000 000", 80, 430)
    printed("Please sign above", 1330, 640, 0.6)
    printed("000121  000000000  000457  31", 420, 730)
    for top in (170, 260):
        cv2.line(page, (60, top), (width - 60, top), 90, 2)
    left, top, wide, high = 1290, 480, 300, 120
    ink = decode(signature_png(make_signer(signer), seed)).grey
    ink = np.asarray(cv2.resize(ink, (wide, high), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    dark = ink < np.median(ink) - 40
    place = page[top : top + high, left : left + wide]
    place[dark] = np.minimum(place[dark], ink[dark])
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return page, Box(left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1)


def png(page: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(page).save(out, "PNG")
    return out.getvalue()


def tiff(*pages: np.ndarray) -> bytes:
    out = io.BytesIO()
    first, *rest = (Image.fromarray(page) for page in pages)
    first.save(out, "TIFF", save_all=True, append_images=rest, compression="tiff_deflate")
    return out.getvalue()
