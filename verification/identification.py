"""Whose signature is this? The nearest vectors first, then the full comparison with each customer they belong to."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from pgvector.django import L2Distance

from customers.blobs import keyed_digest, seal
from customers.models import Customer, Specimen
from customers.queries import compared
from mlcore.bundle import Bundle
from mlcore.imaging import Box
from mlcore.models import Embedding, ModelVersion
from mlcore.runtime import Features
from mlcore.scoring import POLICY_VERSION
from mlcore.scoring.naming import naming_threshold
from mlcore.services import features_for
from sigweb.audit.services import audit_record
from verification.models import Identification
from verification.questions import (
    VerificationRefused,
    model_demand,
    question_token,
    questioned_prepare,
    signature_fields,
    token_lock,
)

if TYPE_CHECKING:
    from sigweb.accounts.models import User

NEAREST = 400  # specimens by vector from which the shortlist is made
AHEAD = 2 * NEAREST  # vectors taken before it is known whose are to be searched
SHORTLIST = 20  # customers that are compared in full, as in mlcore.evaluation.identification
KEPT = 5
NEAREST_COMPARED = 5  # customers that a specimen about to be enrolled is compared with in full
PURPOSE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer who may have written it. vector, local: the closest specimen's distances; near: may be named."""

    customer: str
    score: float
    probability: float
    vector: float
    local: float
    specimens: int
    near: bool


@transaction.atomic
def identification_run(
    *,
    actor: User,
    data: bytes,
    purpose: str,
    request_token: uuid.UUID,
    page: int = 0,
    turn: int = 0,
    area: Box | None = None,
    request: HttpRequest | None = None,
) -> Identification:
    """Search everybody who is enrolled for the writer of the signature in `data`, and keep the answer.

    page: of a file of several, from 0. turn: degrees to the right, by quarters. area: the part of the turned page to
    look at, in its pixels; the whole page without.

    A candidate is named when his score is within the naming threshold of the model for his number of specimens and
    the number of customers searched (mlcore.scoring.naming). The same question with the same token returns the answer
    already given. Raises VerificationRefused: no purpose, no signature in the picture, nobody to search, no model.
    """
    purpose = " ".join(purpose.split())[:PURPOSE_LENGTH]
    if not purpose:
        raise VerificationRefused("purpose", _("Say what the search is for; it is kept with it."), field="purpose")
    digest = keyed_digest(data)
    token = question_token(request_token, actor.public_id, digest, purpose, page, turn, area)
    token_lock(token)
    made = Identification.objects.filter(request_token=token).first()
    if made is not None:
        return made
    signature = questioned_prepare(data, page=page, turn=turn, area=area)
    version, bundle = model_demand()
    questioned = bundle.embed_one(signature.canvas)
    searched = searchable(version, timezone.localdate())
    count = searched.order_by().values("specimen__customer").distinct().count()
    if not count:
        raise VerificationRefused(
            "nobody", _("Nobody with approved specimens is enrolled yet, so nobody can be found.")
        )
    candidates = _candidates(bundle, version, questioned, searched, people=count)
    best = candidates[0] if candidates else None
    identification = Identification(
        purpose=purpose,
        digest=digest,
        **signature_fields(signature, page=page, turn=turn, area=area),
        candidates=[asdict(candidate) for candidate in candidates[:KEPT]],
        searched=count,
        threshold=naming_threshold(bundle.scorer.calibrations[best.specimens if best else 1], count),
        verdict=Identification.Verdict.KNOWN if best and best.near else Identification.Verdict.UNKNOWN,
        model_version=version,
        policy_version=POLICY_VERSION,
        asked_by=actor,
        request_token=token,
    )
    identification.image = seal(data, context=str(identification.public_id))
    identification.save()
    _asked_record(identification, request)
    return identification


@dataclass(frozen=True, slots=True)
class Nearest:
    """A customer whose specimens a signature is close enough to be named by, and its score against them."""

    customer: Customer
    score: float


def nearest_customer(
    bundle: Bundle, version: ModelVersion, features: Features, *, besides: Customer | None = None
) -> Nearest | None:
    """The customer that an identification would name, other than `besides`; None when it would name nobody."""
    searched = searchable(version, timezone.localdate())
    # Counting those with specimens takes longer than the search; a few too many make it a little more careful.
    people = Customer.objects.filter(status=Customer.Status.ACTIVE).count()
    if besides is not None:
        searched = searched.exclude(specimen__customer=besides)
    candidates = _candidates(bundle, version, features, searched, people=people, most=NEAREST_COMPARED)
    if not candidates or not candidates[0].near:
        return None
    return Nearest(Customer.objects.get(public_id=candidates[0].customer), candidates[0].score)


def searchable(version: ModelVersion, on: date) -> QuerySet[Embedding]:
    """The embeddings of approved, unexpired specimens of active customers."""
    return Embedding.objects.filter(
        compared(on, prefix="specimen__"),
        model_version=version,
        specimen__customer__status=Customer.Status.ACTIVE,
    )


