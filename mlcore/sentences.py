"""What the science says, in the reader's language.

mlcore.imaging and mlcore.scoring know no Django; they say everything in English, with a code. Their sentences are
collected here for `makemessages` (a test finds those that are missing), and are stored as they were said: each reader
gets them in his own language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_noop, ngettext

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

# Why a training ends, with values. They are stored as they were said, so the values are read out of them again.
ENDINGS = (
    # mlcore.embedding
    gettext_noop("The loss is not a number at step %(step)s."),
    gettext_noop("All signatures fall onto one point (spread %(spread)s at step %(step)s)."),
    gettext_noop("The vectors were falling onto one point at step %(step)s."),
    gettext_noop("The weights are no longer numbers."),
    gettext_noop("The checkpoint can not be written into %(folder)s (%(why)s)."),
    gettext_noop("The last checkpoint is kept."),
    gettext_noop("There is no checkpoint yet."),
    gettext_noop("The checkpoint %(path)s is damaged (%(why)s). Remove it to start afresh."),
    gettext_noop("The checkpoint %(path)s was written by another network. Remove it to start afresh."),
    gettext_noop("The checkpoint in %(folder)s was trained on other data. Remove it to start afresh."),
    gettext_noop("The checkpoint in %(folder)s was trained by another plan. Remove it to start afresh."),
    gettext_noop("There is no Keras model %(purpose)s: %(path)s is missing."),
    gettext_noop("The model %(purpose)s, %(path)s, is damaged or not a Keras model."),
    gettext_noop("to start from"),
    gettext_noop("The model to start from, %(path)s, has another architecture than the one to train."),
    gettext_noop("The exported network differs from the trained one by %(difference)s (at most %(most)s)."),
    gettext_noop("There are %(found)s customers to learn from; at least %(least)s are needed. Enrol more first."),
    gettext_noop("Training needs at least two writers with two genuine signatures each."),
    gettext_noop("A batch of %(writers)s writers is too small for %(devices)s devices."),
    gettext_noop("Not one signature of the synthetic signers could be used."),
    gettext_noop("The prepared signatures can not be kept in %(folder)s (%(why)s)."),
    # mlcore.scoring
    gettext_noop("There are no trials by which the calibration could be carried over."),
    gettext_noop("The new network hardly tells genuine signatures from forgeries; there is nothing to calibrate."),
    gettext_noop("A head of his own needs genuine signatures and others; only one kind was given."),
    gettext_noop("There are no finite figures to fit the customer's head on."),
    # mlcore.trainer
    gettext_noop("None of the signatures of this snapshot can be used."),
    gettext_noop(
        "An image of this run's snapshot is no longer stored (a customer was erased). Start a new run; it takes a "
        "snapshot of what is there now."
    ),
    gettext_noop("The training ended before its last step."),
    gettext_noop("The shipped base is not installed, so nothing can be trained from it."),
    gettext_noop("%(name)s is the champion by now; there is nothing to compare it with."),
    # mlcore.bundle, mlcore.runtime, mlcore.selectors: of the model that it starts from, is compared with or made
    gettext_noop("The model %(model)s is damaged: %(file)s lacks what it needs."),
    gettext_noop("The model %(model)s is damaged: %(file)s has changed."),
    gettext_noop("The model %(model)s is damaged: %(file)s can not be read."),
    gettext_noop("The model %(model)s is not the one on record: %(file)s has changed."),
    gettext_noop("There is no model in %(model)s: %(file)s is missing."),
    gettext_noop("What was there before lies in %(folder)s."),
    gettext_noop("The model %(model)s has format %(format)s; this program reads up to %(most)s. Please update it."),
    gettext_noop(
        "The model %(model)s was trained on pictures prepared in another way than this program prepares them. Install "
        "a newer model, or retrain it."
    ),
    gettext_noop("The model %(model)s could not be written: %(why)s."),
    gettext_noop("the disk is full"),
    gettext_noop("The model file %(file)s can not be read: %(why)s."),
    gettext_noop("The model file %(file)s is damaged: its digest is not the recorded one."),
    gettext_noop("The model file %(file)s can not be run here: %(why)s."),
    gettext_noop("No model version is in use; an administrator has to install or promote one."),
)

# Why a file is not taken in as a model version (mlcore.exchange), with values. Where one of the endings fits as well,
# the one here comes first.
EXCHANGED = (
    gettext_noop("The file is larger than %(megabytes)d MB; no model version is."),
    gettext_noop("The file is damaged or cut short; export the model version again."),
    gettext_noop("The file is not an exported model version: it holds other files than such a one."),
    gettext_noop("The file is not an exported model version: %(file)s is too large in it."),
    gettext_noop("The file is not an exported model version: %(file)s is packed in another way."),
    gettext_noop("The model in this file has no usable name of at most %(most)d characters."),
    gettext_noop("The model in this file is damaged: the figures in %(file)s can not be read."),
    gettext_noop("The model in this file is damaged: %(file)s holds no usable thresholds."),
    gettext_noop("The network of this model takes too long to open."),
    gettext_noop("The network of this model can not be run here."),
    gettext_noop("The model could not be stored: %(why)s."),
    gettext_noop("The shipped base is damaged; it is mended by installing SigWeb again."),
    # mlcore.bundle, of what lies in the file
    gettext_noop("The model in this file is damaged: %(file)s lacks what it needs."),
    gettext_noop("The model in this file is damaged: %(file)s has changed."),
    gettext_noop("The model in this file is damaged: %(file)s can not be read."),
    gettext_noop("The model in this file has format %(format)s; this program reads up to %(most)s. Please update it."),
    gettext_noop(
        "The model in this file was trained on pictures prepared in another way than this program prepares them. "
        "Install a newer model, or retrain it."
    ),
)
_VALUE = re.compile(r"%\((\w+)\)([sd])")
# A sentence as it is given to gettext; or its singular and plural, which depend on their value "count".
Wording = str | tuple[str, str]


def sentence_in_words(sentence: str) -> str:
    """A sentence without values, as the science says it or as it was stored, in the reader's language."""
    return gettext(sentence) if sentence else ""  # gettext of nothing is the header of the catalogue


