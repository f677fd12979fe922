"""The values that imaging hands out: boxes, remarks, quality and the prepared signature."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Grade = Literal["good", "usable", "refused"]

# Raised whenever the same image comes out as another canvas: vectors of one version mean nothing in another.
CANVAS_VERSION = 2
CANVAS_HEIGHT = 96
CANVAS_WIDTH = 192


class ImageRefused(ValueError):
    """The bytes are no picture that can be read; `sentence` says why and what to do.

    wording: the sentence before `values` took the places of its %(name)s, for whoever has it in another language.
    """

    def __init__(self, code: str, wording: str, **values: int) -> None:
        self.code, self.wording, self.values = code, wording, values
        self.sentence = wording % values
        super().__init__(self.sentence)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a single upload may cost: bytes, pixels of one page, pages of one file."""

    max_bytes: int = 10 * 1024 * 1024
    max_pixels: int = 40_000_000
    max_pages: int = 20


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the page; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def within(self, width: int, height: int) -> Box:
        """The part of the box that lies on a page of `width` x `height` pixels."""
        left, right = sorted((min(max(self.left, 0), width), min(max(self.right, 0), width)))
        top, bottom = sorted((min(max(self.top, 0), height), min(max(self.bottom, 0), height)))
        return Box(left, top, right, bottom)


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding about an image: a stable code and a sentence for the person who uploaded it."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How well an image serves for comparison.

    ink_share: ink pixels / pixels of the ink box, 0..1. width, height: ink box in pixels of the page. contrast: paper
    minus ink, relative to the paper, 0..1. sharpness: steepness of the stroke edges, 1 / (edge width in pixels), 0..1.
    """

    grade: Grade
    ink_share: float
    width: int
    height: int
    contrast: float
    sharpness: float
    touches_border: bool
    remarks: tuple[Remark, ...] = ()

    @property
    def refused(self) -> bool:
        return self.grade == "refused"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form, as stored with specimens and verifications."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Signature:
    """A decoded page and the signature found on it.

    page: uint8 (H, W), 0 black .. 255 white. canvas: uint8 (96, 192), 0 paper .. 255 ink, what the network sees.
    fine: uint8 (192, 384), the same at twice the resolution. box: where the ink lies on the page, None without ink.
    """

    page: Grey
    canvas: Grey
    fine: Grey
    box: Box | None
    quality: Quality
    media_type: str
    pages: int
