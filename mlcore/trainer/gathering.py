"""From a snapshot to signatures ready to train on. Images are opened in memory; no canvas of a customer is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from customers.models import Specimen
from mlcore.embedding.finetuning import CUSTOMERS
from mlcore.embedding.sources import DataError, SignatureSet, assemble
from mlcore.imaging import CANVAS_HEIGHT, CANVAS_WIDTH, Signature
from mlcore.models import SnapshotItem, TrainingSnapshot
from mlcore.retraining.pictures import stored_signature
from verification.models import Verification

_ROWS = 16  # sealed images that are held at a time; each has up to 10 MB


def snapshot_signatures(
    snapshot: TrainingSnapshot, *, held_out: bool, told: Callable[[int, int], None] | None = None
) -> SignatureSet:
    """The signatures of the customers held out, or of all others; what imaging refuses is left out and counted.

    told: called with (done, of). Raises DataError when an image of the snapshot is no longer stored as it was: the run
    could not be repeated, and a resumed one would go on from other data.
    """
    items = list(snapshot.items.filter(held_out=held_out).order_by("customer", "kind", "source"))
    # Filled in place: a list that is stacked afterwards would take twice the memory.
    fines = np.empty((len(items), 2 * CANVAS_HEIGHT, 2 * CANVAS_WIDTH), np.uint8)
    labels: list[tuple[str, str, bool]] = []
    for start in range(0, len(items), _ROWS):
        for item, signature in _signatures(items[start : start + _ROWS]):
            if signature is not None:
                fines[len(labels)] = signature.fine
                labels.append((str(item.customer), CUSTOMERS, item.genuine))
        if told:
            told(min(start + _ROWS, len(items)), len(items))
    if not labels:
        raise DataError("None of the signatures of this snapshot can be used.")
    return assemble(fines[: len(labels)], labels, refused=len(items) - len(labels))


def _signatures(items: Sequence[SnapshotItem]) -> list[tuple[SnapshotItem, Signature | None]]:
    stored = _stored(items)
    found = []
    for item in items:
        row = stored.get(item.source)
        if row is None or row.digest != item.content:
            raise DataError(
                "An image of this run's snapshot is no longer stored (a customer was erased). Start a new run; it "
                "takes a snapshot of what is there now."
            )
        found.append((item, stored_signature(row)))
    return found


def _stored(items: Sequence[SnapshotItem]) -> dict[object, Specimen | Verification]:
    kinds = {kind: [item.source for item in items if item.kind == kind] for kind in SnapshotItem.Kind}
    specimens = Specimen.objects.filter(public_id__in=kinds[SnapshotItem.Kind.SPECIMEN])
    decided = Verification.objects.filter(public_id__in=kinds[SnapshotItem.Kind.DECIDED])
    found: list[Specimen | Verification] = [*specimens, *decided]
    return {row.public_id: row for row in found}