def stored_in_words(stored: str, wordings: Iterable[Wording] = ENDINGS, known: Mapping[str, str] | None = None) -> str:
    """Stored sentences with values, one after the other, in the reader's language.

    wordings: what they may be, each with %(names)s for its values. A value may be a sentence itself; known: what a
    value is told as, where it is none of the wordings. What is not among them stays as it was stored.
    """
    return " ".join(_parts(stored, tuple(wordings), known or {}))


def _parts(stored: str, wordings: tuple[Wording, ...], known: Mapping[str, str]) -> Iterator[str]:
    rest = stored.strip()
    while rest:
        wording, found = _match(rest, wordings)
        if wording is None or found is None:
            yield known.get(rest, rest)
            return
        values = {name: stored_in_words(value, wordings, known) for name, value in found.groupdict().items()}
        yield _told(wording, values)
        rest = rest[found.end() :].strip()


def _match(text: str, wordings: tuple[Wording, ...]) -> tuple[Wording | None, re.Match[str] | None]:
    """The wording that the text begins with, the one that takes most of it where there are several."""
    matches = [
        (wording, found)
        for wording in wordings
        for form in ((wording,) if isinstance(wording, str) else wording)
        if (found := _pattern(form).match(text))
    ]
    return max(matches, key=lambda match: match[1].end(), default=(None, None))


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """Any text or number in its place; a text at the very end takes all that follows."""
    first, *rest = _VALUE.split(form)
    pattern = re.escape(first)
    for name, kind, literal in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        value = r"\d+" if kind == "d" else ".+?" if literal else ".+"
        pattern += f"(?P<{name}>{value}){re.escape(literal)}"
    return re.compile(pattern + r"(?=\s|$)", re.DOTALL)


def _told(wording: Wording, values: Mapping[str, str]) -> str:
    form = gettext(wording) if isinstance(wording, str) else ngettext(*wording, int(values["count"]))
    return _VALUE.sub(lambda place: values[place[1]], form)


def refusal_in_words(refusal: ImageRefused) -> str:
    """Why a file can not be read, in the reader's language."""
    return gettext(refusal.wording) % refusal.values
