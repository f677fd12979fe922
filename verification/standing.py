"""How a customer's set of specimens stands: how well it agrees, what its size is worth, how it has scored so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from customers.models import MAX_APPROVED, Customer, Specimen
from mlcore.bundle import Bundle
from mlcore.runtime import Features
from mlcore.services import features_for
from verification.agreement import Certainty, certainty_of
from verification.models import Verification
from verification.questions import VerificationRefused, model_demand
from verification.selectors import specimens_usable

MEASURED = (1, 3, 5)  # numbers of specimens for which a model's card has figures
SHOWN = 40
_LOWEST, _HIGHEST = -1.5, 2.5  # of the chart, in widths of the zone between the thresholds, from the first


@dataclass(frozen=True, slots=True)
class SpecimenStanding:
    """A specimen among the others. local: mean distance to them, in [0, 2]; matches: it would be a match by them."""

    specimen: Specimen
    local: float
    matches: bool
    position: str  # "closest", "farthest" or ""


@dataclass(frozen=True, slots=True)
class Point:
    """A past verification on the chart, in per cent of its width and height."""

    verification: Verification
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Scores over time, the latest on the right; small scores, which are alike, at the bottom."""

    points: tuple[Point, ...]
    match: float
    no_match: float


@dataclass(frozen=True, slots=True)
class Standing:
    specimens: tuple[SpecimenStanding, ...]
    chart: Chart | None
    now: Certainty | None
    better: Certainty | None  # with so many as are worth more, where there is room

    @property
    def matching(self) -> int:
        """How many specimens the others would call a match."""
        return sum(row.matches for row in self.specimens)


def customer_standing(*, customer: Customer) -> Standing:
    """Everything the customer's page tells beyond the specimens themselves; empty where there is no model."""
    chart = score_chart(_scored(customer))
    specimens = list(specimens_usable(customer=customer, on=timezone.localdate()))
    try:
        version, bundle = model_demand()
    except VerificationRefused:
        return Standing((), chart, None, None)
    features = features_for(specimens=specimens, version=version).features
    known = [specimen for specimen in specimens if specimen.pk in features][:MAX_APPROVED]
    more = next((number for number in MEASURED if number > len(known)), None)
    return Standing(
        _specimens(bundle, known, [features[specimen.pk] for specimen in known]),
        chart,
        certainty_of(version, len(known)) if known else None,
        certainty_of(version, more) if more else None,
    )


def _scored(customer: Customer) -> QuerySet[Verification]:
    found = Verification.objects.filter(customer=customer).defer("image", "sketch").select_related("asked_by")
    return found.order_by("-asked_at", "-pk")[:SHOWN]


def _specimens(
    bundle: Bundle, specimens: Sequence[Specimen], features: Sequence[Features]
) -> tuple[SpecimenStanding, ...]:
    if len(specimens) < 2:
        return ()
    compared = [
        bundle.scorer.compare(own, [*features[:index], *features[index + 1 :]]) for index, own in enumerate(features)
    ]
    local = [sum(d.local for d in one.distances) / len(one.distances) for one in compared]
    threshold = bundle.scorer.calibrations[len(specimens) - 1].t_match
    marked = len(specimens) > 2
    return tuple(
        SpecimenStanding(
            specimen,
            mean,
            one.score <= threshold,
            "closest" if marked and mean == min(local) else "farthest" if marked and mean == max(local) else "",
        )
        for specimen, one, mean in zip(specimens, compared, local, strict=True)
    )


def score_chart(latest: Sequence[Verification] | QuerySet[Verification]) -> Chart | None:
    """Verifications, the latest first, placed on the chart by the thresholds of the latest; None without any.

    Each score is placed by the thresholds it was decided by, so that models with other scales can be compared.
    """
    rows = list(latest)[::-1]
    if not rows:
        return None
    points = tuple(
        Point(row, round(100 * (index + 0.5) / len(rows), 2), round(_height(_relative(row)), 2))
        for index, row in enumerate(rows)
    )
    return Chart(points, round(_height(0.0), 2), round(_height(1.0), 2))


def _relative(row: Verification) -> float:
    """0 at the threshold for a match, 1 at that for no match."""
    return (row.score - row.t_match) / max(row.t_no_match - row.t_match, 0.5)


def _height(relative: float) -> float:
    share = (min(max(relative, _LOWEST), _HIGHEST) - _LOWEST) / (_HIGHEST - _LOWEST)
    return 96.0 - 92.0 * share
