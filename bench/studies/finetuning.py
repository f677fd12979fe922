"""Does fine-tuning on genuine signatures help? Told on real ones: `python -m bench.studies.finetuning DATA SET`.

The shipped base is fine-tuned on the genuine signatures of one data set's `train` writers, as the trainer does it with
customers, and measured on the `test` writers of every data set before and after, with differences by paired bootstrap.
Takes about ten minutes on two cores; prints a table and writes var/studies/finetuning-SET.json.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from mlcore.bundle import BASE_DIRECTORY, Bundle, load_bundle
from mlcore.embedding.corpus import load_crowd
from mlcore.embedding.finetuning import KEPT, REHEARSAL, fine_tune, fine_tuning_corpus, fine_tuning_plan
from mlcore.embedding.sources import SignatureSet, load_images, read_manifest
from mlcore.evaluation.canvases import embed_signatures
from mlcore.evaluation.embedded import EmbeddedSet, embed_rows
from mlcore.evaluation.evaluating import evaluate
from mlcore.evaluation.gate import Contestant, gate
from mlcore.evaluation.refitting import EQUATED_ON, refit_scorer
from mlcore.runtime import Network, file_digest

WORK = Path("var/studies")


def main() -> None:
    """Fine-tune, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("dataset")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kept", type=float, default=KEPT, help="of the weights before, 0 to 1; goes on from what ran")
    options = parser.parse_args()
    base = load_bundle(BASE_DIRECTORY)
    rows = [row for row in read_manifest(options.data, split="train") if row.dataset == options.dataset and row.genuine]
    customers = load_images(rows)
    rehearsal = load_crowd(REHEARSAL, cache=WORK)
    corpus = fine_tuning_corpus(customers, rehearsal, seed=options.seed)
    began = time.perf_counter()
    work = WORK / f"{options.dataset}-{options.steps}-{options.seed}"
    tuned = fine_tune(
        BASE_DIRECTORY,
        corpus,
        fine_tuning_plan(options.steps, options.seed),
        work=work,
        data="study",
        kept=options.kept,
        on_progress=print,
    )
    assert tuned is not None
    minutes = (time.perf_counter() - began) / 60
    network = Network.load(tuned.onnx_file, file_digest(tuned.onnx_file))
    report = measured(base, network, corpus, options.data)
    report |= {
        "dataset": options.dataset,
        "steps": options.steps,
        "kept": options.kept,
        "minutes": minutes,
        "customers": len(customers.names),
    }
    suffix = "" if options.kept == KEPT else f"-kept-{options.kept:g}"
    (WORK / f"finetuning-{options.dataset}{suffix}.json").write_text(json.dumps(report, indent=1))
    show(report)


def measured(base: Bundle, network: Network, corpus: SignatureSet, data: Path) -> dict[str, object]:
    """Figures of the test writers before and after, and the gate's comparison for each data set."""
    crowd = load_crowd(EQUATED_ON, cache=WORK)
    old, new = (embed_signatures(crowd, way, "synthetic") for way in (base.embed, network.embed_stored))
    scorer, equatings = refit_scorer(base.scorer, old, new, base.scorer.cohort)
    rows = read_manifest(data, split="test")
    sides = [(embed_rows(rows, base.embed), base.scorer), (embed_rows(rows, network.embed_stored), scorer)]
    names = list(dict.fromkeys(row.dataset for row in rows))
    contestants = [Contestant({name: _only(data_, name) for name in names}, judge) for data_, judge in sides]
    return {
        "equatings": {count: asdict(found) for count, found in equatings.items()},
        "gate": gate(*contestants, dict.fromkeys(names, (1, 5))),
        "before": evaluate(*sides[0], (1, 5)),
        "after": evaluate(*sides[1], (1, 5)),
    }


def _only(data: EmbeddedSet, name: str) -> EmbeddedSet:
    """The images of one data set."""
    chosen = [i for i, row in enumerate(data.rows) if row.dataset == name]
    return EmbeddedSet(
        tuple(data.rows[i] for i in chosen),
        data.features.take(chosen),  # type: ignore[arg-type]
        data.refused[chosen],
        tuple(data.remarks[i] for i in chosen),
    )


def show(report: dict[str, object]) -> None:
    """One line a comparison, in per cent."""
    for trial in report["gate"]["trials"]:  # type: ignore[index]
        print(
            f"{trial['set']:14}{trial['kind']:9}{trial['references']} specimens, {trial['writers']} writers: "
            f"{100 * trial['champion']['eer']:5.1f} -> {100 * trial['candidate']['eer']:5.1f}  "
            f"({100 * trial['difference']:+.1f}, {100 * trial['low']:+.1f} to {100 * trial['high']:+.1f})"
        )
    for side in ("before", "after"):
        pooled = report[side]["all"]["references"]  # type: ignore[index]
        for count, figures in pooled.items():
            print(side, count, {key: figures[key] for key in ("match_rate_genuine", "match_rate_skilled", "cllr")})


if __name__ == "__main__":
    main()
