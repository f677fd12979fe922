"""Synthetic signatures: signers, their variation, forgeries of them, and their scans.

The movement follows Plamondon's kinematic theory of rapid human movements (strokes with lognormal
velocity profiles that overlap in time). No image of a real person's signature is involved.
"""

from __future__ import annotations

from mlcore.synthesis.forgery import skilled_forgery
from mlcore.synthesis.ink import Pen, RenderStyle
from mlcore.synthesis.page import counter_style, page_png_bytes, signature_png
from mlcore.synthesis.render import render
from mlcore.synthesis.rewriting import Habit, rewritten
from mlcore.synthesis.signer import Manner, Signer, make_signer
from mlcore.synthesis.trajectory import Trajectory
from mlcore.synthesis.variation import genuine

__all__ = [
    "Habit",
    "Manner",
    "Pen",
    "RenderStyle",
    "Signer",
    "Trajectory",
    "counter_style",
    "genuine",
    "make_signer",
    "page_png_bytes",
    "render",
    "rewritten",
    "signature_png",
    "skilled_forgery",
]
