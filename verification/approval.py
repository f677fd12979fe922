"""What speaks against a specimen that waits for approval: whoever approves is the last to look before it counts.

Measured as at enrolment (verification.agreement, docs/adr/012), but against what is approved already: several pictures
of the same wrong hand, enrolled together, would vouch for each other. Nothing is decided here; whether something speaks
against it is kept with the specimen (customers.marks), for lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from customers.marks import marks_basis, marks_store
from customers.models import MAX_APPROVED, Customer, Specimen
from customers.selectors import specimens_elsewhere
from mlcore.bundle import Bundle
from mlcore.models import ModelVersion
from mlcore.runtime import Features
from mlcore.scoring import Verdict
from mlcore.scoring.scorer import MAX_REFERENCES
from mlcore.services import features_for
from verification.agreement import Fit, alike, fit_among
from verification.questions import VerificationRefused, model_demand
from verification.selectors import specimens_usable

MARK_LASTS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A waiting specimen beside those it was compared with.

    fit: how it fits among them; None where it could not be compared. against: the usable approved ones; without any
    (fresh: True) the others that wait. theirs: specimens of the customer it is nearer to. local: mean distance of the
    strokes to those it was compared with, in [0, 2]; verdict: what they would say to it. Both None without any.
    twins: other customers who have the very same picture.
    """

    specimen: Specimen
    fit: Fit | None = None
    against: tuple[Specimen, ...] = ()
    fresh: bool = False
    theirs: tuple[Specimen, ...] = ()
    local: float | None = None
    verdict: Verdict | None = None
    twins: tuple[Customer, ...] = ()

    @property
    def doubtful(self) -> bool:
        return self.fit is None or self.fit.remarkable or self.verdict is Verdict.NO_MATCH or bool(self.twins)


@dataclass(frozen=True, slots=True)
class WaitingSet:
    """Every specimen of a customer that waits; compared: False where there is no model to compare them by."""

    rows: tuple[Waiting, ...]
    compared: bool = True

    @property
    def doubtful(self) -> tuple[Waiting, ...]:
        return tuple(row for row in self.rows if row.doubtful)


def waiting_look(*, customer: Customer) -> WaitingSet:
    """waiting_set, and the marks that lists show are renewed by what was found."""
    basis = marks_basis(customer=customer)
    found = waiting_set(customer=customer)
    if found.rows and found.compared:
        marks_store(customer=customer, basis=basis, doubtful={row.specimen.pk for row in found.doubtful})
    return found


def marks_outdated(*, version: ModelVersion) -> datetime:
    """Marks from before are found anew: of another model, or so old that other customers' specimens have changed."""
    yesterday = timezone.now() - MARK_LASTS
    return max(yesterday, version.promoted_at) if version.promoted_at else yesterday


def waiting_set(*, customer: Customer) -> WaitingSet:
    """Each waiting specimen compared with the approved ones, or with the others that wait where none is approved."""
    waiting = list(customer.specimens.filter(state=Specimen.State.PENDING).defer("image").order_by("enrolled_at", "pk"))
    if not waiting:
        return WaitingSet(())
    try:
        version, bundle = model_demand()
    except VerificationRefused:
        return WaitingSet(tuple(map(Waiting, waiting)), compared=False)
    approved = list(specimens_usable(customer=customer, on=timezone.localdate()))
    features = features_for(specimens=[*approved, *waiting], version=version).features
    known = [row for row in approved if row.pk in features][:MAX_APPROVED]
    twins = _twins(waiting, customer)
    return WaitingSet(
        tuple(
            replace(_waiting(bundle, version, row, known, waiting, features, customer), twins=twins.get(row.digest, ()))
            for row in waiting
        )
    )


def _waiting(
    bundle: Bundle,
    version: ModelVersion,
    specimen: Specimen,
    known: Sequence[Specimen],
    waiting: Sequence[Specimen],
    features: dict[int, Features],
    customer: Customer,
) -> Waiting:
    own = features.get(specimen.pk)
    if own is None:
        return Waiting(specimen)
    siblings = [row for row in waiting if row != specimen and row.pk in features]
    against = tuple(known or siblings)
    stacked = [features[row.pk] for row in against]
    fit = fit_among(bundle, version, own, stacked, customer)
    if fit.odd and any(alike(bundle, own, features[row.pk]) for row in siblings):
        fit = replace(fit, variant=True)
    made = Waiting(specimen, fit, against, not known, _specimens_of(fit.nearer))
    if not stacked:
        return made
    compared = bundle.scorer.compare(own, stacked[:MAX_REFERENCES])
    local = sum(distance.local for distance in compared.distances) / len(compared.distances)
    return replace(made, local=local, verdict=bundle.scorer.decide(compared).verdict)


def _specimens_of(customer: Customer | None) -> tuple[Specimen, ...]:
    return tuple(specimens_usable(customer=customer, on=timezone.localdate())) if customer else ()


def _twins(waiting: Sequence[Specimen], customer: Customer) -> dict[str, tuple[Customer, ...]]:
    """Other customers with the very same picture, by its digest."""
    found: dict[str, tuple[Customer, ...]] = {}
    for row in specimens_elsewhere(digests={row.digest for row in waiting}, customer=customer):
        if row.customer is not None:
            found[row.digest] = (*found.get(row.digest, ()), row.customer)
    return found
