"""Opening a picture that the database holds, in memory only."""

from __future__ import annotations

from typing import Any

from customers.blobs import BlobDamaged, unseal
from customers.models import Specimen
from mlcore.imaging import Box, ImageRefused, Signature, prepare
from verification.models import Verification


def stored_signature(row: Specimen | Verification) -> Signature | None:
    """The signature of a specimen or a questioned picture; None where it can not be read or is refused."""
    judged: dict[str, Any] = {}
    if isinstance(row, Verification):
        judged = {"page": row.page, "turn": row.turn, "box": Box(**row.area) if row.area else None}
    try:
        signature = prepare(unseal(bytes(row.image), context=str(row.public_id)), **judged)
    except (BlobDamaged, ImageRefused):
        return None
    return None if signature.quality.refused else signature
