"""Promotions: asked for, approved by a second administrator where the gate is overridden, cancelled, rolled back.

Between asking and the switch the vectors of all specimens are made in the background (mlcore.retraining.advancing).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mlcore.bundle import ArtefactError
from mlcore.models import LONG_COLUMNS, Embedding, EmbeddingFailure, GateReport, ModelVersion, Promotion
from mlcore.selectors import artefact_check, embeddings_prunable, model_champion
from mlcore.services import PromotionRefused, champion_lock, model_promote
from sigweb.audit.services import audit_record

if TYPE_CHECKING:
    from sigweb.accounts.models import User

__all__ = [
    "PromotionRefused",
    "embeddings_prune",
    "gate_passed",
    "model_rollback",
    "promotion_approve",
    "promotion_cancel",
    "promotion_end",
    "promotion_obstacle",
    "promotion_request",
    "promotion_send",
    "promotions_resend",
]

logger = logging.getLogger(__name__)

TASK = "mlcore.retraining.tasks.promotion_advance"
SWEEP = "mlcore.tasks.embedding_sweep"
PERMISSION = "mlcore.promote_modelversion"
# A worker shows life with every batch.
LATE_AFTER = timedelta(seconds=15)
PRUNED_AT_ONCE = 2000

# What a worker goes forward with.
GOING = (Promotion.State.QUEUED, Promotion.State.RUNNING)


def promotion_request(*, version: ModelVersion, actor: User | None, override_reason: str = "") -> Promotion:
    """Ask for a model version to become champion; its vectors are made in the background before it does.

    A version that the gate has found no worse than the champion is queued at once. Any other needs a reason, and waits
    until a second administrator has approved it (promotion_approve). The caller has checked the permission.

    Raises PromotionRefused, in one sentence, when the version is champion already, its files can not be used, another
    promotion is open, or the gate does not let it pass and no reason is given.
    """
    version.refresh_from_db()
    if version.state == ModelVersion.State.CHAMPION:
        raise PromotionRefused(_("%(name)s is the champion already.") % {"name": version.name})
    try:
        artefact_check(version)
    except ArtefactError as error:
        raise PromotionRefused(str(error)) from error
    champion = ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION).first()
    passed, reason = gate_passed(version, champion), override_reason.strip()
    if not passed and not reason:
        raise PromotionRefused(_ungated(version, champion))
    if not passed and actor is None:
        raise PromotionRefused(_("Only a person can override the gate."))
    promotion = Promotion(
        version=version,
        champion=champion,
        state=Promotion.State.QUEUED if passed else Promotion.State.WAITING,
        override_reason="" if passed else reason,
        requested_by=actor,
        heartbeat_at=timezone.now(),
    )
    try:
        with transaction.atomic():
            promotion.save()
            _promotion_record(promotion, "promotion.requested", actor)
            if passed:
                transaction.on_commit(lambda: promotion_send(promotion.public_id, promotion.turn))
    except IntegrityError as error:
        # A double click, or two administrators at once: the constraint lets one through.
        raise PromotionRefused(_("Another promotion is under way; wait for its end or cancel it.")) from error
    return promotion


def promotion_approve(*, promotion: Promotion, actor: User) -> Promotion:
    """Let a waiting promotion begin, as a second administrator. Raises PromotionRefused, in one sentence."""
    if not actor.has_perm(PERMISSION):
        raise PromotionRefused(_("You may not promote model versions."))
    with transaction.atomic():
        promotion = Promotion.objects.select_for_update().get(pk=promotion.pk)
        if promotion.state != Promotion.State.WAITING:
            raise PromotionRefused(_("This promotion does not wait for approval any more."))
        if promotion.requested_by_id == actor.pk:
            raise PromotionRefused(_("Somebody else has to approve what you have asked for."))
        if obstacle := promotion_obstacle(promotion):
            raise PromotionRefused(obstacle)
        promotion.state, promotion.approved_by = Promotion.State.QUEUED, actor
        promotion.heartbeat_at = timezone.now()
        promotion.save(update_fields=["state", "approved_by", "heartbeat_at"])
        _promotion_record(promotion, "promotion.approved", actor)
        transaction.on_commit(lambda: promotion_send(promotion.public_id, promotion.turn))
    return promotion


def promotion_cancel(*, promotion: Promotion, actor: User | None) -> Promotion:
    """End an open promotion; the champion is untouched, vectors already made stay. PromotionRefused when ended.

    Waits for the batch that a worker is at, well under a second.
    """
    with transaction.atomic():
        promotion = Promotion.objects.select_for_update().get(pk=promotion.pk)
        if not promotion.is_open:
            raise PromotionRefused(_("This promotion has ended already."))
        message = gettext_noop("Cancelled; the champion is unchanged.")
        return promotion_end(promotion, Promotion.State.CANCELLED, message, actor)


def promotions_resend(*, late_after: timedelta = LATE_AFTER) -> int:
    """Send again the open promotion of which no worker has shown life for so long; returns how many were sent.

    Its message was lost with the broker, or its worker was killed. One that only waits in a long queue is sent once
    more without harm: the second of two equal messages is dropped.
    """
    late = Promotion.objects.filter(state__in=GOING).filter(
        Q(heartbeat_at=None) | Q(heartbeat_at__lte=timezone.now() - late_after)
    )
    return sum(promotion_send(public_id, turn) for public_id, turn in late.values_list("public_id", "turn"))


def promotion_send(public_id: UUID, turn: int) -> bool:
    """Tell an embed worker; False when the broker does not answer, which the sweep makes up for."""
    return _send(TASK, args=(str(public_id), turn))


def gate_passed(version: ModelVersion, champion: ModelVersion | None) -> bool:
    """Whether the gate has found the version no worse than this champion, and better in something."""
    gates = GateReport.objects.filter(candidate=version, champion=champion).order_by("-created_at")
    return bool(gates.values_list("promotable", flat=True).first())


def model_rollback(*, actor: User | None, of: ModelVersion | None = None) -> ModelVersion:
    """Put the model version that the champion replaced back in its place, at once; returns it.

    of: the champion that the person sees; where another one reigns by now, somebody was faster and it is refused.

    Its vectors were kept; the few specimens enrolled since are embedded by the next sweep, or by the verification that
    comes first. Raises PromotionRefused when there is none, or when its files can not be used any more; NoChampion. The
    caller has checked the permission.
    """
    with transaction.atomic():
        champion_lock()
        champion = model_champion()
        if of is not None and of != champion:
            raise PromotionRefused(_("Nothing was done: %(name)s is not the champion any more.") % {"name": of.name})
        before = champion.replaced
        if before is None:
            raise PromotionRefused(_("There is no earlier model version to go back to."))
        try:
            artefact_check(before)
        except ArtefactError as error:
            raise PromotionRefused(str(error)) from error
        version = model_promote(version=before, actor=actor, stepping_back=True)
        transaction.on_commit(lambda: _send(SWEEP, kwargs={"grace_seconds": 0}))
    return version


def embeddings_prune(*, version: ModelVersion, actor: User | None) -> int:
    """Remove the vectors of a model version that is not in use; returns how many.

    Of a retired version, to which nothing can be rolled back then, or of a candidate whose promotion was cancelled or
    failed. In transactions of bounded size; what a kill leaves over, the next call removes. Raises PromotionRefused for
    the champion, a version on its way to champion and the one that a roll back would return to.
    """
    removed = 0
    while True:
        with transaction.atomic():
            champion_lock()
            _prunable_demand(version)
            if removed == 0:
                # Nobody steps back to a version that would have to start without vectors.
                ModelVersion.objects.filter(replaced=version).update(replaced=None)
                EmbeddingFailure.objects.filter(model_version=version).delete()
            batch = embeddings_prunable(version=version).order_by("pk").values("pk")[:PRUNED_AT_ONCE]
            count, _each = Embedding.objects.filter(pk__in=batch).delete()
            removed += count
            if count == 0:
                audit_record(actor=actor, action="model.pruned", obj=version, details={"embeddings": removed})
                return removed


def _prunable_demand(version: ModelVersion) -> None:
    version.refresh_from_db()
    if version.state == ModelVersion.State.CHAMPION:
        raise PromotionRefused(_("Every verdict needs the vectors of the champion, so they stay."))
    if ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION, replaced=version).exists():
        raise PromotionRefused(_("A roll back would return to this model version, so its vectors stay."))
    if Promotion.objects.filter(version=version, state__in=Promotion.OPEN).exists():
        raise PromotionRefused(_("This model version is being promoted, so its vectors stay."))


def promotion_obstacle(promotion: Promotion) -> str:
    """Why this promotion can not end well any more, in one sentence; empty where nothing stands in its way."""
    champion = ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION).defer(*LONG_COLUMNS).first()
    if champion is not None and champion.pk == promotion.version_id:
        return _("%(name)s is the champion already.") % {"name": champion.name}
    if (champion.pk if champion else None) != promotion.champion_id:
        return _(
            "It was measured against %(then)s, but %(now)s is the champion now; measure it anew, or give a reason."
        ) % {
            "then": promotion.champion or _("no model"),
            "now": champion or _("no model"),
        }
    if not promotion.override_reason and not gate_passed(promotion.version, champion):
        return _ungated(promotion.version, champion)
    return ""


def _ungated(version: ModelVersion, champion: ModelVersion | None) -> str:
    names = {"name": version.name, "champion": champion.name if champion else _("no model")}
    if GateReport.objects.filter(candidate=version, champion=champion).exists():
        return (
            _("The gate did not find %(name)s better than %(champion)s; give a reason to promote it all the same.")
            % names
        )
    return _("%(name)s was never measured against %(champion)s; measure it, or give a reason.") % names


def promotion_end(promotion: Promotion, state: Promotion.State, message: str, actor: User | None = None) -> Promotion:
    """End a promotion whose row the caller holds, and say so in the audit trail.

    message: in English; each reader gets it in his own language (promotion_words).
    """
    promotion.state, promotion.message, promotion.finished_at = state, message, timezone.now()
    promotion.save(update_fields=["state", "message", "finished_at", "done", "total"])
    _promotion_record(promotion, f"promotion.{state}", actor)
    return promotion


def _promotion_record(promotion: Promotion, action: str, actor: User | None) -> None:
    audit_record(
        actor=actor,
        action=action,
        obj=promotion,
        details={
            "version": str(promotion.version.public_id),
            "champion": str(promotion.champion.public_id) if promotion.champion else None,
            "override": bool(promotion.override_reason),
        },
    )


def _send(task: str, **fields: Any) -> bool:
    try:
        current_app.send_task(task, queue="embed", retry=False, expires=3600, **fields)
    except Exception:  # whatever the broker's client raises: what is to be done is stored, the sweep sends it again
        logger.warning("%s could not be sent; the sweep will.", task, exc_info=True)
        return False
    return True
