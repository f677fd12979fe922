"""Decoding untrusted images, removing their background, judging their quality, normalising the signature."""

from __future__ import annotations

from mlcore.imaging.boxes import Proposal, propose_boxes
from mlcore.imaging.decoding import DecodedPage, decode
from mlcore.imaging.display import array_png, boxed_png, ink_png, page_png
from mlcore.imaging.preparing import prepare, prepare_page
from mlcore.imaging.types import (
    CANVAS_HEIGHT,
    CANVAS_WIDTH,
    Box,
    Grade,
    ImageRefused,
    Limits,
    Quality,
    Remark,
    Signature,
)

__all__ = [
    "CANVAS_HEIGHT",
    "CANVAS_WIDTH",
    "Box",
    "DecodedPage",
    "Grade",
    "ImageRefused",
    "Limits",
    "Proposal",
    "Quality",
    "Remark",
    "Signature",
    "array_png",
    "boxed_png",
    "decode",
    "ink_png",
    "page_png",
    "prepare",
    "prepare_page",
    "propose_boxes",
]
