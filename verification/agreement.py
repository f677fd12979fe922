"""Whether the signatures about to be enrolled belong together: one bad specimen poisons a set.

Each is compared with the others of the customer, as a verification would compare it (leave-one-out). One that is
unlike most of them and lies beyond 99 of 100 genuine signatures is marked. Nothing is decided here and nothing is
stored: the person who enrols sees it before he saves. The shares are measured in docs/adr/012.

Such a look is an identification as well: it tells to whom a signature lies near, and whether one would pass for a
customer's. It is audited, and who may not identify reads that there is somebody, not who.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np
from django.http import HttpRequest

from customers.models import Customer, Specimen
from customers.selectors import IN_USE, drafts_of, specimen_bytes
from mlcore.bundle import Bundle
from mlcore.imaging import prepare
from mlcore.models import ModelVersion
from mlcore.runtime import Features
from mlcore.scoring.scorer import MAX_REFERENCES
from mlcore.services import features_for
from sigweb.audit.services import audit_record
from verification.identification import nearest_customer
from verification.questions import VerificationRefused, model_demand
from verification.worth import Worth, worth_of

if TYPE_CHECKING:
    from sigweb.accounts.models import User

APART = 0.10  # of genuine pairs lie further apart than two signatures that are alike
BEYOND = 0.01  # of genuine signatures lie further from others than one that is not marked
MOST = 12  # drafts that are looked at; more are never stored at once
ENOUGH = 5  # specimens that fewer are measured by
IDENTIFIES = "verification.add_identification"


@dataclass(frozen=True, slots=True)
class Fit:
    """How a signature fits among others.

    odd: it is like few of the others and lies beyond what genuine signatures differ from the rest. variant: odd, but
    another one is like it, so that the customer may sign in two ways. nearer: a customer whose specimens it is closer
    to, and close enough to be named.
    """

    odd: bool = False
    variant: bool = False
    nearer: Customer | None = None

    @property
    def remarkable(self) -> bool:
        return self.odd or self.nearer is not None

    @property
    def kind(self) -> str:
        """What is found, in a word for the audit trail."""
        if self.nearer is not None:
            return "nearer"
        return "variant" if self.variant else "odd" if self.odd else "agrees"


@dataclass(frozen=True, slots=True)
class DraftAgreement:
    """How one draft fits."""

    draft: Specimen
    fit: Fit


@dataclass(frozen=True, slots=True)
class Agreement:
    """The drafts looked at, how many signatures they were compared among, and what their number is worth.

    named: whether the person may read whose specimens one is nearer to.
    """

    drafts: tuple[DraftAgreement, ...]
    compared: int
    named: bool = False
    now: Worth | None = None
    full: Worth | None = None

    @property
    def all_well(self) -> bool:
        return self.compared > 1 and not any(row.fit.remarkable for row in self.drafts)


def enrolment_agreement(
    *,
    actor: User,
    enrolment: UUID,
    chosen: Sequence[UUID],
    customer: Customer | None,
    request: HttpRequest | None = None,
) -> Agreement | None:
    """Look at one's own chosen drafts beside the customer's specimens; None where there is nothing or no model.

    Audited where it tells anything of a customer: of this one's specimens, or that another one is nearer.
    """
    wanted = set(chosen)
    drafts = [
        draft
        for draft in drafts_of(enrolment=enrolment, actor=actor)
        if draft.public_id in wanted and draft.quality_grade != Specimen.Grade.REFUSED
    ][:MOST]
    if not drafts:
        return None
    try:
        version, bundle = model_demand()
    except VerificationRefused:
        return None
    mine = _embedded(bundle, drafts)
    known = _known(customer, version)
    rows = tuple(
        DraftAgreement(draft, fit_among(bundle, version, own, [*known, *mine[:index], *mine[index + 1 :]], customer))
        for index, (draft, own) in enumerate(zip(drafts, mine, strict=True))
    )
    named = actor.has_perm(IDENTIFIES)
    if known or any(row.fit.nearer for row in rows):
        comparison_record(actor=actor, customer=customer, fits=[r.fit for r in rows], named=named, request=request)
    total = len(mine) + len(known)
    return Agreement(rows, total, named, worth_of(bundle, total), worth_of(bundle, ENOUGH))


def comparison_record(
    *, actor: User, customer: Customer | None, fits: Iterable[Fit], named: bool, request: HttpRequest | None
) -> None:
    """Write down what somebody was told of signatures compared with customers' specimens, and of which customers."""
    told = list(fits)
    nearer = sorted({str(fit.nearer.public_id) for fit in told if fit.nearer is not None})
    details = {"results": dict(Counter(fit.kind for fit in told)), "nearer": nearer, "named": named}
    audit_record(actor=actor, action="specimens.compared", obj=customer, request=request, details=details)


def fit_among(
    bundle: Bundle,
    version: ModelVersion,
    features: Features,
    others: Sequence[Features],
    customer: Customer | None,
) -> Fit:
    """How a signature fits among `others`, which are all of `customer`."""
    unlike = [other for other in others if not alike(bundle, features, other)]
    like = len(others) - len(unlike)
    # Whoever is like most others belongs to them, whatever else is among them.
    odd = len(unlike) > like and _beyond(bundle, features, unlike[:MAX_REFERENCES])
    variant = odd and like > 0
    score = _score(bundle, features, others[:MAX_REFERENCES]) if others else None
    nearer = nearest_customer(bundle, version, features, besides=customer)
    if nearer is not None and score is not None and score <= nearer.score:
        nearer = None
    return Fit(odd, variant, nearer.customer if nearer else None)


def _score(bundle: Bundle, features: Features, others: Sequence[Features]) -> float:
    return bundle.scorer.compare(features, others).score


def _beyond(bundle: Bundle, features: Features, others: Sequence[Features]) -> bool:
    """Whether a signature lies further from others than nearly all genuine ones do."""
    return _score(bundle, features, others) > bundle.scorer.calibrations[len(others)].score_at_frr(BEYOND)


def alike(bundle: Bundle, left: Features, right: Features) -> bool:
    """Whether two lone signatures lie no further apart than most genuine pairs."""
    return _score(bundle, left, [right]) <= bundle.scorer.calibrations[1].score_at_frr(APART)


def _embedded(bundle: Bundle, drafts: Sequence[Specimen]) -> list[Features]:
    canvases = [prepare(specimen_bytes(specimen=draft)).canvas for draft in drafts]
    return bundle.embed(np.stack(canvases))


def _known(customer: Customer | None, version: ModelVersion) -> list[Features]:
    if customer is None:
        return []
    specimens = list(customer.specimens.filter(state__in=IN_USE, unreadable_at__isnull=True).order_by("pk"))
    return list(features_for(specimens=specimens, version=version).features.values())
