"""Pictures of questioned signatures for the pages: decrypted, decoded and drawn anew, never the uploaded bytes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from customers.blobs import BlobDamaged, unseal
from mlcore.imaging import Box, ImageRefused, Signature, array_png, boxed_png, decode, ink_png, prepare
from mlcore.imaging.types import Grey
from verification.models import Identification, Verification

# original: the page; place: the page with the box that was judged; clip: the page around the ink, for the eye;
# ink: what was compared.
VIEWS = ("original", "place", "clip", "ink")
LONGEST_SIDE = 1600
logger = logging.getLogger(__name__)


class ImageLost(Exception):
    """The bytes can not be opened any more."""


def verification_png(*, verification: Verification | Identification, view: str) -> bytes:
    """PNG of the questioned image in one of VIEWS. Raises ImageLost."""
    if view == "ink":
        return ink_png(questioned_signature(verification).fine)
    with _opened(verification) as data:
        page = decode(data, page=verification.page, turn=verification.turn).grey
    if view == "place" and verification.area:
        return boxed_png(page, Box(**verification.area), max_side=LONGEST_SIDE)
    if view == "clip" and verification.box:
        return _clip_png(page, Box(**verification.box))
    return array_png(page, max_side=LONGEST_SIDE)


def questioned_signature(verification: Verification | Identification) -> Signature:
    """What was judged, prepared again from the stored file. Raises ImageLost."""
    area = Box(**verification.area) if verification.area else None
    with _opened(verification) as data:
        return prepare(data, page=verification.page, turn=verification.turn, box=area)


@contextmanager
def _opened(verification: Verification | Identification) -> Iterator[bytes]:
    """The stored file; that it can not be opened or read within is ImageLost."""
    try:
        yield unseal(bytes(verification.image), context=str(verification.public_id))
    except (BlobDamaged, ImageRefused) as error:
        logger.error("The image of %s can not be opened.", verification.public_id)
        raise ImageLost from error


def _clip_png(page: Grey, ink: Box) -> bytes:
    """The page around the ink box, with a quarter of the box as margin."""
    height, width = page.shape
    margin = max(ink.width, ink.height) // 4
    box = Box(ink.left - margin, ink.top - margin, ink.right + margin, ink.bottom + margin).within(width, height)
    return array_png(page[box.top : box.bottom, box.left : box.right], max_side=LONGEST_SIDE)
