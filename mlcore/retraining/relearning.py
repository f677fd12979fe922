"""Re-learning one customer at once: augmented views of his specimens, forgeries made of them, and a head of his own.

Nothing of it decides a verdict. It stands beside the general head as a second opinion: figures of his own would be
flattered by views of the very specimens that they are compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer, Specimen
from mlcore.bundle import Bundle
from mlcore.embedding.augmentation import Augmentation, augment
from mlcore.embedding.forging import forge
from mlcore.imaging.normalisation import to_canvas
from mlcore.imaging.types import Grey
from mlcore.models import CustomerHead, Embedding, ModelVersion
from mlcore.retraining.pictures import stored_signature
from mlcore.runtime import Features
from mlcore.scoring.logistic import FitError
from mlcore.scoring.own_head import fit_own_head
from mlcore.selectors import model_bundle, model_champion, specimens_digest
from mlcore.sentences import stored_in_words
from sigweb.audit.services import audit_record
from verification.selectors import specimens_usable

if TYPE_CHECKING:
    from sigweb.accounts.models import User

VIEWS = 8  # of each specimen
FORGED = 8  # of each specimen
STRANGERS = 60  # other customers' specimens, at most
_MILD = Augmentation(rotation=0.05, scale=0.05, shear=0.05, clutter=0.0, cut=0.0)

Floats = npt.NDArray[np.float64]


class RelearningRefused(ValueError):
    """There is nothing to learn from; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class _Material:
    """Features of each specimen with its views and made forgeries, and of other people's specimens."""

    specimens: list[Features]
    views: list[list[Features]]
    forged: list[list[Features]]
    strangers: list[Features]


def customer_relearn(*, customer: Customer, actor: User | None) -> CustomerHead:
    """Fit the customer's own head under the champion; takes about a second.

    Raises RelearningRefused without usable specimens, NoChampion, ArtefactError.
    """
    version = model_champion()
    bundle = model_bundle(version)
    specimens = list(specimens_usable(customer=customer, on=timezone.localdate()))
    fines = [signature.fine for signature in map(stored_signature, specimens) if signature is not None]
    if not fines:
        raise RelearningRefused(_("This customer has no approved specimen that can be read; enrol some first."))
    material = _material(bundle, fines, _strangers(customer, version))
    own, others, strangers = _odds(bundle, material)
    try:
        head = fit_own_head(own, np.concatenate([others, strangers]), specimens=len(fines))
    except FitError as error:
        raise RelearningRefused(stored_in_words(str(error))) from error
    threshold = -bundle.scorer.calibrations[len(fines)].t_match
    shares = {
        name: {"match": float((odds >= threshold).mean()), "trials": len(odds)}
        for name, odds in (("genuine", own), ("forged", others), ("strangers", strangers))
        if len(odds)
    }
    with transaction.atomic():
        row, _created = CustomerHead.objects.update_or_create(
            customer=customer,
            model_version=version,
            defaults={
                "specimens": specimens_digest(specimens),
                "head": head.as_dict(),
                "calibration": {"specimens": len(fines), **shares},
            },
        )
        audit_record(actor=actor, action="customer.relearned", obj=customer, details={"specimens": len(fines)})
    return row


def _strangers(customer: Customer, version: ModelVersion) -> list[Features]:
    rows = (
        Embedding.objects.filter(model_version=version, specimen__state=Specimen.State.APPROVED)
        .exclude(specimen__customer=customer)
        .order_by("specimen__public_id")[:STRANGERS]
    )
    return [Features.from_stored(np.asarray(row.vector, dtype=np.float32), bytes(row.local)) for row in rows]


def _material(bundle: Bundle, fines: Sequence[Grey], strangers: list[Features]) -> _Material:
    rng = np.random.default_rng(1)  # the same specimens teach the same
    views = [[augment(fine, rng, _MILD) for _ in range(VIEWS)] for fine in fines]
    forged = [[to_canvas(forge(fine, rng)) for _ in range(FORGED)] for fine in fines]
    made = bundle.embed(np.stack([*map(to_canvas, fines), *chain(*views), *chain(*forged)]))
    count = len(fines)
    return _Material(
        made[:count],
        _split(made[count : count * (1 + VIEWS)], VIEWS),
        _split(made[count * (1 + VIEWS) :], FORGED),
        strangers,
    )


def _split(features: list[Features], size: int) -> list[list[Features]]:
    return [features[start : start + size] for start in range(0, len(features), size)]


def _odds(bundle: Bundle, material: _Material) -> tuple[Floats, Floats, Floats]:
    """Log odds of his own, of forgeries made of them and of strangers; each specimen is left out of its own trials."""
    own: list[float] = []
    others: list[float] = []
    for index, specimen in enumerate(material.specimens):
        rest = [known for place, known in enumerate(material.specimens) if place != index] or [specimen]
        asked = [*material.views[index], *([specimen] if rest[0] is not specimen else [])]
        own += _scored(bundle, asked, rest)
        others += _scored(bundle, material.forged[index], rest)
    strangers = _scored(bundle, material.strangers, material.specimens)
    return np.array(own), np.array(others), np.array(strangers)


def _scored(bundle: Bundle, asked: Sequence[Features], known: Sequence[Features]) -> list[float]:
    return [-bundle.scorer.compare(questioned, known).score for questioned in asked]
