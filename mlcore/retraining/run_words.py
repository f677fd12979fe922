"""How a training ended, in the language of whoever reads it. The message itself is stored in English."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from mlcore.models import GateReport, TrainingRun
from mlcore.retraining.gate_words import gate_in_words
from mlcore.sentences import ENDINGS, stored_in_words

# As mlcore.retraining.runs and mlcore.trainer say them (a test finds those that are missing).
CLOSINGS = (
    gettext_noop("The candidate passes the gate and can be promoted."),
    gettext_noop("The candidate does not pass the gate: %(why)s"),
    gettext_noop("Cancelled before it had begun."),
    gettext_noop("Cancelled; nothing was changed."),
    gettext_noop("Cancelled while it was measured. Its candidate stays; the champion is untouched."),
    gettext_noop("Cancelled; its worker had stopped answering."),
    gettext_noop("The train worker stopped answering %(times)d times. Its log tells more; the champion is untouched."),
    gettext_noop("The champion is untouched."),
    gettext_noop("The train worker ran out of memory. %(rest)s"),
    gettext_noop("A file could not be written or read: %(why)s. %(rest)s"),
    gettext_noop("An unexpected error ended the run (%(kind)s); the train worker's log tells more. %(rest)s"),
)


def run_message(run: TrainingRun) -> str:
    """The closing sentences of a run; empty while it goes on."""
    return stored_in_words(run.message, CLOSINGS + ENDINGS, _gates(run)) if run.message else ""


def _gates(run: TrainingRun) -> dict[str, str]:
    """What each gate of the run's candidate said, as it was stored and in words."""
    if run.candidate is None:
        return {}
    reports = GateReport.objects.filter(candidate=run.candidate).values_list("report", flat=True)
    return {" ".join(report.get("sentences") or ()): " ".join(gate_in_words(report)) for report in reports}
