"""One training run from its claim to its end: every way out of it is a state of the run that says what happened."""

from __future__ import annotations

import logging
import os
from contextlib import suppress

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from mlcore.bundle import ArtefactError
from mlcore.embedding.sources import DataError
from mlcore.models import ModelVersion, TrainingRun
from mlcore.retraining.runs import ClaimLost, run_claim, run_fail, run_give_back, run_stop, run_succeed
from mlcore.scoring.logistic import FitError
from mlcore.selectors import NoChampion
from mlcore.trainer.heart import Heart, Stopped
from mlcore.trainer.making import Making
from mlcore.trainer.measuring import measure

logger = logging.getLogger(__name__)


def execute(public_id: str) -> None:
    """Carry out a queued run; does nothing when it is not queued any more or another one runs."""
    run = run_claim(public_id)
    if run is None:
        return
    try:
        with Heart(run) as heart:
            _yield_to_others()
            produced, message = _carried_out(run, heart)
            run_succeed(run, produced=produced, message=message)
    except ClaimLost:
        logger.warning("Training run %s was taken from this process.", public_id)
    except Stopped:
        _end(run, stopped=True)
    except (OperationalError, InterfaceError):
        # Nothing can be written down; the watch finds the silent run, and it goes on from its checkpoint.
        logger.exception("The database does not answer; training run %s is left to the watch.", public_id)
    except SystemExit:
        _give_back(run)
        raise
    except Exception as error:
        _end(run, reason=reason_of(error))


def _carried_out(run: TrainingRun, heart: Heart) -> tuple[ModelVersion | None, str]:
    """The model version that the run has made, none where it only measures, and a closing sentence."""
    if run.measured is not None:
        return None, measure(run, run.measured, heart)
    return Making(run, heart).go()


def _yield_to_others() -> None:
    """Verifications on the same machine come first: this process gets what they leave of the processors."""
    os.nice(19)
    with suppress(AttributeError, OSError):  # not outside of Linux
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _give_back(run: TrainingRun) -> None:
    """The worker is told to stop (SIGTERM of its pool): the next one may go on at once, and no attempt is lost."""
    connection.close()  # the signal may have come in the middle of a query
    try:
        run_give_back(run)
    except (ClaimLost, DatabaseError, InterfaceError):
        logger.warning("Training run %s could not be given back; it is left to the watch.", run.public_id)


def _end(run: TrainingRun, *, stopped: bool = False, reason: str = "") -> None:
    try:
        if stopped:
            run_stop(run)
        else:
            run_fail(run, reason)
    except ClaimLost:
        logger.warning("Training run %s had ended already.", run.public_id)


def reason_of(error: Exception) -> str:
    """Why a run failed, in words for an administrator."""
    from mlcore.embedding.checkpoint import CheckpointError
    from mlcore.embedding.export import ExportError
    from mlcore.embedding.training import TrainingStopped

    told = (NoChampion, DataError, FitError, ArtefactError, CheckpointError, ExportError, TrainingStopped)
    untouched = _("The champion is untouched.")
    if isinstance(error, told):
        return f"{error} {untouched}"
    logger.exception("A training run failed.", exc_info=error)
    if isinstance(error, MemoryError):
        return _("The train worker ran out of memory. %(rest)s") % {"rest": untouched}
    if isinstance(error, OSError):
        return _("A file could not be written or read: %(why)s. %(rest)s") % {
            "why": error.strerror or type(error).__name__,
            "rest": untouched,
        }
    return _("An unexpected error ended the run (%(kind)s); the train worker's log tells more. %(rest)s") % {
        "kind": type(error).__name__,
        "rest": untouched,
    }
