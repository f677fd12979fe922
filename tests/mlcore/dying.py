"""In a process that a test starts: it ends at some images as a library with a fault in it does, without a word."""

from __future__ import annotations

import os
from collections.abc import Collection

from customers.models import Specimen
from mlcore import services
from mlcore.imaging import Signature

DEATH = 139  # the exit code of a segmentation fault


def die_at(fatal: Collection[str]) -> None:
    """End this process as soon as it opens the image of a specimen with one of these public ids."""
    whole = services._image_prepare

    def prepare(specimen: Specimen, image: bytes) -> Signature:
        if str(specimen.public_id) in fatal:
            os._exit(DEATH)
        return whole(specimen, image)

    services._image_prepare = prepare
