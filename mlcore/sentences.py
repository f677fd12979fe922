"""What the science says, in the reader's language.

mlcore.imaging and mlcore.scoring know no Django; they say everything in English, with a code. Their sentences are
collected here for `makemessages` (a test finds those that are missing), and are stored as they were said: each reader
gets them in his own language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_noop

if TYPE_CHECKING:
    from mlcore.imaging import ImageRefused

COLLECTED = (
    # mlcore.imaging, of files
    gettext_noop("This file is not a picture that can be read here. Please use PNG, JPEG, TIFF, WebP, BMP or PDF."),
    gettext_noop("The picture is damaged or cut short. Please scan or save it again and upload the new file."),
    gettext_noop("The file is empty. Please choose the file again or scan it anew."),
    gettext_noop("The file is larger than %(megabytes)d MB. Please scan at 300 dpi in grey or cut out the signature."),
    gettext_noop(
        "The picture has more than %(millions)d million pixels. Please scan at 300 dpi or cut out the signature."
    ),
    gettext_noop("The PDF is locked with a password. Please save it without one and upload the new file."),
    gettext_noop("The file has more than %(pages)d pages. Please split it."),
    gettext_noop("The file has %(pages)d page(s); page %(page)d does not exist."),
    gettext_noop("The page of the PDF is too large. Please scan only the part with the signature."),
    gettext_noop("Drawing the page of the PDF takes too long. Please upload a scan of it as a picture."),
    gettext_noop("The PDF is damaged or cut short. Please scan or save it again and upload the new file."),
    # mlcore.imaging, of what they show
    gettext_noop("No ink was found. Please check that the signature is on the page and scan it again."),
    gettext_noop("The picture is almost black. Please scan it again, the paper lying face down and flat."),
    gettext_noop("This is a filled area, not handwriting. Please upload a picture of the signature alone."),
    gettext_noop(
        "This looks like a photograph or a printed page, not like a signature. Please upload the signature alone."
    ),
    gettext_noop("The signature is only a few pixels large. Please scan it at 300 dpi."),
    gettext_noop("The ink can hardly be told from the paper. Please scan it again with more contrast."),
    gettext_noop("The picture is too blurred to compare strokes. Please scan it again or hold still."),
    gettext_noop("The signature is small; details are lost. A scan at 300 dpi compares better."),
    gettext_noop("The ink is pale. A darker pen or a scan with more contrast compares better."),
    gettext_noop("The picture is a little blurred. A sharper scan compares better."),
    gettext_noop("Ink touches the edge of the picture; part of the signature may be missing."),
    # mlcore.scoring, of verdicts
    gettext_noop("The signature lies as close to the specimens as genuine ones do."),
    gettext_noop("The signature lies further from the specimens than genuine ones do."),
    gettext_noop("The signature lies where genuine signatures and skilled forgeries overlap."),
    gettext_noop("The picture is too poor for a sure verdict."),
    gettext_noop("Part of the signature may lie outside the picture."),
    gettext_noop("This customer's signatures are always referred to a person."),
    # mlcore.services, of specimens that can not be compared
    gettext_noop("The stored image is damaged and can not be opened."),
    gettext_noop("No signature was found on the stored image."),
    gettext_noop("The program ended while it read the stored image."),
)


def sentence_in_words(sentence: str) -> str:
    """A sentence without values, as the science says it or as it was stored, in the reader's language."""
    return gettext(sentence) if sentence else ""  # gettext of nothing is the header of the catalogue


def refusal_in_words(refusal: ImageRefused) -> str:
    """Why a file can not be read, in the reader's language."""
    return gettext(refusal.wording) % refusal.values
