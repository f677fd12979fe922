"""Fine-tune a model on scans of a bank's own writers, of whom there are hardly any forgeries."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mlcore.bundle import Bundle, check_bundle, load_bundle, write_bundle
from mlcore.embedding.base import corpus_facts, unusable
from mlcore.embedding.corpus import load_crowd
from mlcore.embedding.finetuning import (
    FEWEST_CUSTOMERS,
    REHEARSAL,
    TunedNetwork,
    fine_tune,
    fine_tuning_corpus,
    fine_tuning_plan,
)
from mlcore.embedding.sources import MANIFEST_CSV, DataError, Progress, SignatureSet, load_images, read_manifest
from mlcore.embedding.synthetic import DATASET
from mlcore.evaluation.canvases import embed_signatures
from mlcore.evaluation.refitting import EQUATED_ON, carried_over, refit_scorer
from mlcore.management.output import in_a_sentence, model_folder
from mlcore.management.progress import counting, steps_shown
from mlcore.runtime import Network, file_digest
from mlcore.scoring.scorer import Scorer

_UNSEEN = ("validation", "test")  # splits that are kept for measuring


class Command(BaseCommand):
    """A model folder and genuine signatures in; a model folder with the network tuned and its decision carried over."""

    help = (
        "Fine-tune a model on the genuine signatures of a folder with manifest.csv, as Retrain does it with customers; "
        "no forgeries are needed. Resumes from its checkpoint when started again."
    )
    requires_system_checks: list[str] = []  # no server and no secret is needed

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--start", type=Path, required=True, help="folder of the model to go on from")
        parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv and the scans")
        parser.add_argument("--name", required=True, help="name of the new model version")
        parser.add_argument("--steps", type=int, default=400, help="training steps in all (98 signatures each)")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--output", type=Path, help="folder of the new model; default var/models/NAME")
        parser.add_argument("--replace", action="store_true", help="write over a model that is there already")
        parser.add_argument("--work", type=Path, help="folder of the checkpoint; default var/training/NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("steps", "seed"):
            if options[name] < 1:
                raise CommandError(f"--{name} takes a number above 0.")
        output = model_folder(options["output"], options["name"], replace=options["replace"])
        work = options["work"] or Path(settings.BASE_DIR) / "var" / "training" / options["name"]
        with in_a_sentence(), counting() as tell:
            check_bundle(options["start"])
            parent = load_bundle(options["start"])
            customers = self._customers(options["data"], tell)
            crowd = replace(REHEARSAL, signers=settings.REHEARSAL_SIGNERS)
            rehearsal = load_crowd(crowd, cache=work.parent / "corpus", progress=tell)
            corpus = fine_tuning_corpus(customers, rehearsal, seed=options["seed"])
            manifest = file_digest(options["data"] / MANIFEST_CSV)
            tuned = _tuned(parent, corpus, options, work, f"{manifest} rehearsal {crowd.signers}")
            scorer, carried = _decided(parent, tuned, work, tell)
            training = {"steps": tuned.steps, "seed": options["seed"], "rehearsal_signers": crowd.signers}
            origin = {"parent": parent.digest, "manifest": manifest, "refused": customers.refused}
            write_bundle(
                output,
                name=options["name"],
                keras_file=tuned.keras_file,
                onnx_file=tuned.onnx_file,
                scorer=scorer,
                facts={"data": corpus_facts(corpus), "training": {**training, **origin}, **carried},
            )
        bundle = load_bundle(output)
        self.stdout.write(f"Model {bundle.name} is in {output}, digest {bundle.digest[:12]}.")

    def _customers(self, folder: Path, tell: Progress) -> SignatureSet:
        """The signatures to learn from. Raises DataError where there are too few writers, before minutes of work."""
        rows = [row for row in read_manifest(folder) if row.split not in _UNSEEN]
        if not rows:
            raise DataError(
                f"manifest.csv has lines of the splits {' and '.join(_UNSEEN)} alone; those are kept apart."
            )
        customers = load_images(rows, tell)
        if customers.refused:
            self.stdout.write(f"{unusable(customers.refused)}.")
        found = len(np.unique(customers.writers[customers.genuine]))
        if found < FEWEST_CUSTOMERS:
            raise DataError(
                f"There are {found} writers with a genuine signature to learn from; at least {FEWEST_CUSTOMERS} are "
                "needed."
            )
        return customers


def _tuned(parent: Bundle, corpus: SignatureSet, options: dict[str, Any], work: Path, data: str) -> TunedNetwork:
    plan = fine_tuning_plan(options["steps"], options["seed"])
    with steps_shown() as on_progress:
        tuned = fine_tune(parent.directory, corpus, plan, work=work, data=data, on_progress=on_progress)
    if tuned is None:
        raise DataError("The training ended before its last step.")
    return tuned


def _decided(parent: Bundle, tuned: TunedNetwork, work: Path, tell: Progress) -> tuple[Scorer, dict[str, Any]]:
    """The parent's decision carried over to the tuned network on synthetic signers, and the facts of that."""
    network = Network.load(tuned.onnx_file, file_digest(tuned.onnx_file))
    signers = load_crowd(
        replace(EQUATED_ON, signers=settings.COMPARED_SIGNERS), cache=work.parent / "corpus", progress=tell
    )
    old, new = (embed_signatures(signers, way, DATASET) for way in (parent.embed, network.embed_stored))
    scorer, equatings = refit_scorer(parent.scorer, old, new, parent.scorer.cohort)
    return scorer, carried_over(parent.manifest, equatings)
