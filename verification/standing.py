"""How a customer's set of specimens stands: how well it agrees, what its size is worth, how it has scored so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from django.db.models import QuerySet
from django.utils import timezone

from customers.models import MAX_APPROVED, Customer, Specimen
from mlcore.bundle import Bundle
from mlcore.runtime import Features
from mlcore.scoring import Verdict
from mlcore.scoring.distances import FeatureStack
from mlcore.scoring.evidence import SEVERAL, OwnSpread
from mlcore.services import features_for
from verification.models import Verification
from verification.questions import VerificationRefused, model_demand
from verification.selectors import specimens_usable
from verification.worth import Worth, worth_of

SHOWN = 40
# How far a hand varies, in standard deviations of the calibration writers' own spread from their mean.
STEADY, USUAL, VARIED = -0.5, 0.5, 2.0
_LOWEST, _HIGHEST = -1.5, 2.5  # of the chart, in widths of the zone between the thresholds, from the first


@dataclass(frozen=True, slots=True)
class SpecimenStanding:
    """A specimen among the others.

    local: mean distance to them, in [0, 2]. verdict: what they alone would say to it. beyond: share of other people's
    genuine signatures that score worse against their specimens, 0..1. position: "closest", "farthest" or "".
    """

    specimen: Specimen
    local: float
    verdict: Verdict
    beyond: float
    position: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the specimens lie from each other: mean distance of the strokes, in [0, 2], theirs and other people's.

    usual, deviation: mean and standard deviation of the calibration writers' sets of the same size, each set counted as
    often as signatures were compared with it.
    """

    own: float
    usual: float
    deviation: float

    @property
    def hand(self) -> str:
        """In a word: "steady", "usual", "varied" or "unlike"."""
        off = (self.own - self.usual) / self.deviation
        limits = ((STEADY, "steady"), (USUAL, "usual"), (VARIED, "varied"))
        return next((word for limit, word in limits if off <= limit), "unlike")


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
    """The specimens that are compared, the chart, the worth of their number now and of one more where there is room."""

    specimens: tuple[SpecimenStanding, ...]
    chart: Chart | None
    now: Worth | None
    more: Worth | None
    spread: Spread | None = None

    @property
    def matching(self) -> int:
        """How many specimens the others would call a match."""
        return self._called(Verdict.MATCH)

    @property
    def referred(self) -> int:
        """How many they would refer to a person."""
        return self._called(Verdict.REFER)

    @property
    def refused(self) -> int:
        """How many they would call no match."""
        return self._called(Verdict.NO_MATCH)

    @property
    def beyond(self) -> float | None:
        """Share of other people's genuine signatures that score worse than the middle one of these specimens."""
        return median(row.beyond for row in self.specimens) if self.specimens else None

    @property
    def outlook(self) -> str:
        """What becomes of most genuine signatures, judging by the specimens: "match", "refer" or "no_match".

        The verdict that most of the specimens reach, for a match half of them where none is refused; "" for fewer than
        two specimens.
        """
        if not self.specimens:
            return ""
        half = len(self.specimens) / 2
        if self.matching > half or (self.matching == half and not self.refused):
            return "match"
        return "no_match" if self.refused > half else "refer"

    @property
    def gain_matched(self) -> float:
        """Genuine signatures that one more specimen spares a person's look, as a share; 0 where it brings none."""
        return max(0.0, self.more.matched - self.now.matched) if self.now and self.more else 0.0

    def _called(self, verdict: Verdict) -> int:
        return sum(row.verdict is verdict for row in self.specimens)

    @property
    def gain_caught(self) -> float:
        """Skilled forgeries that one more specimen tells at once, as a share; 0 where it brings none."""
        return max(0.0, self.more.caught - self.now.caught) if self.now and self.more else 0.0


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
    stacked = [features[specimen.pk] for specimen in known]
    # One that waits brings its place along; an expired one keeps its own until it is retired.
    room = customer.specimens.filter(state=Specimen.State.APPROVED).count() < MAX_APPROVED
    return Standing(
        _specimens(bundle, known, stacked),
        chart,
        worth_of(bundle, len(known)),
        worth_of(bundle, len(known) + 1) if room else None,
        spread_of(bundle, stacked),
    )


def spread_of(bundle: Bundle, features: Sequence[Features]) -> Spread | None:
    """How far these lie from each other, beside what the model's head saw when it was fitted; None for fewer than two,
    and for a retrained model, whose head was carried over from a network with other distances.

    Not the score: that also weighs how close forgers come to such signatures, so a steady hand may well be referred.
    """
    head = bundle.scorer.heads.get(len(features))
    if len(features) < 2 or head is None or bundle.carried_over:
        return None
    own = OwnSpread.of(FeatureStack.of(features), bundle.scorer.cohort).local
    place = SEVERAL.index("local_own")
    return Spread(own, float(head.centre[place]), float(head.scale[place]))


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
    calibration = bundle.scorer.calibrations[len(specimens) - 1]
    marked = len(specimens) > 2
    return tuple(
        SpecimenStanding(
            specimen,
            mean,
            bundle.scorer.decide(one).verdict,
            calibration.frr(one.score),
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
