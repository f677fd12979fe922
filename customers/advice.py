"""What was found in a picture and what to do about it, in the reader's language, by the codes of mlcore.imaging."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.models import Specimen
from mlcore.imaging import Box, Signature
from mlcore.sentences import sentence_in_words

# Code: what was found, what to do.
_KNOWN = {
    "blank": (
        _("No ink was found."),
        _("Check that the signature is on this side of the page and in the picture, then add it again."),
    ),
    "dark_page": (
        _("The picture is almost black."),
        _("Lay the paper flat and face down on the scanner, or photograph it in more light."),
    ),
    "solid": (
        _("This is a filled area, not handwriting."),
        _("If a signature is in the picture, crop it to the signature; else choose another picture."),
    ),
    "not_a_signature": (
        _("This looks like a photograph or a printed page, not like a signature."),
        _("If a signature is on the page, crop the picture to it, without print around it."),
    ),
    "too_small": (
        _("The signature is only a few pixels large."),
        _("Scan it at 300 dots per inch, or photograph it from close by; enlarging this picture does not help."),
    ),
    "too_faint": (
        _("The ink can hardly be told from the paper."),
        _("Scan it again with more contrast, or let the customer sign anew with a dark pen."),
    ),
    "blurred": (
        _("The picture is too blurred to compare strokes."),
        _("Scan it again; or photograph it with the hand resting on the table, and wait until it is sharp."),
    ),
    "small": (
        _("The signature is small; details are lost."),
        _("It can be enrolled. A scan at 300 dots per inch, or a photograph from closer by, compares better."),
    ),
    "pale": (
        _("The ink is pale."),
        _("It can be enrolled. A scan with more contrast, or a darker pen, compares better."),
    ),
    "soft": (
        _("The picture is a little blurred."),
        _("It can be enrolled. A sharper scan or photograph compares better."),
    ),
    "touches_border": (
        _("Ink touches the edge of the picture; part of the signature may be missing."),
        _("Crop away what is not the signature; if the signature itself is cut off, scan it again with paper around."),
    ),
    "empty_file": (
        _("The file is empty."),
        _("Choose it again; if it stays empty, scan the signature anew."),
    ),
    "unknown_format": (
        _("This file is not a picture that can be read here."),
        _("Save it as PNG, JPEG, TIFF, WebP, BMP or PDF, or photograph the signature."),
    ),
    "damaged": (
        _("The picture is damaged or cut short."),
        _("Save or scan it again and add the new file."),
    ),
    "too_many_pixels": (
        _("The picture has more pixels than can be read here."),
        _("Crop it to the signature, or scan it at 300 dots per inch."),
    ),
    "too_large": (
        _("The file is larger than 10 MB."),
        _("Crop it to the signature, or scan it with fewer dots per inch."),
    ),
}

LYING = 1.5  # times as high as wide; hardly anybody signs upwards


@dataclass(frozen=True, slots=True)
class Advice:
    """finding: what is the matter with a picture, a sentence. step: what to do, a sentence or empty."""

    finding: str
    step: str = ""


def advice_on(*, code: str, sentence: str) -> Advice:
    """On one code of mlcore.imaging; a code that is not known here keeps the sentence it came with, translated."""
    if code not in _KNOWN:
        return Advice(sentence_in_words(sentence))
    finding, step = _KNOWN[code]
    return Advice(str(finding), str(step))


def specimen_advice(*, specimen: Specimen) -> tuple[Advice, ...]:
    """On every remark that was stored with a specimen."""
    remarks: Iterable[Mapping[str, Any]] = specimen.quality.get("remarks", ())
    return tuple(
        advice_on(code=str(remark.get("code", "")), sentence=str(remark.get("sentence", ""))) for remark in remarks
    )


def picture_facts(signature: Signature) -> dict[str, Any]:
    """What is stored with a specimen of how its picture is: quality, further pages, whether it lies on its side."""
    facts: dict[str, Any] = signature.quality.as_dict()
    if signature.pages > 1:
        facts["pages"] = signature.pages
    box = signature.box
    if box is not None and not signature.quality.refused and seems_to_lie(box):
        facts["lying"] = True
    return facts


def seems_to_lie(box: Box) -> bool:
    """Whether a signature with this box around it lies on its side."""
    return box.height > LYING * box.width


def picture_warnings(*, specimen: Specimen) -> tuple[str, ...]:
    """Sentences on what picture_facts stored, beside the quality."""
    warnings = []
    if pages := specimen.quality.get("pages"):
        warnings.append(gettext("The file has %(pages)d pages; this is page 1.") % {"pages": int(pages)})
    if specimen.quality.get("lying"):
        warnings.append(gettext("The signature seems to lie on its side. If so, turn it."))
    return tuple(warnings)
