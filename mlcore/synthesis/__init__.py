"""Synthetic signatures: signers, their variation, forgeries of them, and their scans.

The movement follows Plamondon's kinematic theory of rapid human movements (strokes with lognormal
velocity profiles that overlap in time). No image of a real person's signature is involved.
"""

from __future__ import annotations

from mlcore.synthesis.ink import Pen, RenderStyle
from mlcore.synthesis.render import render
from mlcore.synthesis.trajectory import Trajectory

__all__ = ["Pen", "RenderStyle", "Trajectory", "render"]
