"""Writing model versions and embeddings."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from customers.blobs import BlobDamaged, seal, unseal
from customers.models import Specimen
from customers.services import specimen_mark_readable, specimen_mark_unreadable
from mlcore.attempts import (
    MOST_GIVEN_UP,
    attempt_forget,
    attempt_hopeless,
    attempt_left,
    attempt_noted,
    attempts_died,
)
from mlcore.bundle import ArtefactError
from mlcore.canvases import canvas_forget, canvases_keep, canvases_kept
from mlcore.imaging import ImageRefused, Signature, prepare
from mlcore.imaging.types import Grey
from mlcore.models import Embedding, EmbeddingAttempt, EmbeddingFailure, ModelVersion
from mlcore.runtime import Features
from mlcore.scoring.copies import sketch_of, sketch_readable
from mlcore.selectors import BASE, model_bundle, model_champion, model_directory
from sigweb.audit.services import audit_record

if TYPE_CHECKING:
    from sigweb.accounts.models import User

logger = logging.getLogger(__name__)

# Sealed images that a large batch reads at once; each has up to 10 MB.
_IMAGES_AT_ONCE = 4
# Any constant: names the lock under which champions change.
_CHAMPION_LOCK = 0x5167_0001


# Of a specimen at which the process of a worker ended.
WORKER_DIED = "worker_died"


class PromotionRefused(RuntimeError):
    """The model version may not become champion; the message says why."""


class SpecimenUnusable(RuntimeError):
    """A specimen that can not be embedded, now or later."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


Unusable = dict[int, SpecimenUnusable]


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """The features of a set of specimens, keyed by primary key, and why some have none."""

    features: dict[int, Features] = field(default_factory=dict)
    unusable: Unusable = field(default_factory=dict)


