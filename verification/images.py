"""Pictures of questioned signatures for the pages: decrypted, decoded and drawn anew, never the uploaded bytes."""

from __future__ import annotations

import logging

from customers.blobs import BlobDamaged, unseal
from mlcore.imaging import ImageRefused, ink_png, page_png, prepare
from verification.models import Verification

VIEWS = ("original", "ink")
logger = logging.getLogger(__name__)


class ImageLost(Exception):
    """The bytes can not be opened any more."""


def verification_png(*, verification: Verification, view: str) -> bytes:
    """PNG of the questioned image: `view` is "original" (the page) or "ink" (what was compared). Raises ImageLost."""
    try:
        data = unseal(bytes(verification.image), context=str(verification.public_id))
        return page_png(data) if view == "original" else ink_png(prepare(data).fine)
    except (BlobDamaged, ImageRefused) as error:
        logger.error("The image of verification %s can not be opened.", verification.public_id)
        raise ImageLost from error
