"""What the nightly look at drift reads: the verifications of two months, as columns, without images or names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from customers.models import Specimen
from mlcore.evaluation.drift import LEAST_BEFORE, LEAST_LATELY, Sample
from verification.decisions import is_override
from verification.models import Verification

SHORT, LONG = 7, 30  # days that count as lately: the short ones where they hold enough
BEFORE = 30  # days before those that they are compared with
SEVERAL = "several"
_SECONDS = 86_400.0
_AT_ONCE = 5000

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rows:
    """One entry a verification, all arrays (N,).

    age: days before the look. version, branch, customer: primary keys. source: where the customer's specimens come
    from. score, refer, override (nan where nobody has decided on a match or no match), accepted (its score where a
    person has accepted it, else nan). sharpness, contrast: 0..1. size: longer side of the ink, pixels. remarks: number
    of the set of remarks in `sets`.
    """

    sets: tuple[tuple[str, ...], ...]
    age: Floats
    version: Ids
    branch: Ids
    source: npt.NDArray[np.str_]
    customer: Ids
    score: Floats
    accepted: Floats
    refer: Floats
    override: Floats
    sharpness: Floats
    contrast: Floats
    size: Floats
    remarks: Floats

    def __len__(self) -> int:
        return len(self.age)

    def sample(self, measure: str, kind: Any, chosen: Mask) -> tuple[Sample, int]:
        """The values of a measure among chosen rows, before and lately, and how many days lately are.

        Seven days where they hold enough signatures, else thirty.
        """
        values: Floats = getattr(self, measure)
        chosen = chosen & ~np.isnan(values)
        count = int((chosen & (self.age <= SHORT)).sum())
        days = SHORT
        if count < LEAST_LATELY or (chosen & (self.age > SHORT) & (self.age <= SHORT + BEFORE)).sum() < LEAST_BEFORE:
            days = LONG
        lately = chosen & (self.age <= days)
        before = chosen & (self.age > days) & (self.age <= days + BEFORE)
        sample = Sample(kind, values[before], values[lately], self.customer[before], self.customer[lately])
        return sample, days


def asked_until(until: datetime) -> QuerySet[Verification]:
    """The verifications of the sixty days before a moment."""
    return Verification.objects.filter(asked_at__gte=until - timedelta(days=LONG + BEFORE), asked_at__lt=until)


def rows_until(until: datetime) -> Rows:
    """The verifications of the sixty days before a moment, as columns."""
    found = (
        asked_until(until)
        .order_by("pk")
        # The desk at which the picture was taken; who belongs to no branch works for the customer's.
        .annotate(desk=Coalesce(F("asked_by__branch"), F("customer__branch")))
        .values_list(
            *("asked_at", "model_version_id", "desk", "customer_id", "score", "verdict", "human_decision", "quality")
        )
    )
    sources = _sources()
    sets: dict[tuple[str, ...], int] = {}
    columns: list[tuple[Any, ...]] = [
        (
            (until - asked_at).total_seconds() / _SECONDS,
            version,
            desk,
            sources.get(customer, Specimen.Source.OTHER.value),
            customer,
            score,
            score if decision == Verification.Decision.ACCEPTED else np.nan,
            float(verdict == Verification.Verdict.REFER),
            _overridden(verdict, decision),
            *_picture(quality),
            float(sets.setdefault(_remarks(quality), len(sets))),
        )
        for asked_at, version, desk, customer, score, verdict, decision, quality in found.iterator(chunk_size=_AT_ONCE)
    ]
    return _as_rows(columns, tuple(sets))


def _as_rows(columns: list[tuple[Any, ...]], sets: tuple[tuple[str, ...], ...]) -> Rows:
    kinds: tuple[Any, ...] = (float, np.int64, np.int64, np.str_, np.int64, *([float] * 8))
    turned = zip(*columns, strict=True) if columns else [()] * len(kinds)
    return Rows(sets, *(np.asarray(column, dtype=kind) for column, kind in zip(turned, kinds, strict=True)))


def _sources() -> dict[int, str]:
    """By customer, where his approved specimens come from; SEVERAL where from more than one place."""
    found: dict[int, str] = {}
    approved = Specimen.objects.filter(state=Specimen.State.APPROVED).order_by()
    for customer, source in approved.values_list("customer_id", "source").distinct():
        found[customer] = SEVERAL if customer in found else source
    return found


@cache
def _overridden(verdict: str, decision: str) -> float:
    if not decision or verdict == Verification.Verdict.REFER:
        return np.nan
    return float(is_override(Verification(verdict=verdict), decision))


def _picture(quality: Mapping[str, Any]) -> tuple[float, float, float]:
    sides = [quality[side] for side in ("width", "height") if side in quality]
    return (
        float(quality.get("sharpness", np.nan)),
        float(quality.get("contrast", np.nan)),
        float(max(sides)) if sides else np.nan,
    )


def _remarks(quality: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted({str(remark["code"]) for remark in quality.get("remarks", ())}))
