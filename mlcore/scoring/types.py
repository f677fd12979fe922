"""The values of a comparison and of the decision on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

POLICY_VERSION = "3"


class Verdict(StrEnum):
    """What the system says of a questioned signature."""

    MATCH = "match"
    REFER = "refer"
    NO_MATCH = "no_match"


@dataclass(frozen=True, slots=True)
class SpecimenDistance:
    """Distances of the questioned signature to one specimen.

    vector: Euclidean, in [0, 2]. local: 1 - mean best cosine over the ink, in [0, 2]. hinge: Hellinger distance of the
    contour hinges, in [0, 1]; None where a specimen has none. Small is alike.
    """

    vector: float
    local: float
    hinge: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The questioned signature against the whole set.

    score: log odds of a skilled forgery, small is alike. probability: of genuine against skilled, equal priors, 0..1.
    """

    distances: tuple[SpecimenDistance, ...]
    score: float
    probability: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the verdict is what it is: a stable code and a sentence.

    values: what the sentence holds that is not the same for every verdict, JSON-ready, for whoever has the code's
    sentence in another language.
    """

    code: str
    sentence: str
    values: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides beside the score.

    always_refer: the bank has laid it down for this customer. thin_below: fewer specimens make a thin set. copied: why
    the picture counts as a copy of another one; None when it does not.
    """

    always_refer: bool = False
    thin_below: int = 3
    copied: Reason | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A share 0..1 with its 95 % interval, and the trials and writers it was counted on."""

    value: float
    low: float
    high: float
    trials: int
    writers: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with everything it rests on.

    skilled_within: share of the calibration writers' skilled forgeries with a score <= this one (far). genuine_beyond:
    share of their genuine signatures with a score > this one (frr). likelihood_ratio: p(score | genuine) over
    p(score | skilled). distances stand in the order of the specimens.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    score: float
    probability: float
    skilled_within: Share
    genuine_beyond: Share
    likelihood_ratio: float
    t_match: float
    t_no_match: float
    distances: tuple[SpecimenDistance, ...]
    references: int

    @property
    def far(self) -> float:
        """Share of skilled forgeries with a score <= this one."""
        return self.skilled_within.value

    @property
    def frr(self) -> float:
        """Share of genuine signatures with a score > this one."""
        return self.genuine_beyond.value
