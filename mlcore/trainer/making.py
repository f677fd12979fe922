"""The steps of a run: snapshot, signatures, training, decision, comparison, and the candidate that comes of it."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _

from mlcore.bundle import Bundle, check_bundle, load_bundle, write_bundle
from mlcore.embedding.base import corpus_facts
from mlcore.embedding.corpus import load_crowd
from mlcore.embedding.finetuning import (
    CUSTOMERS,
    REHEARSAL,
    TunedNetwork,
    fine_tune,
    fine_tuning_corpus,
    fine_tuning_plan,
    with_forgeries,
)
from mlcore.embedding.sources import DataError, SignatureSet
from mlcore.embedding.synthetic import Crowd
from mlcore.evaluation.canvases import embed_signatures
from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.gate import Contestant, gate
from mlcore.evaluation.refitting import EQUATED_ON, refit_scorer
from mlcore.models import GateReport, ModelVersion, TrainingRun, TrainingSnapshot
from mlcore.retraining.runs import run_install, run_report
from mlcore.runtime import Network, file_digest
from mlcore.selectors import model_base, model_champion, model_directory
from mlcore.services import model_install
from mlcore.trainer.gathering import snapshot_signatures
from mlcore.trainer.heart import Heart
from mlcore.trainer.shadow import shadow
from mlcore.trainer.snapshot import snapshot_take

SYNTHETIC = "synthetic signers"
# With so many specimens candidate and champion are compared: held-out customers have three or more.
REFERENCES = {CUSTOMERS: (1, 2), SYNTHETIC: (1, 5)}
# Of the bar: what comes before the training, the training itself, and until the candidate is measured.
_PREPARED, _TRAINED, _FITTED = 0.1, 0.8, 0.85
_SPEED_ROUNDS = 30


class Making:
    """Carries out one claimed run; `go` returns the candidate and a closing sentence."""

    def __init__(self, run: TrainingRun, heart: Heart) -> None:
        self._run, self._heart = run, heart
        self._directory = f"run-{run.public_id}"
        self._work = Path(settings.TRAINING_DIR) / self._directory
        self._cache = Path(settings.TRAINING_DIR) / "signers"
        self._rehearsal = replace(REHEARSAL, signers=settings.REHEARSAL_SIGNERS)
        self._compared_on = replace(EQUATED_ON, signers=settings.COMPARED_SIGNERS)

    def go(self) -> tuple[ModelVersion, str]:
        """Raises Stopped, ClaimLost, and what the steps raise, each with its sentence."""
        _yield_to_others()
        _leftovers_remove(self._work.parent)
        snapshot = self._snapshot(self._parent())
        # Killed while it was measured, a run has its candidate already.
        version = ModelVersion.objects.filter(directory=self._directory).first() or self._made(snapshot)
        return version, self._compared(version, self._trials(snapshot))

    def _made(self, snapshot: TrainingSnapshot) -> ModelVersion:
        parent = self._parent()
        # Its Keras file is opened below, which what serves never does: a damaged or foreign one must not be.
        check_bundle(model_directory(parent), digest=parent.digest)
        customers = self._gathered(snapshot, held_out=False)
        corpus = fine_tuning_corpus(customers, self._crowd(self._rehearsal), seed=self._run.seed)
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

    def _snapshot(self, parent: ModelVersion) -> TrainingSnapshot:
        snapshot = snapshot_take(self._run)
        self._run.snapshot = snapshot
        self._tell(
            snapshot=snapshot,
            line=_("Snapshot %(digest)s: %(images)d images of %(customers)d customers, %(held)d held out.")
            % {
                "digest": snapshot.digest[:12],
                "images": snapshot.images,
                "customers": snapshot.customers,
                "held": snapshot.held_out,
            },
        )
        return snapshot

    def _gathered(self, snapshot: TrainingSnapshot, *, held_out: bool) -> SignatureSet:
        def told(done: int, of: int) -> None:
            self._heart.check()
            if not held_out:
                self._tell(progress=_PREPARED * done / of)

        found = snapshot_signatures(snapshot, held_out=held_out, told=told)
        if found.refused:
            self._tell(line=_("Images that could not be used: %d.") % found.refused)
        return found

    def _crowd(self, crowd: Crowd) -> SignatureSet:
        """Synthetic signers, who are written once; that takes minutes, in which the run may be cancelled."""
        return load_crowd(crowd, cache=self._cache, progress=lambda *_done: self._heart.check())

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

    # --- decision and comparison --------------------------------------------------------------------------

    def _trials(self, snapshot: TrainingSnapshot) -> dict[str, SignatureSet]:
        """What both are measured on: customers held out, with forgeries made of them, and signers that ship."""
        self._tell(phase=TrainingRun.Phase.MEASURING, progress=_FITTED, line=_("Measuring against the champion."))
        sets = {SYNTHETIC: self._crowd(self._compared_on)}
        if snapshot.held_out:
            sets[CUSTOMERS] = with_forgeries(self._gathered(snapshot, held_out=True), seed=1)
        self._heart.check()
        return sets

    def _installed(self, parent: ModelVersion, tuned: TunedNetwork, facts: dict[str, Any]) -> ModelVersion:
        self._tell(phase=TrainingRun.Phase.FITTING, progress=_TRAINED, line=_("Fitting the decision."))
        network = Network.load(tuned.onnx_file, file_digest(tuned.onnx_file))
        before = load_bundle(model_directory(parent), digest=parent.digest)
        signers = self._crowd(self._compared_on)
        old = embed_signatures(signers, before.embed, SYNTHETIC)
        new = embed_signatures(
            signers, lambda canvases: [found.stored() for found in network.embed(canvases)], SYNTHETIC
        )
        scorer, equatings = refit_scorer(before.scorer, old, new, before.scorer.cohort)
        carried = {str(count): [found.stretch, found.shift] for count, found in equatings.items()}
        with run_install(self._run) as row:
            write_bundle(
                Path(settings.MODELS_DIR) / self._directory,
                name=f"retrained-{time.strftime('%Y-%m-%d')}-{str(self._run.public_id)[:8]}",
                keras_file=tuned.keras_file,
                onnx_file=tuned.onnx_file,
                scorer=scorer,
                facts={**facts, "equated": carried},
            )
            version, _created = model_install(directory=self._directory, actor=self._run.requested_by)
            version.parent = parent
            version.save(update_fields=["parent"])
            row.produced = version
        return version

    def _compared(self, version: ModelVersion, sets: dict[str, SignatureSet]) -> str:
        champion = model_champion()
        bundles = {
            "champion": load_bundle(model_directory(champion), digest=champion.digest),
            "candidate": load_bundle(model_directory(version), digest=version.digest),
        }
        contestants = {name: self._contestant(bundle, sets) for name, bundle in bundles.items()}
        report = gate(contestants["champion"], contestants["candidate"], REFERENCES, made=(CUSTOMERS,))
        report |= {
            "speed": {name: _milliseconds(bundle) for name, bundle in bundles.items()},
            "size": {name: _bytes(bundle.directory) for name, bundle in bundles.items()},
        }
        self._tell(progress=0.95, line=_("Judging the last verifications again."))
        changes = shadow(bundles["candidate"], champion, check=self._heart.check)
        GateReport.objects.update_or_create(
            candidate=version,
            champion=champion,
            defaults={"promotable": report["promotable"], "report": report, "shadow": changes},
        )
        shutil.rmtree(self._work, ignore_errors=True)  # the checkpoint has served
        if report["promotable"]:
            return _("The candidate passes the gate and can be promoted.")
        return _("The candidate does not pass the gate: %(why)s") % {"why": " ".join(report["sentences"])}

    def _contestant(self, bundle: Bundle, sets: dict[str, SignatureSet]) -> Contestant:
        embedded: dict[str, EmbeddedSet] = {}
        for name, signatures in sets.items():
            self._heart.check()
            embedded[name] = embed_signatures(signatures, bundle.embed, name)
        return Contestant(embedded, bundle.scorer)

    def _tell(self, **told: Any) -> None:
        run_report(self._run, **told)


def _yield_to_others() -> None:
    """Verifications on the same machine come first: this process gets what they leave of the processors."""
    os.nice(19)
    with suppress(AttributeError, OSError):  # not outside of Linux
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


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


def _milliseconds(bundle: Bundle) -> float:
    """Median time of one signature through the network, on the export runtime."""
    canvas = np.zeros((1, 96, 192), np.uint8)
    times = []
    for _round in range(_SPEED_ROUNDS):
        began = time.perf_counter()
        bundle.network.embed(canvas)
        times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times))


def _bytes(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.iterdir() if file.is_file())
