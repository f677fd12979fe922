"""Promotions going forward: vectors of all specimens under the new model version, then the switch in one transaction.

The champion answers all the while. A promotion goes forward in turns of a few seconds; each turn is a message, so that
what is enrolled meanwhile gets its turn in the same queue. Whoever works at a promotion holds its row: a second worker
finds it held and leaves, and a worker that is killed lets go of it.

An image can end the worker's process, and would do so each time that the sweep sends the promotion again. So turns that
begin are counted until vectors are stored; after three that died the next batch is made one specimen at a time, each
named before it is tried. Where one is still named when the next turn begins, the worker died at it; after as many such
deaths as at enrolment (mlcore.attempts) the specimen is given up.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import DatabaseError, DataError, InterfaceError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import Specimen
from mlcore.attempts import (
    MOST_GIVEN_UP,
    attempt_died,
    attempt_hopeless,
    attempt_left,
    attempt_noted,
    attempts_died,
    attempts_forget,
)
from mlcore.bundle import ArtefactError
from mlcore.models import LONG_COLUMNS, Embedding, EmbeddingFailure, ModelVersion, Promotion, long_columns
from mlcore.retraining.promotion import (
    GOING,
    promotion_end,
    promotion_obstacle,
    promotion_send,
)
from mlcore.selectors import artefact_check, model_bundle, specimens_without_embedding
from mlcore.services import (
    WORKER_DIED,
    PromotionRefused,
    champion_lock,
    model_promote,
    specimen_give_up,
    specimens_embed,
)

logger = logging.getLogger(__name__)

TURN_SECONDS = 5.0
# Specimens whose vectors are committed at once; a kill costs no more.
BATCH = 64
# Specimens looked up at once, about as many as a turn gets through.
AHEAD = 2048
# Of specimens that have a vector under the champion and can not be read now; beyond, something else is wrong.
FEW_UNREADABLE, MOST_UNREADABLE = 5, 0.05
# Turns that died without a vector before specimens are tried one at a time; and before the promotion is given up.
CAREFUL_AFTER, MOST_DEAD_TURNS = 3, 6
_ROUNDS = 5  # of catching up at the switch
_NEEDED = ("pk", "public_id", "unreadable_at")  # of a specimen; its image only where no canvas is kept
_IN_USE = (Specimen.State.PENDING, Specimen.State.APPROVED)


def promotion_advance(*, public_id: UUID | str, turn: int | None = None, seconds: float = TURN_SECONDS) -> bool:
    """Go forward with a promotion for about so many seconds; True when there is more to do, which is sent then.

    turn: which message it is; any but the promotion's next one is dropped (None: whichever is next). Resumable and
    idempotent: what a killed worker had committed counts, and of two at once the second finds the row held and leaves.
    Makes vectors in batches; once no specimen lacks one, the champion is switched. Errors of the database are raised,
    and the sweep sends such a promotion again. All others, values that no database would hold, and workers that die
    again and again end it with a sentence, the champion untouched.
    """
    until = time.monotonic() + seconds
    with translation.override("en"):  # messages are stored in English, and told in the reader's language
        return _advance(public_id, turn, until)


def _advance(public_id: UUID | str, turn: int | None, until: float) -> bool:
    try:
        begun = _begin(public_id, turn)
        if begun is None:
            return False
        model_bundle(ModelVersion.objects.get(pk=begun.version_id))  # who dies at this suspects no specimen
        make = _one_by_one if begun.dead_turns > CAREFUL_AFTER else _batch
        while (ahead := _ahead(public_id)) or not _switch(public_id, turn):
            for first in range(0, len(ahead), BATCH):
                if not make(public_id, turn, ahead[first : first + BATCH]):
                    return False
                make = _batch
                if time.monotonic() >= until:
                    return _next_turn(public_id, turn)
    except ArtefactError as error:
        _fail(public_id, str(error))
    except Exception as error:
        # What can not be stored, a vector that is not a number for one, will not be storable at the next attempt.
        if isinstance(error, (DatabaseError, InterfaceError)) and not isinstance(error, DataError):
            _lived(public_id)
            raise
        logger.exception("Promotion %s failed.", public_id)
        _fail(public_id, _("Something unforeseen went wrong; the worker's log tells what. The champion is unchanged."))
    return False


def _held(public_id: UUID | str, turn: int | None) -> Promotion | None:
    """The promotion, its row held until the transaction ends; None when it is not ours to go forward with."""
    promotion = (
        Promotion.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("version", "champion", "requested_by")
        # Figures are long; reading them with every batch took a tenth of the time.
        .defer(*long_columns("version", "champion"))
        .filter(public_id=public_id, state__in=GOING)
        .first()
    )
    if promotion is None or (turn is not None and promotion.turn != turn):
        return None
    return promotion


@transaction.atomic
def _begin(public_id: UUID | str, turn: int | None) -> Promotion | None:
    promotion = _held(public_id, turn)
    if promotion is None:
        return None
    if obstacle := promotion_obstacle(promotion):
        promotion_end(promotion, Promotion.State.FAILED, obstacle)
        return None
    if promotion.state == Promotion.State.QUEUED:
        # What could not be read the last time is tried once more.
        EmbeddingFailure.objects.filter(model_version=promotion.version).delete()
        attempts_forget(version=promotion.version)
        promotion.state = Promotion.State.RUNNING
        promotion.total = specimens_without_embedding(version=promotion.version).count()
    elif promotion.suspect_id is not None and not _cleared(promotion, promotion.suspect_id):
        return None
    promotion.dead_turns += 1
    if reason := _hopeless(promotion):
        promotion_end(promotion, Promotion.State.FAILED, reason)
        return None
    promotion.heartbeat_at = timezone.now()
    promotion.save(update_fields=["state", "total", "done", "heartbeat_at", "dead_turns", "suspect"])
    return promotion


def _cleared(promotion: Promotion, suspect_id: int) -> bool:
    """Draw the consequence of a death at a specimen; False while another worker may just be trying it.

    It is given up when the worker has died at it often enough, and tried again, alone, until then.
    """
    suspect = Specimen.objects.only(*_NEEDED).get(pk=suspect_id)
    left = attempt_left(specimen=suspect, version=promotion.version)
    if left is not None and not attempt_died(left):
        return False
    if left is not None and attempt_hopeless(left):
        # The candidate's network may be what dies: the specimen stays what it is for everybody else.
        specimen_give_up(specimen=suspect, version=promotion.version, unreadable=False)
        logger.error(
            "Promotion %s: the worker died at specimen %s %d times.",
            promotion.public_id,
            suspect.public_id,
            left.times,
        )
        promotion.done += 1
    # Still one at a time: where one is, more may be in the same batch.
    promotion.suspect, promotion.dead_turns = None, CAREFUL_AFTER
    return True


def _hopeless(promotion: Promotion) -> str:
    """Why it makes no sense to go on; empty while it does."""
    if promotion.dead_turns > MOST_DEAD_TURNS:
        return _(
            "The worker stopped %(times)d times without a single vector; its log tells more. The champion is unchanged."
        ) % {"times": MOST_DEAD_TURNS}
    given_up = EmbeddingFailure.objects.filter(model_version=promotion.version, code=WORKER_DIED)
    fatal = given_up.count() + len(attempts_died(version=promotion.version))
    if fatal > MOST_GIVEN_UP:
        return _(
            "The worker died at %(count)d specimens; see the embedding failures and its log. The champion is unchanged."
        ) % {"count": fatal}
    return ""


def _lived(public_id: UUID | str) -> None:
    """A turn that ends with an error of the database has not died; where that can not be stored, it counts as dead."""
    with suppress(DatabaseError, InterfaceError):
        going = Promotion.objects.filter(public_id=public_id, state__in=GOING)
        going.update(dead_turns=Greatest(F("dead_turns") - 1, 0), suspect=None)


def _ahead(public_id: UUID | str) -> list[int]:
    """The next specimens without a vector: looked up once for many batches, as a look-up passes all that have one."""
    version = ModelVersion.objects.defer(*LONG_COLUMNS).get(promotions__public_id=public_id)
    return list(specimens_without_embedding(version=version).values_list("pk", flat=True)[:AHEAD])


@transaction.atomic
def _batch(public_id: UUID | str, turn: int | None, keys: Sequence[int]) -> bool:
    """Make the vectors of these specimens, unless they have them by now; False when it is not ours to do any more."""
    promotion = _held(public_id, turn)
    if promotion is None:
        return False
    lacking = specimens_without_embedding(version=promotion.version).filter(pk__in=keys)
    _embed(promotion, list(lacking.only(*_NEEDED)))
    return True


def _one_by_one(public_id: UUID | str, turn: int | None, keys: Sequence[int]) -> bool:
    """The same, so that a death tells at which specimen; with all of them made, batches are trusted again."""
    version = ModelVersion.objects.defer(*LONG_COLUMNS).get(promotions__public_id=public_id)
    specimens = Specimen.objects.only(*_NEEDED).filter(pk__in=keys).in_bulk()
    died = attempts_died(specimens=list(specimens.values()), version=version)
    # Those at which a worker has died come last: a vector of any other tells that workers live, and keeps deaths apart.
    for key in sorted(specimens, key=lambda key: (key in died, keys.index(key))):
        left = attempt_left(specimen=specimens[key], version=version)
        with attempt_noted(specimen=specimens[key], version=version, left=left):
            if not _keep(public_id, turn, suspect_id=key, heartbeat_at=timezone.now()):
                return False
            if not _batch(public_id, turn, [key]):
                # Left alive: nobody may take this one for what ended the process.
                Promotion.objects.filter(public_id=public_id, suspect=key).update(suspect=None)
                return False
    return _keep(public_id, turn, dead_turns=0)


@transaction.atomic
def _keep(public_id: UUID | str, turn: int | None, **fields: Any) -> bool:
    """Commit these fields of the promotion; False when it is not ours any more."""
    promotion = _held(public_id, turn)
    if promotion is None:
        return False
    Promotion.objects.filter(pk=promotion.pk).update(**fields)
    return True


@transaction.atomic
def _next_turn(public_id: UUID | str, turn: int | None) -> bool:
    promotion = _held(public_id, turn)
    if promotion is None:
        return False
    promotion.turn += 1
    promotion.save(update_fields=["turn"])
    transaction.on_commit(lambda: promotion_send(promotion.public_id, promotion.turn))
    return True


def _switch(public_id: UUID | str, turn: int | None) -> bool:
    """Change the champion, in one transaction; False when there are specimens again that have no vector yet."""
    artefact_check(ModelVersion.objects.get(promotions__public_id=public_id))
    with transaction.atomic():
        champion_lock()
        promotion = _held(public_id, turn)
        if promotion is None:
            return True
        version = promotion.version
        if not _caught_up(promotion):
            return False
        unreadable = EmbeddingFailure.objects.filter(model_version=version, specimen__state__in=_IN_USE)
        obstacle = promotion_obstacle(promotion) or _too_many(unreadable, promotion)
        if obstacle:
            promotion_end(promotion, Promotion.State.FAILED, obstacle)
            return True
        try:
            model_promote(version=version, actor=promotion.requested_by)
        except PromotionRefused as error:
            promotion_end(promotion, Promotion.State.FAILED, str(error))
            return True
        promotion.done = promotion.total
        promotion_end(promotion, Promotion.State.DONE, _done_message(version, unreadable.count()))
    return True


def _caught_up(promotion: Promotion) -> bool:
    """Make the vectors of the few specimens that were enrolled since the last look, at the very moment of the switch.

    Where enrolment never pauses, there would always be a new one by the time that the switch begins.
    """
    for _round in range(_ROUNDS):
        late = list(specimens_without_embedding(version=promotion.version).only(*_NEEDED)[:BATCH])
        if not late:
            return True
        if len(late) == BATCH:
            break
        _embed(promotion, late)
    return False


def _embed(promotion: Promotion, specimens: Sequence[Specimen]) -> None:
    made, unusable = specimens_embed(specimens=specimens, version=promotion.version)
    promotion.done += made + unusable
    promotion.total = max(promotion.total, promotion.done)
    promotion.heartbeat_at = timezone.now()
    promotion.dead_turns = 0 if promotion.suspect_id is None else CAREFUL_AFTER
    promotion.suspect = None
    promotion.save(update_fields=["done", "total", "heartbeat_at", "dead_turns", "suspect"])


def _too_many(unreadable: QuerySet[EmbeddingFailure], promotion: Promotion) -> str:
    """A worker that lacks a key or a library reads nothing: no reason to leave customers without specimens."""
    readable = Embedding.objects.filter(specimen=OuterRef("specimen"), model_version=promotion.champion)
    worse = unreadable.filter(Exists(readable)).count()
    most = max(FEW_UNREADABLE, MOST_UNREADABLE * Specimen.objects.filter(state__in=_IN_USE).count())
    if worse <= most:
        return ""
    return ngettext(
        "%(count)d specimen that the champion knows could not be read; see the embedding failures. "
        "Nothing was switched.",
        "%(count)d specimens that the champion knows could not be read; see the embedding failures. "
        "Nothing was switched.",
        worse,
    ) % {"count": worse}


def _done_message(version: ModelVersion, unreadable: int) -> str:
    message = _("%(name)s is the champion now.") % {"name": version.name}
    if unreadable:
        message += " " + ngettext(
            "%(count)d specimen has no vector, since its image can not be used.",
            "%(count)d specimens have no vector, since their images can not be used.",
            unreadable,
        ) % {"count": unreadable}
    return message


def _fail(public_id: UUID | str, reason: str) -> None:
    with transaction.atomic():
        promotion = Promotion.objects.select_for_update().filter(public_id=public_id, state__in=GOING).first()
        if promotion is not None:
            promotion_end(promotion, Promotion.State.FAILED, reason)
