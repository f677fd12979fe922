"""Canvases of specimens, kept sealed, so that making vectors under another model version costs little but the network.

Of 12 ms that a specimen took from its stored image, 10 went into decoding and normalising, which no model version
changes (docs/adr/022-promotion-in-two-steps.md).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

import numpy as np

from customers.blobs import BlobDamaged, seal, unseal
from customers.models import Specimen
from mlcore.imaging import CANVAS_HEIGHT, CANVAS_WIDTH
from mlcore.imaging.types import CANVAS_VERSION, Grey
from mlcore.models import SpecimenCanvas

_LEVEL = 1  # of compression: the higher ones save a tenth and take five times as long


def canvases_kept(specimens: Iterable[Specimen]) -> dict[int, Grey]:
    """The canvases kept of these specimens, uint8 (96, 192), by primary key; without those that can not be used."""
    by_key = {specimen.pk: specimen for specimen in specimens}
    rows = SpecimenCanvas.objects.filter(specimen__in=by_key).values_list("specimen_id", "sealed")
    opened = {key: _opened(bytes(sealed), by_key[key]) for key, sealed in rows}
    return {key: canvas for key, canvas in opened.items() if canvas is not None}


def canvases_keep(canvases: Mapping[Specimen, Grey]) -> None:
    """Keep these canvases, in place of what may be there."""
    rows = [
        SpecimenCanvas(specimen=specimen, sealed=_sealed(canvas, specimen)) for specimen, canvas in canvases.items()
    ]
    SpecimenCanvas.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["specimen"], update_fields=["sealed", "made_at"]
    )


def canvas_forget(specimen: Specimen) -> None:
    """Have it made anew from the stored image."""
    SpecimenCanvas.objects.filter(specimen=specimen).delete()


def _sealed(canvas: Grey, specimen: Specimen) -> bytes:
    packed = bytes([CANVAS_VERSION]) + zlib.compress(np.ascontiguousarray(canvas).tobytes(), _LEVEL)
    return seal(packed, context=_context(specimen))


def _opened(sealed: bytes, specimen: Specimen) -> Grey | None:
    try:
        packed = unseal(sealed, context=_context(specimen))
    except BlobDamaged:
        return None
    if packed[:1] != bytes([CANVAS_VERSION]):
        return None
    return np.frombuffer(zlib.decompress(packed[1:]), np.uint8).reshape(CANVAS_HEIGHT, CANVAS_WIDTH)


def _context(specimen: Specimen) -> str:
    return f"{specimen.public_id}:canvas"
