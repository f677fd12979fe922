"""Reading model versions, their loaded artefacts and the state of the embeddings."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from customers.models import Customer, Specimen
from mlcore.bundle import BASE_DIRECTORY, Bundle, load_bundle
from mlcore.models import LONG_COLUMNS, CustomerHead, Embedding, EmbeddingFailure, ModelVersion
from mlcore.scoring.own_head import OwnHead

BASE = "base"
# The champion, and one more while a promotion or a re-embedding is under way.
BUNDLES_KEPT = 2

_bundles: OrderedDict[tuple[Path, str], Bundle] = OrderedDict()
_bundles_lock = threading.Lock()


class NoChampion(RuntimeError):
    """No model version is champion, so nothing can be embedded or judged."""

    def __init__(self) -> None:
        super().__init__("No model version is in use; an administrator has to install or promote one.")


def model_champion() -> ModelVersion:
    """The one champion. Raises NoChampion."""
    champion = ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION).defer(*LONG_COLUMNS).first()
    if champion is None:
        raise NoChampion
    return champion


def model_base() -> ModelVersion | None:
    """The shipped base as it was installed last; None where it never was."""
    return ModelVersion.objects.filter(directory=BASE).order_by("-installed_at").first()


def model_directory(version: ModelVersion) -> Path:
    """Where the artefact of a model version lies on this machine."""
    if version.directory == BASE:
        return BASE_DIRECTORY
    return Path(settings.MODELS_DIR) / version.directory


def model_bundle(version: ModelVersion) -> Bundle:
    """The loaded artefact of a model version, digests checked; loaded once a process and safe to share by threads.

    Raises ArtefactError when it is missing, damaged or of a newer format.
    """
    key = (model_directory(version), version.digest)
    # Loading under the lock keeps ten first requests from loading ten copies.
    with _bundles_lock:
        bundle = _bundles.get(key)
        if bundle is None:
            bundle = load_bundle(key[0], digest=key[1])
            _bundles[key] = bundle
            while len(_bundles) > BUNDLES_KEPT:
                _bundles.popitem(last=False)
        _bundles.move_to_end(key)
    return bundle


def artefact_check(version: ModelVersion) -> None:
    """Read the files of a model version as they lie on disk now, whatever this process has loaded before.

    Raises ArtefactError when they are missing, damaged or of a newer format.
    """
    load_bundle(model_directory(version), digest=version.digest)


def own_head(*, customer: Customer, version: ModelVersion, specimens: Sequence[Specimen]) -> OwnHead | None:
    """The customer's own head where one was learnt from exactly these specimens under this version."""
    row = CustomerHead.objects.filter(customer=customer, model_version=version).first()
    if row is None or row.specimens != specimens_digest(specimens):
        return None
    return OwnHead.from_dict(row.head)


def specimens_digest(specimens: Iterable[Specimen]) -> str:
    """Names a set of specimens, whatever their order."""
    return hashlib.sha256("\n".join(sorted(specimen.digest for specimen in specimens)).encode()).hexdigest()


def bundles_forget() -> None:
    """Drop every loaded artefact of this process."""
    with _bundles_lock:
        _bundles.clear()


def embeddings_prunable(*, version: ModelVersion) -> QuerySet[Embedding]:
    """What a version that is not in use may lose. The last embedding of a specimen out of use stays: no other version
    will make one of it, and its sketch tells what is a copy of it.
    """
    other = Embedding.objects.filter(specimen=OuterRef("specimen")).exclude(model_version=version)
    last = ~Exists(other) & Q(specimen__state=Specimen.State.RETIRED)
    return Embedding.objects.filter(model_version=version).exclude(last)


def specimens_without_embedding(*, version: ModelVersion, stored_before: datetime | None = None) -> QuerySet[Specimen]:
    """Pending and approved specimens that have no vector under this version, oldest first.

    Those whose failure is on record are left out: trying them again would not help.
    """
    made = Embedding.objects.filter(specimen=OuterRef("pk"), model_version=version)
    failed = EmbeddingFailure.objects.filter(specimen=OuterRef("pk"), model_version=version)
    missing = (
        Specimen.objects.filter(state__in=[Specimen.State.PENDING, Specimen.State.APPROVED])
        .exclude(Exists(made))
        .exclude(Exists(failed))
        .order_by("enrolled_at", "pk")
    )
    if stored_before is not None:
        missing = missing.filter(enrolled_at__lt=stored_before)
    return missing
