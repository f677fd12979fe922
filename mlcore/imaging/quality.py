"""Is this a signature, and how well can it be compared? Each finding is a sentence for the teller."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mlcore.imaging.components import pieces, stroke_width
from mlcore.imaging.ink import Ink, percentiles
from mlcore.imaging.types import Box, Grade, Grey, Mask, Quality, Remark

_MIN_SIDE, _SMALL_SIDE = 24, 90  # pixels of the longer side of the ink box
_MIN_CONTRAST, _PALE = 0.10, 0.22
_MAX_SOLID, _MAX_STROKE = 0.45, 0.22  # ink share of the box; stroke width over the box's shorter side
_MAX_PIECES = 250  # of ink, dust aside: signatures have up to about 50, a printed cheque 345 and more, grain thousands
_DUST = 4  # pixels below which a piece is dust
_PHOTO_SHARE, _PHOTO_UNEVEN = 0.25, 0.35  # much ink on paper that is itself dark in places
_BLURRED, _SOFT = 0.15, 0.32  # sharpness, 1 / edge width in pixels: blur of 5 and 2.4 pixels (standard deviation)
_MAX_TEXTURE = 0.6  # grey pixels away from any full ink, per pixel of full ink, beyond which it is a photograph
_FULL = 170  # density of full ink

BLANK = Remark("blank", "No ink was found. Please check that the signature is on the page and scan it again.")
DARK = Remark("dark_page", "The picture is almost black. Please scan it again, the paper lying face down and flat.")
SOLID = Remark("solid", "This is a filled area, not handwriting. Please upload a picture of the signature alone.")
PHOTO = Remark(
    "not_a_signature",
    "This looks like a photograph or a printed page, not like a signature. Please upload the signature alone.",
)
TINY = Remark("too_small", "The signature is only a few pixels large. Please scan it at 300 dpi.")
FAINT = Remark("too_faint", "The ink can hardly be told from the paper. Please scan it again with more contrast.")
BLUR = Remark("blurred", "The picture is too blurred to compare strokes. Please scan it again or hold still.")
SMALL = Remark("small", "The signature is small; details are lost. A scan at 300 dpi compares better.")
PALE = Remark("pale", "The ink is pale. A darker pen or a scan with more contrast compares better.")
SOFT = Remark("soft", "The picture is a little blurred. A sharper scan compares better.")
CUT = Remark("touches_border", "Ink touches the edge of the picture; part of the signature may be missing.")

_REFUSING = frozenset({BLANK, DARK, SOLID, PHOTO, TINY, FAINT, BLUR})


@dataclass(frozen=True, slots=True)
class _Findings:
    ink_share: float
    stroke: float
    texture: float
    pieces: int
    sharpness: float
    touches_border: bool


def assess(grey: Grey, ink: Ink, mask: Mask, box: Box | None) -> Quality:
    """Grade a page by its ink: grey uint8 (H, W), the extracted ink, the cleaned mask and its box."""
    if ink.paper < 60:
        return _quality(None, ink, None, (DARK,))
    if box is None:
        return _quality(None, ink, None, (BLANK,))
    found = _measure(grey, ink, mask, box)
    return _quality(box, ink, found, tuple(_remarks(box, ink, found)))


def _measure(grey: Grey, ink: Ink, mask: Mask, box: Box) -> _Findings:
    inside = mask[box.top : box.bottom, box.left : box.right]
    area = int(np.count_nonzero(inside))
    window = grey[box.top : box.bottom, box.left : box.right]
    return _Findings(
        ink_share=area / inside.size,
        stroke=stroke_width(inside) / max(min(box.width, box.height), 1),
        texture=_texture(ink.density[box.top : box.bottom, box.left : box.right], inside),
        pieces=_pieces(ink.mask),
        sharpness=_sharpness(window, inside),
        touches_border=_touches_border(mask),
    )


def _remarks(box: Box, ink: Ink, found: _Findings) -> list[Remark]:
    longer, shorter = max(box.width, box.height), min(box.width, box.height)
    if longer < _MIN_SIDE or shorter < 4:
        return [TINY]
    if found.texture > _MAX_TEXTURE or found.pieces > _MAX_PIECES:
        return [PHOTO]
    if found.ink_share > _PHOTO_SHARE and ink.unevenness > _PHOTO_UNEVEN:
        return [PHOTO]
    if found.ink_share > _MAX_SOLID or (found.stroke > _MAX_STROKE and found.ink_share > 0.2):
        return [SOLID]
    checks = (
        (ink.contrast < _MIN_CONTRAST, FAINT),
        (found.sharpness < _BLURRED, BLUR),
        (longer < _SMALL_SIDE, SMALL),
        (_MIN_CONTRAST <= ink.contrast < _PALE, PALE),
        (_BLURRED <= found.sharpness < _SOFT, SOFT),
        (found.touches_border, CUT),
    )
    return [remark for applies, remark in checks if applies]


def _quality(box: Box | None, ink: Ink, found: _Findings | None, remarks: tuple[Remark, ...]) -> Quality:
    grade: Grade = "good" if not remarks else "usable"
    if any(remark in _REFUSING for remark in remarks):
        grade = "refused"
    return Quality(
        grade=grade,
        ink_share=round(found.ink_share, 4) if found else 0.0,
        width=box.width if box else 0,
        height=box.height if box else 0,
        contrast=round(ink.contrast, 4),
        sharpness=round(found.sharpness, 4) if found else 0.0,
        touches_border=found.touches_border if found else False,
        remarks=remarks,
    )


def _texture(density: Grey, mask: Mask) -> float:
    """Grey pixels of the mask more than 2 pixels from full ink, per pixel of full ink: a photograph's half-tones."""
    full = (density >= _FULL) & mask
    near = cv2.dilate(full.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    return int(np.count_nonzero(mask & ~near)) / max(int(np.count_nonzero(full)), 1)


def _pieces(mask: Mask) -> int:
    _, _, areas = pieces(mask)
    return int(np.count_nonzero(areas >= _DUST))


def _sharpness(window: Grey, mask: Mask) -> float:
    """Steepest grey step per pixel at the strokes' edges over their contrast: 1 for bilevel, 1/n for n-pixel edges."""
    solid = mask.astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    edge = cv2.dilate(solid, kernel).astype(bool) & ~cv2.erode(solid, kernel, borderValue=0).astype(bool)
    if not edge.any():
        return 0.0
    across, down = (np.abs(cv2.Sobel(window, cv2.CV_16S, *way, ksize=3)) for way in ((1, 0), (0, 1)))
    steps = np.maximum(across, down)[edge].astype(np.float32) / 8.0
    steepness = float(np.percentile(steps, 75, overwrite_input=True))
    paper, dark = percentiles(window, (95, 2))
    return float(min(2.0 * steepness / max(float(paper - dark), 1.0), 1.0))


def _touches_border(mask: Mask) -> bool:
    frame = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return int(np.count_nonzero(frame)) >= 2
