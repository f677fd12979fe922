"""Training runs: asked for, claimed by a worker, kept alive by its heartbeat, ended in a state that says why.

Only these functions change the state of a run. A worker claims a run with a random claim and gives it with everything
it reports; once the run has been taken from it (its heartbeat was late, somebody cancelled), the claim holds no more.
"""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mlcore.models import DEFAULT_STEPS, ModelVersion, TrainingRun
from mlcore.retraining.locks import run_lock
from sigweb.audit.services import audit_record

if TYPE_CHECKING:
    from sigweb.accounts.models import User

logger = logging.getLogger(__name__)

TASK = "mlcore.trainer.tasks.training_run"
HEARTBEAT_SECONDS = 5.0
# So many heartbeats may be missed, to outlast a database that is restarted or a machine that swaps.
LATE_AFTER = timedelta(seconds=60)
MOST_ATTEMPTS = 3
LOG_LINES = 400
MOST_STEPS = 20_000


class RunRefused(ValueError):
    """The run can not be started or cancelled; the message says why in one sentence."""


class ClaimLost(RuntimeError):
    """The run belongs to another process by now, or has ended: whoever holds this claim stops."""


def run_start(
    *,
    actor: User | None,
    start: str = TrainingRun.Start.CHAMPION,
    with_decisions: bool = False,
    steps: int = DEFAULT_STEPS,
    seed: int = 1,
) -> TrainingRun:
    """Queue a run. Raises RunRefused for an impossible number of steps, or when the same is queued or running already.

    A broker that does not answer is no error: the watch delivers what waits.
    """
    if not 1 <= steps <= MOST_STEPS:
        raise RunRefused(_("Give a number of steps from 1 to %(most)d.") % {"most": MOST_STEPS})
    with transaction.atomic():
        run_lock()
        # A double click, or two administrators at once: the same request is one run.
        same = TrainingRun.objects.filter(
            state__in=TrainingRun.OPEN,
            measured=None,
            start=start,
            with_decisions=with_decisions,
            steps=steps,
            seed=seed,
        ).first()
        if same is not None:
            raise RunRefused(
                _("The same training is %(state)s already; watch that one.")
                % {"state": same.get_state_display().lower()}
            )
        run = TrainingRun(requested_by=actor, start=start, with_decisions=with_decisions, steps=steps, seed=seed)
        details = {"start": start, "with_decisions": with_decisions, "steps": steps, "seed": seed}
        return _requested(run, "training.requested", details)


def run_measure(*, version: ModelVersion, actor: User | None) -> TrainingRun:
    """Queue a run that only compares a version with the champion, by the gate that each training ends with.

    Raises RunRefused for the champion itself, without a champion, or when an open run measures the version already.
    """
    with transaction.atomic():
        run_lock()
        champion = ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION).first()
        if champion is None:
            raise RunRefused(_("No model version is in use, so there is none to compare with."))
        if champion == version:
            raise RunRefused(_("This is the champion; there is nothing to compare it with."))
        if run_measuring(version) is not None:
            raise RunRefused(_("This model version is being measured already; watch that run."))
        run = TrainingRun(requested_by=actor, measured=version)
        return _requested(run, "measuring.requested", {"version": str(version.public_id)})


def run_measuring(version: ModelVersion) -> TrainingRun | None:
    """The open run that measures this version, or that has made it and is not done with it."""
    going = TrainingRun.objects.filter(state__in=TrainingRun.OPEN)
    return going.filter(Q(measured=version) | Q(produced=version)).first()


def run_cancel(*, run: TrainingRun, actor: User | None) -> TrainingRun:
    """Cancel a queued run at once; ask a running one to stop, which it does within seconds. RunRefused when ended."""
    with transaction.atomic():
        run = TrainingRun.objects.select_for_update().get(pk=run.pk)
        if not run.is_open:
            raise RunRefused(_("This run has ended already."))
        if run.cancel_requested_at is not None:
            return run
        run.cancel_requested_at = timezone.now()
        run.save(update_fields=["cancel_requested_at"])
        audit_record(actor=actor, action="training.cancelled", obj=run)
        if run.state == TrainingRun.State.QUEUED:
            _end(run, TrainingRun.State.CANCELLED, gettext_noop("Cancelled before it had begun."))
    return run


