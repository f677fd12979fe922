"""A run that trains nothing: a model version that is here already beside the champion, by the same gate."""

from __future__ import annotations

from django.utils.translation import gettext as _

from mlcore.embedding.sources import DataError
from mlcore.models import ModelVersion, TrainingRun
from mlcore.retraining.runs import run_report
from mlcore.selectors import model_champion
from mlcore.trainer.comparing import Comparing
from mlcore.trainer.heart import Heart

_FROZEN = 0.05  # of the bar, when it is known what is measured with


def measure(run: TrainingRun, version: ModelVersion, heart: Heart) -> str:
    """Carry out one claimed run; returns a closing sentence. Raises Stopped, ClaimLost, and what comparing raises."""
    if model_champion() == version:
        raise DataError(f"{version.name} is the champion by now; there is nothing to compare it with.")
    run_report(run, phase=TrainingRun.Phase.PREPARING, line=_("Measuring %s; nothing is trained.") % version.name)
    comparing = Comparing(run, heart)
    return comparing.compared(version, comparing.frozen(), progress=_FROZEN)
