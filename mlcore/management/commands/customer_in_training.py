from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mlcore.retraining.membership import Answer, CustomerInRun, CustomerInVersion, CustomerUnknown, membership_look_up

ANSWERS = {
    Answer.NONE: "In none: no training here has used a signature of this customer.",
    Answer.LEARNT: "Learnt from: model versions below hold something of what was learnt.",
    Answer.GOING: "A training with these signatures is under way; ask again when it has ended.",
    Answer.UNFINISHED: "Trained on, but no model version has come of it.",
    Answer.MEASURED: "Held out each time: measured with, never learnt from.",
}


class Command(BaseCommand):
    help = "Tell in which trainings a customer's signatures were, also after an erasure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("customer", help="the public id, or the number of a customer who is there")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = membership_look_up(given=options["customer"], actor=None)
        except CustomerUnknown as unknown:
            raise CommandError(str(unknown)) from unknown
        self.stdout.write(f"Customer {found.customer}{'' if found.enrolled else ', not here now'}")
        self.stdout.write(ANSWERS[found.answer])
        for used in found.runs:
            self.stdout.write(_run(used))
        for trace in found.versions:
            self.stdout.write(_version(trace))
        if found.elsewhere:
            names = ", ".join(version.name for version in found.elsewhere)
            self.stdout.write(f"Not made here, so what they learnt from is not on record: {names}")


def _run(used: CustomerInRun) -> str:
    asked = f"run {used.run.public_id} ({used.run.state})" if used.run else "no run"
    role = "trained on" if used.trained_on else "held out"
    return f"  snapshot {used.snapshot}, {asked}: {used.specimens} specimens, {used.decisions} decisions, {role}"


def _version(trace: CustomerInVersion) -> str:
    said = ["trained on"] if trace.trained_on else ["measured with"] if trace.measured_with else []
    said += [f"goes on from {trace.after}"] if trace.after else []
    return f"  model version {trace.version} ({trace.version.state}): {', '.join(said)}"
