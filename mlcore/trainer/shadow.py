"""What would have changed: the last verifications judged again by a candidate, beside what was judged then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from customers.models import Specimen
from mlcore.bundle import Bundle
from mlcore.models import ModelVersion
from mlcore.retraining.pictures import stored_signature
from mlcore.runtime import Features
from mlcore.scoring import Rules
from mlcore.scoring.decision import RULE
from verification.models import Verification

SHADOWED = 200  # verifications, the latest
_AT_ONCE = 4  # read from the database; a picture has up to 10 MB


def shadow(
    candidate: Bundle, champion: ModelVersion, *, last: int = SHADOWED, check: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Judge the last verifications by the champion again with the candidate, on the specimens that were used then.

    JSON-ready: verifications (how many could be judged), changed [{public_id, before, after}], counts {"match->refer":
    n}. One whose picture was a copy stays what it is: no network decides that. check: raises to stop.
    """
    rows = Verification.objects.filter(model_version=champion, copy_of={})
    changed: list[dict[str, str]] = []
    features: dict[UUID, Features | None] = {}
    judged = 0
    for row in rows.order_by("-asked_at")[:last].iterator(chunk_size=_AT_ONCE):
        if check:
            check()
        after = _judged_again(candidate, row, features)
        if after is None:
            continue
        judged += 1
        if after != row.verdict:
            changed.append({"public_id": str(row.public_id), "before": row.verdict, "after": after})
    counts = Counter(f"{change['before']}->{change['after']}" for change in changed)
    return {"verifications": judged, "changed": changed, "counts": dict(counts)}


def _judged_again(candidate: Bundle, row: Verification, known: dict[UUID, Features | None]) -> str | None:
    """The candidate's verdict; None where a picture of then can not be read now."""
    questioned = stored_signature(row)
    specimens = [_specimen(candidate, UUID(entry["specimen"]), known) for entry in row.distances]
    if questioned is None or not specimens or None in specimens:
        return None
    judgement = candidate.judge(
        questioned,
        candidate.embed_one(questioned.canvas),
        [features for features in specimens if features is not None],
        rules=Rules(always_refer=_was_always_referred(row)),
    )
    return str(judgement.verdict)


def _was_always_referred(row: Verification) -> bool:
    """Under the rule of then: what the bank has laid down since is no doing of the candidate."""
    return any(reason["code"] == RULE.code for reason in row.reasons)


def _specimen(candidate: Bundle, public_id: UUID, known: dict[UUID, Features | None]) -> Features | None:
    if public_id not in known:
        specimen = Specimen.objects.filter(public_id=public_id).first()
        signature = stored_signature(specimen) if specimen is not None else None
        known[public_id] = candidate.embed_one(signature.canvas) if signature is not None else None
    return known[public_id]
