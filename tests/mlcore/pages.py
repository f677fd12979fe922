"""Pages to test imaging on: drawn, rendered from synthetic signers, and spoilt."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from mlcore.synthesis import make_signer, signature_png


def drawn_page(height: int = 240, width: int = 600, *, ink: int = 30, paper: int = 245, pen: int = 4) -> np.ndarray:
    """A page with one looped line on it, uint8 (H, W)."""
    page = np.full((height, width), paper, dtype=np.uint8)
    t = np.linspace(0, 6 * np.pi, 300)
    across = np.linspace(0.15 * width, 0.85 * width, 300) + 18 * np.sin(2 * t)
    down = 0.5 * height + 0.22 * height * np.sin(t) * np.cos(0.3 * t)
    line = np.stack([across, down], axis=1).round().astype(np.int32)
    return cv2.polylines(page, [line.reshape(-1, 1, 2)], False, ink, pen, cv2.LINE_AA)


def encoded(page: np.ndarray | Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A page as the bytes of an image file."""
    picture = page if isinstance(page, Image.Image) else Image.fromarray(page)
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def signature_bytes(signer: int = 1, seed: int = 1) -> bytes:
    """A synthetic signer's signature as PNG bytes."""
    return signature_png(make_signer(signer), seed)