def _candidates(
    bundle: Bundle,
    version: ModelVersion,
    questioned: Features,
    searched: QuerySet[Embedding],
    *,
    people: int,
    most: int = SHORTLIST,
) -> list[Candidate]:
    """The customers of the shortlist compared in full, the closest first. people: how many are searched in all."""
    keys = _shortlist(version, questioned, searched)[:most]
    rows = searched.filter(specimen__customer__in=keys).select_related("specimen__customer").defer("specimen__image")
    by_customer: dict[Customer, list[Specimen]] = {}
    for row in rows.order_by("specimen__enrolled_at", "specimen__pk"):
        if row.specimen.customer is not None:
            by_customer.setdefault(row.specimen.customer, []).append(row.specimen)
    everything = [specimen for specimens in by_customer.values() for specimen in specimens]
    features = features_for(specimens=everything, version=version).features
    found = [
        _compared(bundle, questioned, customer, [features[row.pk] for row in specimens if row.pk in features], people)
        for customer, specimens in by_customer.items()
    ]
    # By the distance to each one's own threshold, which depends on how many specimens he has.
    calibrations = bundle.scorer.calibrations
    return sorted(
        (candidate for candidate in found if candidate),
        key=lambda candidate: candidate.score - naming_threshold(calibrations[candidate.specimens], people),
    )


def _shortlist(version: ModelVersion, questioned: Features, searched: QuerySet[Embedding]) -> list[int]:
    """Customers by the mean of least and mean vector distance: a lucky or an odd specimen counts half."""
    measure = L2Distance("vector", [float(value) for value in questioned.vector])
    # Vectors first, what they belong to afterwards: the join of everybody costs more than all the distances.
    ahead = list(Embedding.objects.filter(model_version=version).order_by(measure).values_list("pk", flat=True)[:AHEAD])
    ordered = searched.annotate(distance=measure)
    by_distance = ordered.order_by("distance").values_list("specimen__customer", flat=True)
    first = list(by_distance.filter(pk__in=ahead)[:NEAREST])
    if len(first) < NEAREST and len(ahead) == AHEAD:  # too many of them are not to be searched
        first = list(by_distance[:NEAREST])
    near = list(dict.fromkeys(first))[: 2 * SHORTLIST]
    distances: dict[int, list[float]] = {}
    rows = ordered.filter(specimen__customer__in=near).values_list("specimen__customer", "distance")
    for customer, distance in rows:
        distances.setdefault(customer, []).append(float(distance))
    ranked = {key: 0.5 * (min(values) + sum(values) / len(values)) for key, values in distances.items()}
    return sorted(ranked, key=lambda key: ranked[key])[:SHORTLIST]


def _compared(
    bundle: Bundle, questioned: Features, customer: Customer, specimens: Sequence[Features], people: int
) -> Candidate | None:
    if not specimens:
        return None
    comparison = bundle.scorer.compare(questioned, specimens)
    closest = min(comparison.distances, key=lambda distance: distance.local)
    return Candidate(
        customer=str(customer.public_id),
        score=comparison.score,
        probability=comparison.probability,
        vector=closest.vector,
        local=closest.local,
        specimens=len(specimens),
        near=comparison.score <= naming_threshold(bundle.scorer.calibrations[len(specimens)], people),
    )


def _asked_record(identification: Identification, request: HttpRequest | None) -> None:
    audit_record(
        actor=identification.asked_by,
        action="identification.asked",
        obj=identification,
        request=request,
        details={
            "purpose": identification.purpose,
            "verdict": identification.verdict,
            "searched": identification.searched,
            "candidates": [candidate["customer"] for candidate in identification.candidates],
            "model_version": str(identification.model_version.public_id),
        },
    )


@dataclass(frozen=True, slots=True)
class Ranked:
    """A kept candidate with the customer as he is now and his specimens."""

    customer: Customer
    specimens: tuple[Specimen, ...]
    score: float
    probability: float
    vector: float
    local: float
    near: bool


def identification_ranking(identification: Identification) -> list[Ranked]:
    """The kept candidates, the closest first; those whose customer is no longer there are left out."""
    entries: Iterable[dict[str, Any]] = identification.candidates
    ids = [uuid.UUID(entry["customer"]) for entry in entries]
    customers = {row.public_id: row for row in Customer.objects.filter(public_id__in=ids).select_related("branch")}
    specimens: dict[int, list[Specimen]] = {}
    rows = Specimen.objects.filter(customer__in=customers.values(), state=Specimen.State.APPROVED).defer("image")
    for row in rows.order_by("enrolled_at", "pk"):
        specimens.setdefault(row.customer_id or 0, []).append(row)
    return [
        Ranked(
            customer=customer,
            specimens=tuple(specimens.get(customer.pk, [])),
            score=float(entry["score"]),
            probability=float(entry["probability"]),
            vector=float(entry["vector"]),
            local=float(entry["local"]),
            near=bool(entry["near"]),
        )
        for entry, public_id in zip(entries, ids, strict=True)
        if (customer := customers.get(public_id)) is not None
    ]


def identifications_latest(*, asked_by: User, limit: int) -> QuerySet[Identification]:
    """One's own latest searches, without the images."""
    return Identification.objects.filter(asked_by=asked_by).defer("image")[:limit]