def champion_lock() -> None:
    """One champion changes at a time; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAMPION_LOCK])


def model_install(*, directory: str = BASE, actor: User | None = None) -> tuple[ModelVersion, bool]:
    """Record the artefact in a folder of MODELS_DIR (or the shipped base) as a model version; True if it is new.

    Idempotent by the digest of its model.json. The base becomes champion when there is none, or when the champion is
    the base of an earlier release, whose files this release has replaced. Raises ArtefactError.
    """
    version = ModelVersion(directory=directory)
    version.full_clean(exclude=["name", "digest"])
    version.digest = _artefact_digest(version)
    bundle = model_bundle(version)
    manifest = bundle.manifest
    with transaction.atomic():
        champion_lock()
        installed = ModelVersion.objects.filter(digest=version.digest).first()
        created = installed is None
        if installed is None:
            version.name = _free_name(str(manifest["name"]), version.digest)
            version.figures = dict(manifest.get("figures") or {})
            version.thresholds = {
                str(count): {"t_match": calibration.t_match, "t_no_match": calibration.t_no_match}
                for count, calibration in sorted(bundle.scorer.calibrations.items())
            }
            version.data_snapshot = _as_mapping(manifest.get("data"))
            version.save()
            audit_record(actor=actor, action="model.installed", obj=version, details={"digest": version.digest})
            installed = version
        champion = ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION).first()
        if directory == BASE and (champion is None or champion.directory == BASE):
            installed = model_promote(version=installed, actor=actor)
    return installed, created


@transaction.atomic
def model_promote(*, version: ModelVersion, actor: User | None = None, stepping_back: bool = False) -> ModelVersion:
    """Make a candidate, or a retired version again, the champion; the champion so far retires.

    The version remembers which one it replaced, unless it is put back in its place (stepping_back): then it keeps the
    one that it had replaced itself. Raises PromotionRefused when its artefact can not be loaded or holds no usable
    thresholds.
    """
    champion_lock()
    version = ModelVersion.objects.select_for_update().get(pk=version.pk)
    if version.state == ModelVersion.State.CHAMPION:
        return version
    try:
        model_bundle(version)
    except ArtefactError as error:
        raise PromotionRefused(str(error)) from error
    before = ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION).first()
    if before is not None:
        before.state = ModelVersion.State.RETIRED
        before.save(update_fields=["state"])
    version.state = ModelVersion.State.CHAMPION
    version.promoted_at = timezone.now()
    if not stepping_back:
        version.replaced = before
    version.save(update_fields=["state", "promoted_at", "replaced"])
    audit_record(
        actor=actor,
        action="model.rolled_back" if stepping_back else "model.promoted",
        obj=version,
        details={"digest": version.digest, "instead_of": str(before.public_id) if before else None},
    )
    return version


def specimen_embed(*, specimen: Specimen, version: ModelVersion | None = None) -> Embedding:
    """The embedding of a specimen under a model version (the champion unless told), made when it is missing.

    Idempotent, also when two processes make it at once. A specimen at which several processes have ended is given up
    (attempt_hopeless). Raises SpecimenUnusable (recorded, so that no sweep tries it again), NoChampion, ArtefactError.
    """
    version = version or model_champion()
    made = Embedding.objects.filter(specimen=specimen, model_version=version).first()
    if made is not None:
        return made
    model_bundle(version)  # a process that ends while it loads the network is no sign against the specimen
    left = attempt_left(specimen=specimen, version=version)
    if left is not None and attempt_hopeless(left):
        _give_up_or_doubt(left, specimen, version)
        left = None
    with attempt_noted(specimen=specimen, version=version, left=left):
        _, unusable = _embeddings_make([specimen], version)
    if specimen.pk in unusable:
        raise unusable[specimen.pk]
    return Embedding.objects.get(specimen=specimen, model_version=version)


def specimens_embed(*, specimens: Sequence[Specimen], version: ModelVersion) -> tuple[int, int]:
    """Make the missing embeddings of these specimens under a model version; how many were made, and how many can not.

    Those that can not are recorded (EmbeddingFailure). Load the specimens with their images deferred: they are read
    one by one, and only where no canvas is kept. Raises ArtefactError.
    """
    rows, unusable = _embeddings_make(specimens, version)
    return len(rows), len(unusable)


def specimen_give_up(*, specimen: Specimen, version: ModelVersion, unreadable: bool = True) -> None:
    """Record that reading this specimen ends the process: under this version nothing tries it again, no web process
    either, until the record is deleted or another promotion of the version begins.

    unreadable: whether its image is to blame, which the staff then see; False where it may be the version's network.
    """
    _failure_record(specimen, version, _worker_died(), unreadable=unreadable)
    attempt_forget(specimen=specimen, version=version)
    canvas_forget(specimen)  # whoever tries again some day begins with the image


def _give_up_or_doubt(left: EmbeddingAttempt, specimen: Specimen, version: ModelVersion) -> None:
    """Give up a specimen at which so many processes have ended, which raises SpecimenUnusable. A worker that dies at
    specimen after specimen is what is wrong itself: then it is tried on, counted anew.
    """
    of_late = EmbeddingFailure.objects.filter(
        model_version=version, code=WORKER_DIED, failed_at__gt=timezone.now() - timedelta(days=1)
    )
    if of_late.count() < MOST_GIVEN_UP:
        logger.error("Specimen %s is given up: the worker died at it %d times.", specimen.public_id, left.times)
        specimen_give_up(specimen=specimen, version=version)
        raise _worker_died()
    logger.error("The worker dies at specimen after specimen, the last %s; something is wrong.", specimen.public_id)


def features_for(*, specimens: Sequence[Specimen], version: ModelVersion) -> FeatureSet:
    """The features of these specimens: the stored ones, the missing ones made and stored on the spot.

    Not those at which a worker has died: the process that asks would end as well. Raises ArtefactError.
    """
    features: dict[int, Features] = {}
    for row in Embedding.objects.filter(specimen__in=specimens, model_version=version):
        try:
            features[row.specimen_id] = _features_stored(row)
        except ArtefactError:
            # Unreadable rows are a cache gone bad; the specimen itself is still there.
            row.delete()
    missing = [specimen for specimen in specimens if specimen.pk not in features]
    rows, unusable = _embeddings_make_safely(missing, version) if missing else ([], {})
    # Through the stored form, so that the first verdict equals all later ones to the bit.
    return FeatureSet(features | {row.specimen_id: _features_stored(row) for row in rows}, unusable)


def sketches_for(*, specimens: Sequence[Specimen], version: ModelVersion) -> dict[int, bytes]:
    """The sketches of these specimens, keyed by primary key: the stored ones, the missing ones made and stored.

    They stand with the embeddings, so features_for comes first; a specimen without one, or whose image can not be read
    any more, is left out.
    """
    sketches: dict[int, bytes] = {}
    by_key = {specimen.pk: specimen for specimen in specimens}
    rows = Embedding.objects.filter(specimen__in=specimens, model_version=version).only("specimen_id", "sketch")
    for row in rows:
        specimen = by_key[row.specimen_id]
        sketch = _sketch_stored(row, specimen)
        if sketch is None:
            try:
                sketch = sketch_of(_image_prepare(specimen, bytes(specimen.image)).canvas)
            except SpecimenUnusable:
                continue
            row.sketch = _sketch_sealed(sketch, specimen)
            row.save(update_fields=["sketch"])
        sketches[specimen.pk] = sketch
    return sketches


def sketches_stored(*, specimens: Collection[Specimen]) -> dict[int, bytes]:
    """The sketches of these specimens that stand with an embedding of whatever model version, keyed by primary key.

    No image is opened for the missing ones: a specimen may be out of use because its image can not be read.
    """
    return {row.specimen_id: sketch for row, sketch in _with_sketches(specimens)}


def _sketch_stored(row: Embedding, specimen: Specimen) -> bytes | None:
    """None where there is none, or one of an earlier version."""
    try:
        sketch = unseal(row.sketch, context=f"{specimen.public_id}:sketch")
    except BlobDamaged:
        return None
    return sketch if sketch_readable(sketch) else None


def _sketches_known(specimens: Collection[Specimen]) -> dict[int, bytes]:
    """Sealed sketches that stand with the embeddings of other model versions: they do not depend on the network."""
    return {row.specimen_id: bytes(row.sketch) for row, _sketch in _with_sketches(specimens)}


def _with_sketches(specimens: Collection[Specimen]) -> Iterator[tuple[Embedding, bytes]]:
    """The embeddings of whatever model version that have a sketch, each with it."""
    by_key = {specimen.pk: specimen for specimen in specimens}
    for row in Embedding.objects.filter(specimen__in=by_key).only("specimen_id", "sketch"):
        sketch = _sketch_stored(row, by_key[row.specimen_id])
        if sketch is not None:
            yield row, sketch


def _sketch_sealed(sketch: bytes, specimen: Specimen) -> bytes:
    return seal(sketch, context=f"{specimen.public_id}:sketch")


def _embeddings_make(specimens: Sequence[Specimen], version: ModelVersion) -> tuple[list[Embedding], Unusable]:
    """Make and store what is asked for; the rows, and why some have none."""
    bundle = model_bundle(version)
    given_up = _given_up(specimens, version)
    canvases, unusable = _canvases([specimen for specimen in specimens if specimen.pk not in given_up], version)
    unusable |= given_up
    if not canvases:
        return [], unusable
    made = bundle.embed(np.stack(list(canvases.values())))
    sketches = _sketches_known(canvases)
    rows = [
        Embedding(
            specimen=specimen,
            model_version=version,
            vector=features.vector,
            local=features.local_bytes(),
            sketch=sketches.get(specimen.pk) or _sketch_sealed(sketch_of(canvas), specimen),
        )
        for (specimen, canvas), features in zip(canvases.items(), made, strict=True)
    ]
    # A worker and a verification may make the same one at once: the first to commit is kept, both are equal.
    Embedding.objects.bulk_create(rows, ignore_conflicts=True)
    for told in (EmbeddingFailure, EmbeddingAttempt):  # whatever was against them: they have a vector now
        told.objects.filter(specimen__in=[row.specimen_id for row in rows], model_version=version).delete()
    return rows, unusable


def _embeddings_make_safely(specimens: Sequence[Specimen], version: ModelVersion) -> tuple[list[Embedding], Unusable]:
    died = attempts_died(specimens=specimens, version=version)
    rows, unusable = _embeddings_make([specimen for specimen in specimens if specimen.pk not in died], version)
    return rows, unusable | {key: _worker_died() for key in died}


def _worker_died() -> SpecimenUnusable:
    return SpecimenUnusable(WORKER_DIED, "The program ended while it read the stored image.")


def _given_up(specimens: Sequence[Specimen], version: ModelVersion) -> Unusable:
    fatal = EmbeddingFailure.objects.filter(specimen__in=specimens, model_version=version, code=WORKER_DIED)
    return {row.specimen_id: SpecimenUnusable(row.code, row.sentence) for row in fatal}


def _canvases(specimens: Sequence[Specimen], version: ModelVersion) -> tuple[dict[Specimen, Grey], Unusable]:
    """The canvases of these specimens: those kept, and the missing ones made from their images and kept from now on."""
    kept = canvases_kept(specimens)
    fresh: dict[Specimen, Grey] = {}
    unusable: Unusable = {}
    for specimen, image in _with_images([specimen for specimen in specimens if specimen.pk not in kept]):
        try:
            fresh[specimen] = _image_prepare(specimen, image).canvas
        except SpecimenUnusable as error:
            unusable[specimen.pk] = error
            _failure_record(specimen, version, error)
    if fresh:
        canvases_keep(fresh)
    for specimen in fresh:
        if specimen.unreadable_at is not None:
            specimen_mark_readable(specimen=specimen)
    found = {specimen: kept[specimen.pk] for specimen in specimens if specimen.pk in kept}
    return found | fresh, unusable


def _with_images(specimens: Sequence[Specimen]) -> Iterator[tuple[Specimen, bytes]]:
    """Each with its sealed image. Those that were left out of the query are read a few at once and not kept, so that a
    large batch of large images needs little memory."""
    for first in range(0, len(specimens), _IMAGES_AT_ONCE):
        few = specimens[first : first + _IMAGES_AT_ONCE]
        deferred = [specimen.pk for specimen in few if "image" in specimen.get_deferred_fields()]
        read = dict(Specimen.objects.filter(pk__in=deferred).values_list("pk", "image")) if deferred else {}
        for specimen in few:
            if specimen.pk not in deferred:
                yield specimen, bytes(specimen.image)
            elif specimen.pk in read:  # not removed meanwhile
                yield specimen, bytes(read.pop(specimen.pk))


def _image_prepare(specimen: Specimen, image: bytes) -> Signature:
    try:
        plain = unseal(image, context=str(specimen.public_id))
        signature = prepare(plain)
    except BlobDamaged as error:
        raise SpecimenUnusable("blob_damaged", "The stored image is damaged and can not be opened.") from error
    except ImageRefused as error:
        raise SpecimenUnusable(error.code, error.sentence) from error
    if signature.quality.grade == "refused":
        remarks = signature.quality.remarks
        sentence = remarks[0].sentence if remarks else "No signature was found on the stored image."
        raise SpecimenUnusable("quality_refused", sentence)
    return signature


def _failure_record(
    specimen: Specimen, version: ModelVersion, error: SpecimenUnusable, *, unreadable: bool = True
) -> None:
    EmbeddingFailure.objects.update_or_create(
        specimen=specimen,
        model_version=version,
        defaults={"code": error.code, "sentence": error.sentence[:400], "failed_at": timezone.now()},
    )
    if unreadable and error.code != "quality_refused":
        specimen_mark_unreadable(specimen=specimen, reason=error.code)


def _features_stored(row: Embedding) -> Features:
    return Features.from_stored(np.asarray(row.vector, dtype=np.float32), bytes(row.local))


def _artefact_digest(version: ModelVersion) -> str:
    try:
        return hashlib.sha256((model_directory(version) / "model.json").read_bytes()).hexdigest()
    except OSError as error:
        raise ArtefactError(f"The model in “{version.directory}” has no readable model.json.") from error


def _free_name(name: str, digest: str) -> str:
    name = name[:80] or "model"
    return f"{name}-{digest[:8]}" if ModelVersion.objects.filter(name=name).exists() else name


def _as_mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {"data": value} if value else {}
