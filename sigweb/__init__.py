"""SigWeb: verification of handwritten signatures for banks."""

from __future__ import annotations

__version__ = "0.1.0"
