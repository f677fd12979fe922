"""A candidate beside the champion on the same frozen trials, at the end of a training and for one that is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.utils.translation import gettext as _

from mlcore.bundle import Bundle, load_bundle
from mlcore.embedding.corpus import load_crowd
from mlcore.embedding.finetuning import CUSTOMERS, with_forgeries
from mlcore.embedding.sources import SignatureSet
from mlcore.embedding.synthetic import Crowd
from mlcore.evaluation.canvases import embed_signatures
from mlcore.evaluation.embedded import Embed, EmbeddedSet
from mlcore.evaluation.gate import Contestant, gate
from mlcore.evaluation.refitting import EQUATED_ON
from mlcore.models import GateReport, ModelVersion, TrainingRun, TrainingSnapshot
from mlcore.retraining.runs import run_report
from mlcore.runtime import Features, file_digest
from mlcore.selectors import model_champion, model_directory
from mlcore.trainer.gathering import snapshot_signatures
from mlcore.trainer.heart import Heart
from mlcore.trainer.shadow import shadow
from mlcore.trainer.snapshot import snapshot_take

SYNTHETIC = "synthetic signers"
# With so many specimens candidate and champion are compared: held-out customers have three or more.
REFERENCES = {CUSTOMERS: (1, 2), SYNTHETIC: (1, 5)}
# Of the bar, when both have been embedded; and when the last verifications are judged again.
_EMBEDDED, _JUDGED_AGAIN = 0.9, 0.95
_SPEED_ROUNDS = 30

Canvases = npt.NDArray[np.uint8]


class Comparing:
    """The comparison of one claimed run.

    What a network makes of the synthetic signers is kept: the decision is carried over on the same.
    """

    def __init__(self, run: TrainingRun, heart: Heart) -> None:
        self._run, self._heart = run, heart
        self._embedded: dict[str, EmbeddedSet] = {}

    def frozen(self) -> TrainingSnapshot:
        """The snapshot of the run, taken where it has none yet."""
        snapshot = snapshot_take(self._run)
        self._run.snapshot = snapshot
        run_report(
            self._run,
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

    def crowd(self, crowd: Crowd) -> SignatureSet:
        """Synthetic signers, who are written once; that takes minutes, in which the run may be cancelled."""
        cache = Path(settings.TRAINING_DIR) / "signers"
        return load_crowd(crowd, cache=cache, progress=lambda *_done: self._heart.check())

    def signers_by(self, onnx_file: Path, embed: Embed) -> EmbeddedSet:
        """The synthetic signers that are compared on, as this network sees them."""
        network = file_digest(onnx_file)
        if network not in self._embedded:
            self._embedded[network] = self._embed(self._signers, embed, SYNTHETIC)
        return self._embedded[network]

    def gathered(
        self, snapshot: TrainingSnapshot, *, held_out: bool, told: Callable[[int, int], None] | None = None
    ) -> SignatureSet:
        """Signatures of the snapshot; raises Stopped and ClaimLost, and what snapshot_signatures raises.

        told: called with (done, of).
        """

        def checked(done: int, of: int) -> None:
            self._heart.check()
            if told:
                told(done, of)

        found = snapshot_signatures(snapshot, held_out=held_out, told=checked)
        if found.refused:
            run_report(self._run, line=_("Images that could not be used: %d.") % found.refused)
        return found

    def compared(self, version: ModelVersion, snapshot: TrainingSnapshot, *, progress: float) -> str:
        """Measure a version against the champion, store what came of it, and return it as a closing sentence.

        Both are measured on customers held out, with forgeries made of them, and on signers that ship; and the last
        verifications are judged again. progress: how far the run is. Raises Stopped, ClaimLost, NoChampion,
        ArtefactError, and DataError when an image of the snapshot is no longer stored.
        """
        phase = TrainingRun.Phase.MEASURING
        run_report(self._run, phase=phase, progress=progress, line=_("Measuring against the champion."))
        held_out = None
        if snapshot.held_out:
            held_out = with_forgeries(self.gathered(snapshot, held_out=True), seed=1)
        self._heart.check()
        champion = model_champion()
        bundles = {
            "champion": load_bundle(model_directory(champion), digest=champion.digest),
            "candidate": load_bundle(model_directory(version), digest=version.digest),
        }
        contestants = {}
        for number, (name, bundle) in enumerate(bundles.items(), start=1):
            contestants[name] = self._contestant(bundle, held_out)
            run_report(self._run, progress=progress + (_EMBEDDED - progress) * number / len(bundles))
        self._heart.check()
        report = gate(contestants["champion"], contestants["candidate"], REFERENCES, made=(CUSTOMERS,))
        report |= {
            "speed": {name: _milliseconds(bundle) for name, bundle in bundles.items()},
            "size": {name: _bytes(bundle.directory) for name, bundle in bundles.items()},
        }
        run_report(self._run, progress=_JUDGED_AGAIN, line=_("Judging the last verifications again."))
        changes = shadow(bundles["candidate"], champion, check=self._heart.check)
        GateReport.objects.create(
            candidate=version, champion=champion, promotable=report["promotable"], report=report, shadow=changes
        )
        if report["promotable"]:
            return _("The candidate passes the gate and can be promoted.")
        return _("The candidate does not pass the gate: %(why)s") % {"why": " ".join(report["sentences"])}

    @cached_property
    def _signers(self) -> SignatureSet:
        return self.crowd(replace(EQUATED_ON, signers=settings.COMPARED_SIGNERS))

    def _contestant(self, bundle: Bundle, held_out: SignatureSet | None) -> Contestant:
        sets = {SYNTHETIC: self.signers_by(bundle.onnx_file, bundle.embed)}
        if held_out is not None:
            sets[CUSTOMERS] = self._embed(held_out, bundle.embed, CUSTOMERS)
        return Contestant(sets, bundle.scorer)

    def _embed(self, signatures: SignatureSet, embed: Embed, name: str) -> EmbeddedSet:
        """The set under a network; takes a minute on large sets, in which the run may be cancelled."""

        def checked(canvases: Canvases) -> list[Features]:
            self._heart.check()
            return embed(canvases)

        return embed_signatures(signatures, checked, name)


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
