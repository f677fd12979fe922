"""The steps of a run: snapshot, signatures, training, decision, comparison, and the candidate that comes of it."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from mlcore.bundle import check_bundle, load_bundle, write_bundle
from mlcore.embedding.base import corpus_facts
from mlcore.embedding.finetuning import (
    REHEARSAL,
    TunedNetwork,
    fine_tune,
    fine_tuning_corpus,
    fine_tuning_plan,
)
from mlcore.embedding.sources import DataError, SignatureSet
from mlcore.evaluation.refitting import carried_over, refit_scorer
from mlcore.models import ModelVersion, TrainingRun, TrainingSnapshot
from mlcore.retraining.runs import run_install, run_report
from mlcore.runtime import Network, file_digest
from mlcore.selectors import model_base, model_champion, model_directory
from mlcore.services import model_install
from mlcore.trainer.comparing import Comparing
from mlcore.trainer.heart import Heart

# Of the bar: what comes before the training, the training itself, and until the candidate is measured.
_PREPARED, _TRAINED, _FITTED = 0.1, 0.8, 0.85


class Making:
    """Carries out one claimed run; `go` returns the candidate and a closing sentence."""

    def __init__(self, run: TrainingRun, heart: Heart) -> None:
        self._run, self._heart = run, heart
        self._directory = f"run-{run.public_id}"
        self._work = Path(settings.TRAINING_DIR) / self._directory
        self._rehearsal = replace(REHEARSAL, signers=settings.REHEARSAL_SIGNERS)
        self._comparing = Comparing(run, heart)

    def go(self) -> tuple[ModelVersion, str]:
        """Raises Stopped, ClaimLost, and what the steps raise, each with its sentence."""
        _leftovers_remove(self._work.parent)
        self._parent()  # the snapshot asks whom that has learnt from
        snapshot = self._comparing.frozen()
        # Killed while it was measured, a run has its candidate already.
        version = ModelVersion.objects.filter(directory=self._directory).first() or self._made(snapshot)
        message = self._comparing.compared(version, snapshot, progress=_FITTED)
        shutil.rmtree(self._work, ignore_errors=True)  # the checkpoint has served
        return version, message

    def _made(self, snapshot: TrainingSnapshot) -> ModelVersion:
        parent = self._parent()
        # Its Keras file is opened below, which what serves never does: a damaged or foreign one must not be.
        check_bundle(model_directory(parent), digest=parent.digest)
        customers = self._comparing.gathered(snapshot, held_out=False, told=self._prepared)
        corpus = fine_tuning_corpus(customers, self._comparing.crowd(self._rehearsal), seed=self._run.seed)
        del customers
        tuned = self._trained(corpus, parent, snapshot)
        facts = {"data": corpus_facts(corpus), "training": self._facts(tuned, snapshot, parent)}
        return self._installed(parent, tuned, facts)

    # --- before the training ------------------------------------------------------------------------------

    def _parent(self) -> ModelVersion:
        """The model version to go on from: that of the first attempt, so that a resumed run starts from the same."""
        if self._run.parent is not None:
            return self._run.parent
        base = self._run.start == TrainingRun.Start.BASE
        parent = _shipped_base() if base else model_champion()
        self._tell(parent=parent, phase=TrainingRun.Phase.PREPARING, line=_("Going on from %s.") % parent.name)
        self._run.parent = parent
        return parent

    def _prepared(self, done: int, of: int) -> None:
        self._tell(progress=_PREPARED * done / of)

    # --- training -----------------------------------------------------------------------------------------

    def _trained(self, corpus: SignatureSet, parent: ModelVersion, snapshot: TrainingSnapshot) -> TunedNetwork:
        self._tell(
            phase=TrainingRun.Phase.TRAINING,
            progress=_PREPARED,
            images=len(corpus.writers),
            line=_("Training on %(images)d signatures of %(writers)d hands.")
            % {"images": len(corpus.writers), "writers": len(corpus.names)},
        )
        tuned = fine_tune(
            model_directory(parent),
            corpus,
            fine_tuning_plan(self._run.steps, self._run.seed),
            work=self._work,
            data=f"{snapshot.digest} rehearsal {self._rehearsal.signers}",
            on_progress=self._point,
            should_stop=lambda: self._heart.should_stop,
        )
        self._heart.check()
        if tuned is None:
            raise DataError("The training ended before its last step.")
        return tuned

    def _point(self, progress: Any) -> None:
        share = progress.step / progress.steps
        self._tell(
            step=progress.step,
            progress=_PREPARED + (_TRAINED - _PREPARED) * min(share, 1.0),
            point={
                "step": progress.step,
                "loss": progress.loss,
                "spread": progress.spread,
                "violating": progress.violating,
                "images_per_second": progress.images_per_second,
            },
        )

    def _facts(self, tuned: TunedNetwork, snapshot: TrainingSnapshot, parent: ModelVersion) -> dict[str, Any]:
        return {
            "run": str(self._run.public_id),
            "snapshot": snapshot.digest,
            "parent": parent.digest,
            "steps": tuned.steps,
            "seed": self._run.seed,
            "with_decisions": self._run.with_decisions,
            "rehearsal_signers": self._rehearsal.signers,
        }

    # --- decision -----------------------------------------------------------------------------------------

    def _installed(self, parent: ModelVersion, tuned: TunedNetwork, facts: dict[str, Any]) -> ModelVersion:
        self._tell(phase=TrainingRun.Phase.FITTING, progress=_TRAINED, line=_("Fitting the decision."))
        network = Network.load(tuned.onnx_file, file_digest(tuned.onnx_file))
        before = load_bundle(model_directory(parent), digest=parent.digest)
        old = self._comparing.signers_by(before.onnx_file, before.embed)
        new = self._comparing.signers_by(tuned.onnx_file, network.embed_stored)
        scorer, equatings = refit_scorer(before.scorer, old, new, before.scorer.cohort)
        with run_install(self._run) as row:
            write_bundle(
                Path(settings.MODELS_DIR) / self._directory,
                name=f"retrained-{time.strftime('%Y-%m-%d')}-{str(self._run.public_id)[:8]}",
                keras_file=tuned.keras_file,
                onnx_file=tuned.onnx_file,
                scorer=scorer,
                facts={**facts, **carried_over(before.manifest, equatings)},
            )
            version, _created = model_install(directory=self._directory, actor=self._run.requested_by)
            version.parent = parent
            version.save(update_fields=["parent"])
            row.produced = version
        return version

    def _tell(self, **told: Any) -> None:
        run_report(self._run, **told)


def _leftovers_remove(training: Path) -> None:
    """Remove the checkpoints of runs that have ended; no other run may go on from them."""
    still_open = TrainingRun.objects.filter(state__in=TrainingRun.OPEN)
    going = {f"run-{public_id}" for public_id in still_open.values_list("public_id", flat=True)}
    for folder in training.glob("run-*"):
        if folder.name not in going:
            shutil.rmtree(folder, ignore_errors=True)


def _shipped_base() -> ModelVersion:
    base = model_base()
    if base is None:
        raise DataError("The shipped base is not installed, so nothing can be trained from it.")
    return base
