"""Judging questioned signatures. The decision itself is mlcore.scoring's; here it is asked for and kept."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.blobs import keyed_digest, seal
from customers.models import Customer, Specimen
from mlcore.bundle import Bundle
from mlcore.imaging import Box, Signature
from mlcore.models import ModelVersion
from mlcore.scoring import POLICY_VERSION, Judgement, Reason, Rules, SpecimenDistance
from mlcore.scoring.copies import sketch_of
from mlcore.selectors import own_head, specimens_digest
from mlcore.services import FeatureSet, features_for, sketches_for, sketches_stored
from sigweb.audit.services import audit_record
from verification.copies import copies_lock, copy_of, sketch_sealed
from verification.models import Verification
from verification.questions import (
    VerificationRefused,
    model_demand,
    question_token,
    questioned_prepare,
    signature_fields,
    token_lock,
)
from verification.selectors import specimens_kept, specimens_usable

if TYPE_CHECKING:
    from sigweb.accounts.models import User


@transaction.atomic
def verification_run(
    *,
    actor: User,
    customer: Customer,
    data: bytes,
    request_token: uuid.UUID,
    amount: Decimal | None = None,
    cheque_number: str = "",
    page: int = 0,
    turn: int = 0,
    area: Box | None = None,
    request: HttpRequest | None = None,
) -> Verification:
    """Judge the signature in `data` against the customer's approved specimens and keep the answer.

    page: of a file of several, from 0. turn: degrees to the right, by quarters. area: the part of the turned page to
    judge, in its pixels; the whole page without.

    The same question with the same token (a double click) on the same grounds returns the verification already made.
    Raises VerificationRefused when nothing can be judged; then nothing is stored.
    """
    digest = keyed_digest(data)
    specimens = _specimens_demand(customer)
    version, bundle = model_demand()
    asked = (actor.public_id, customer.public_id, digest, amount, cheque_number, page, turn, area)
    grounds = (specimens_digest(specimens), version.digest, customer.always_refer)
    token = question_token(request_token, *asked, *grounds)
    token_lock(token)
    made = Verification.objects.filter(request_token=token).first()
    if made is not None:
        return made
    signature = questioned_prepare(data, page=page, turn=turn, area=area)
    features = features_for(specimens=specimens, version=version)
    compared = [specimen for specimen in specimens if specimen.pk in features.features]
    verification = Verification(
        customer=customer,
        digest=digest,
        amount=amount,
        cheque_number=cheque_number,
        asked_by=actor,
        request_token=token,
        **_grounds(version, specimens, features),
        **signature_fields(signature, page=page, turn=turn, area=area),
    )
    verification.image = seal(data, context=str(verification.public_id))
    copied = _copy_note(verification, signature, compared)
    rules = Rules(always_refer=customer.always_refer, copied=copied)
    judgement = _judge(bundle, signature, compared, features, rules)
    for name, value in _judgement_fields(judgement, compared, bundle).items():
        setattr(verification, name, value)
    if head := own_head(customer=customer, version=version, specimens=compared):
        verification.own_probability = head.probability(-judgement.score)
    verification.save()
    _judged_record(verification, request)
    return verification


def verification_ready(*, customer: Customer) -> list[Specimen]:
    """The specimens that a verification would use now. Raises VerificationRefused where none could be made."""
    specimens = _specimens_demand(customer)
    model_demand()
    return specimens


def _specimens_demand(customer: Customer) -> list[Specimen]:
    if not customer.is_active:
        raise VerificationRefused(
            "customer_closed", _("This customer is closed; signatures are not verified any more.")
        )
    specimens = list(specimens_usable(customer=customer, on=timezone.localdate()))
    if specimens:
        return specimens
    states = set(customer.specimens.values_list("state", flat=True))
    if Specimen.State.APPROVED in states:
        sentence = _("All approved specimens of this customer have expired.")
    elif Specimen.State.PENDING in states:
        sentence = _("The specimens of this customer wait for approval. Have them approved first.")
    else:
        sentence = _("This customer has no approved specimens to compare with. Enrol some first.")
    raise VerificationRefused("no_specimens", sentence)


def _judge(
    bundle: Bundle, signature: Signature, compared: Sequence[Specimen], features: FeatureSet, rules: Rules
) -> Judgement:
    if not compared:
        raise VerificationRefused(
            "specimens_unusable",
            _("None of this customer's specimens can be read any more. Enrol new ones and tell an administrator."),
        )
    questioned = bundle.embed_one(signature.canvas)
    return bundle.judge(
        signature,
        questioned,
        [features.features[specimen.pk] for specimen in compared],
        rules=rules,
    )


def _copy_note(verification: Verification, signature: Signature, compared: Sequence[Specimen]) -> Reason | None:
    """Keep the sketch and what it is a copy of; the reason, where it is one."""
    sketch = sketch_of(signature.canvas)
    copies_lock(verification.customer)
    copy = copy_of(verification, sketch=sketch, specimens=_sketches(verification, compared))
    verification.sketch = sketch_sealed(sketch, verification)
    verification.copy_of = copy.as_dict() if copy else {}
    return copy.reason if copy else None


def _sketches(verification: Verification, compared: Sequence[Specimen]) -> dict[Specimen, bytes]:
    """Of all that could have been copied: those compared with, then the retired, expired and waiting ones."""
    apart = [other for other in specimens_kept(customer=verification.customer) if other not in compared]
    known = sketches_for(specimens=compared, version=verification.model_version) | sketches_stored(specimens=apart)
    return {specimen: known[specimen.pk] for specimen in [*compared, *apart] if specimen.pk in known}


def _told(distance: SpecimenDistance) -> dict[str, float]:
    return {name: float(value) for name, value in asdict(distance).items() if value is not None}


def _judgement_fields(judgement: Judgement, compared: Sequence[Specimen], bundle: Bundle) -> dict[str, Any]:
    return {
        "distances": [
            {"specimen": str(specimen.public_id), **_told(distance)}
            for specimen, distance in zip(compared, judgement.distances, strict=True)
        ],
        "score": float(judgement.score),
        "probability": float(judgement.probability),
        "far": float(judgement.far),
        "frr": float(judgement.frr),
        "calibration": {
            "genuine_beyond": asdict(judgement.genuine_beyond),
            "skilled_within": asdict(judgement.skilled_within),
            "likelihood_ratio": float(judgement.likelihood_ratio),
            "carried_over": bundle.carried_over,
        },
        "t_match": float(judgement.t_match),
        "t_no_match": float(judgement.t_no_match),
        "verdict": str(judgement.verdict),
        "reasons": [asdict(reason) for reason in judgement.reasons],
        "policy_version": POLICY_VERSION,
    }


def _grounds(version: ModelVersion, specimens: Sequence[Specimen], features: FeatureSet) -> dict[str, Any]:
    return {
        "model_version": version,
        "skipped": [
            {"specimen": str(specimen.public_id), "code": error.code, "sentence": error.sentence}
            for specimen in specimens
            if (error := features.unusable.get(specimen.pk)) is not None
        ],
    }


def _judged_record(verification: Verification, request: HttpRequest | None) -> None:
    audit_record(
        actor=verification.asked_by,
        action="verification.judged",
        obj=verification,
        request=request,
        details={
            "customer": str(verification.customer.public_id),
            "verdict": verification.verdict,
            "score": round(verification.score, 6),
            "references": len(verification.distances),
            "copy_of": verification.copy_of.get("public_id"),
            "model_version": str(verification.model_version.public_id),
            "policy_version": verification.policy_version,
        },
    )
