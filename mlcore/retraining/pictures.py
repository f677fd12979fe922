"""Opening a picture that the database holds, in memory only."""

from __future__ import annotations

from customers.blobs import BlobDamaged, unseal
from customers.models import Specimen
from mlcore.imaging import ImageRefused, Signature, prepare
from verification.images import ImageLost, questioned_signature
from verification.models import Verification


def stored_signature(row: Specimen | Verification) -> Signature | None:
    """The signature of a specimen, or what was judged; None where it can not be read or is refused."""
    try:
        if isinstance(row, Verification):
            signature = questioned_signature(row)
        else:
            signature = prepare(unseal(bytes(row.image), context=str(row.public_id)))
    except (BlobDamaged, ImageRefused, ImageLost):
        return None
    return None if signature.quality.refused else signature