def run_claim(public_id: UUID | str) -> TrainingRun | None:
    """The queued run, claimed for the calling process; None when it is not queued any more or another one runs."""
    with transaction.atomic():
        run_lock()
        run = TrainingRun.objects.select_for_update().filter(public_id=public_id).first()
        if run is None or run.state != TrainingRun.State.QUEUED:
            return None
        if TrainingRun.objects.filter(state=TrainingRun.State.RUNNING).exists():
            return None
        now = timezone.now()
        run.state, run.claim, run.heartbeat_at = TrainingRun.State.RUNNING, uuid.uuid4(), now
        run.started_at = run.started_at or now
        run.attempts += 1
        run.log = _with_line(run.log, _("Attempt %(number)d begins.") % {"number": run.attempts})
        run.save(update_fields=["state", "claim", "heartbeat_at", "started_at", "attempts", "log"])
    return run


def run_heartbeat(run: TrainingRun) -> bool:
    """Say that the run is alive; True when it is asked to stop. Raises ClaimLost."""
    held = TrainingRun.objects.filter(pk=run.pk, state=TrainingRun.State.RUNNING, claim=run.claim)
    if not held.update(heartbeat_at=timezone.now()):
        raise ClaimLost
    return bool(held.filter(cancel_requested_at__isnull=False).exists())


def run_report(
    run: TrainingRun, *, line: str = "", point: Mapping[str, float] | None = None, **fields: Any
) -> TrainingRun:
    """Store what the run has reached: fields of the row, one line for its log, one point of its curves.

    A figure that is no number is kept as none: JSON in Postgres holds no other, and the trainer has its own sentence
    for it. Raises ClaimLost.
    """
    with transaction.atomic():
        row = _held(run)
        for name, value in fields.items():
            setattr(row, name, value)
        if line:
            row.log = _with_line(row.log, line)
        if point:
            row.curves = {
                name: [*_until(row.curves, name, point["step"]), value if math.isfinite(value) else None]
                for name, value in point.items()
            }
        row.heartbeat_at = timezone.now()
        row.save()
    return row


@contextmanager
def run_install(run: TrainingRun) -> Iterator[TrainingRun]:
    """Hold the run's row, and with it the claim, while its candidate is put in place; the block sets `produced`.

    Whoever takes a silent run back waits for the end of the block, so that two processes never write one folder.
    Raises ClaimLost.
    """
    with transaction.atomic():
        row = _held(run)
        yield row
        row.save(update_fields=["produced"])


def run_succeed(run: TrainingRun, *, produced: ModelVersion | None, message: str) -> TrainingRun:
    """End a run with the model version that it made, none where it only measured one. Raises ClaimLost."""
    with transaction.atomic():
        row = _held(run)
        row.produced, row.phase, row.progress = produced, TrainingRun.Phase.DONE, 1.0
        return _end(row, TrainingRun.State.SUCCEEDED, message)


def run_fail(run: TrainingRun, reason: str) -> TrainingRun:
    """End a run with its reason in one sentence. Raises ClaimLost."""
    with transaction.atomic():
        return _end(_held(run), TrainingRun.State.FAILED, reason)


def run_stop(run: TrainingRun) -> TrainingRun:
    """End a run that was asked to stop; a candidate that it has made by then stays. Raises ClaimLost."""
    with transaction.atomic():
        row = _held(run)
        message = _("Cancelled; nothing was changed.")
        if row.produced is not None:
            message = _("Cancelled while it was measured. Its candidate stays; the champion is untouched.")
        return _end(row, TrainingRun.State.CANCELLED, message)


def run_give_back(run: TrainingRun) -> TrainingRun:
    """Put a run back into the queue whose worker is told to stop; the next worker resumes it. Raises ClaimLost."""
    with transaction.atomic():
        row = _held(run)
        if row.cancel_requested_at is not None:
            return run_stop(row)
        row.state, row.claim, row.given_back = TrainingRun.State.QUEUED, None, row.given_back + 1
        row.log = _with_line(row.log, _told_to_stop(row))
        row.save(update_fields=["state", "claim", "given_back", "log"])
    return row


