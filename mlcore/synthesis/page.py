"""Signatures as files: the PNG that a scanner at the counter would have stored."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from mlcore.synthesis.forgery import skilled_forgery
from mlcore.synthesis.ink import Pen, RenderStyle
from mlcore.synthesis.render import Page, render
from mlcore.synthesis.signer import Signer
from mlcore.synthesis.trajectory import Trajectory
from mlcore.synthesis.variation import genuine


def page_png_bytes(page: Page) -> bytes:
    """A grey page (H, W) uint8 as PNG. Raises ValueError for an array that is not such a page."""
    if page.ndim != 2 or page.dtype != np.uint8 or page.size == 0:
        raise ValueError("A page is a grey array (H, W) of uint8 that is not empty.")
    done, data = cv2.imencode(".png", page)
    if not done:
        raise ValueError("The page could not be encoded as PNG.")
    return data.tobytes()


def signature_png(signer: Signer, seed: int, *, forged_with: float | None = None) -> bytes:
    """A scan of a signature as PNG bytes: genuine, or a forgery of skill `forged_with` (0..1).

    Pen, sheet and scanner are drawn anew for each seed, in the same way for genuine signatures
    and forgeries, so that they tell nothing about who wrote.
    """
    trajectory = _written(signer, seed, forged_with)
    rng = np.random.default_rng([signer.seed, 5, seed, 0 if forged_with is None else 1])
    return page_png_bytes(render(trajectory, counter_style(rng), int(rng.integers(2**31))))


def counter_style(rng: np.random.Generator) -> RenderStyle:
    """A style as at a bank's counter: a usual pen, a white sheet, a scan of 200 dpi or more."""
    pen = Pen(str(rng.choice([p.value for p in Pen], p=[0.6, 0.3, 0.03, 0.07])))
    style = RenderStyle.random(rng, pen=pen)
    dpi = int(rng.choice([200, 300], p=[0.3, 0.7]))
    return replace(style, dpi=dpi, bilevel=style.bilevel and dpi == 300)


def _written(signer: Signer, seed: int, forged_with: float | None) -> Trajectory:
    if forged_with is None:
        return genuine(signer, seed)
    return skilled_forgery(signer, seed, forged_with)