def runs_watch() -> dict[str, int]:
    """Take runs from dead workers and deliver what waits; returns how many were resumed, failed and sent.

    A run whose heartbeat is late goes back into the queue, to resume from its checkpoint, or fails after the third
    attempt. The oldest queued run is sent again while none runs: its message may have been lost with the broker.
    """
    counts = {"resumed": 0, "failed": 0, "sent": 0}
    late = TrainingRun.objects.filter(
        state=TrainingRun.State.RUNNING, heartbeat_at__lt=timezone.now() - LATE_AFTER
    ).values_list("pk", flat=True)
    for pk in late:
        counts[_take_back(pk)] += 1
    if not TrainingRun.objects.filter(state=TrainingRun.State.RUNNING).exists():
        waiting = TrainingRun.objects.filter(state=TrainingRun.State.QUEUED).order_by("created_at", "pk").first()
        if waiting is not None:
            counts["sent"] = int(run_send(waiting.public_id))
    return counts


def run_send(public_id: UUID) -> bool:
    """Tell the train worker; False when the broker does not answer. A second message for the same run does no harm."""
    try:
        current_app.send_task(TASK, args=(str(public_id),), queue="train", retry=False, expires=3600)
    except Exception:  # whatever the broker's client raises: the run is stored, the watch sends it again
        logger.warning("Training run %s could not be sent; the watch will.", public_id, exc_info=True)
        return False
    return True


def _requested(run: TrainingRun, action: str, details: Mapping[str, Any]) -> TrainingRun:
    run.full_clean(exclude=["requested_by", "measured"])
    run.save()
    audit_record(actor=run.requested_by, action=action, obj=run, details=details)
    transaction.on_commit(lambda: run_send(run.public_id))
    return run


def _take_back(pk: int) -> str:
    with transaction.atomic():
        run = TrainingRun.objects.select_for_update().get(pk=pk)
        if run.state != TrainingRun.State.RUNNING or run.heartbeat_at >= timezone.now() - LATE_AFTER:  # type: ignore[operator]
            return "resumed"
        if run.cancel_requested_at is not None:
            _end(run, TrainingRun.State.CANCELLED, _("Cancelled; its worker had stopped answering."))
            return "failed"
        if run.attempts - run.given_back >= MOST_ATTEMPTS:
            _end(
                run,
                TrainingRun.State.FAILED,
                _("The train worker stopped answering %(times)d times. Its log tells more; the champion is untouched.")
                % {"times": run.attempts - run.given_back},
            )
            return "failed"
        run.state, run.claim = TrainingRun.State.QUEUED, None
        run.log = _with_line(run.log, _silent(run))
        run.save(update_fields=["state", "claim", "log"])
        return "resumed"


def _told_to_stop(run: TrainingRun) -> str:
    if run.measured_id:
        return _("The worker was told to stop; the measuring begins anew.")
    return _("The worker was told to stop; the run resumes from its checkpoint.")


def _silent(run: TrainingRun) -> str:
    if run.measured_id:
        return _("The worker stopped answering; the measuring begins anew.")
    return _("The worker stopped answering; the run resumes from its checkpoint.")


def _held(run: TrainingRun) -> TrainingRun:
    row = (
        TrainingRun.objects.select_for_update()
        .filter(pk=run.pk, state=TrainingRun.State.RUNNING, claim=run.claim)
        .first()
    )
    if row is None:
        raise ClaimLost
    return row


def _end(run: TrainingRun, state: str, message: str) -> TrainingRun:
    """message: in English; each reader gets it in his own language (run_words)."""
    run.state, run.message, run.claim, run.finished_at = state, message, None, timezone.now()
    run.log = _with_line(run.log, message)
    run.save()
    audit_record(actor=None, action=f"training.{state}", obj=run, details={"step": run.step})
    return run


def _with_line(log: str, line: str) -> str:
    stamped = f"{timezone.now():%Y-%m-%d %H:%M:%S} {line}"
    return "\n".join([*log.splitlines()[-LOG_LINES + 1 :], stamped])


def _until(curves: Mapping[str, list[float]], name: str, step: float) -> list[float]:
    """What the curve held before this step: a resumed run says some points again."""
    kept = sum(before < step for before in curves.get("step", []))
    return curves.get(name, [])[:kept]
