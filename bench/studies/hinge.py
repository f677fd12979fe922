"""What the contour hinge brings (ADR 016): `python -m bench.studies.hinge DATA`.

The shipped network on the `validation` writers; the head is fitted without the writer that it judges. Prints the mean
over data sets of the skilled and the random equal error rate in per cent, and the skilled one of each, without the
hinge, with its plain distance, and with the least over small turns, as it ships.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlcore.bundle import BASE_DIRECTORY, load_bundle
from mlcore.embedding.sources import read_manifest
from mlcore.evaluation.embedded import EmbeddedSet, embed_rows
from mlcore.evaluation.figures import equal_error_rate
from mlcore.evaluation.fitting import FOLDS, fit_head, score_trial
from mlcore.evaluation.protocol import Measured, WriterTrials, measure, trials

COUNTS = (5, 3, 1)
KINDS = ("genuine", "skilled", "random")


def without(data: EmbeddedSet) -> EmbeddedSet:
    """The same images, as if they had no hinge."""
    return replace(data, features=replace(data.features, hinge=None))


def not_turned(measured: Measured, data: EmbeddedSet) -> Measured:
    """The same writer with plain Hellinger distances."""
    assert data.features.hinge is not None
    hinges = data.features.hinge[measured.images]
    alike = hinges[: len(measured.enrolment.usable)] @ hinges.T
    return replace(measured, hinge=np.sqrt(np.clip(1 - alike, 0, 1)).astype(np.float32))


def cross_fitted(measured: Sequence[Measured], count: int, data: EmbeddedSet) -> str:
    """One cell of the table."""
    found = [trial for trial in trials(measured, count) if len(trial.images["skilled"])]
    fold = {writer: place % FOLDS for place, writer in enumerate(sorted({(t.dataset, t.writer) for t in found}))}
    scores: dict[tuple[str, str], list[npt.NDArray[np.float64]]] = {}
    for held in range(FOLDS):
        head = fit_head([trial for trial in found if fold[_writer(trial)] != held], data)
        for trial in found:
            if fold[_writer(trial)] == held:
                for kind in KINDS:
                    scores.setdefault((trial.dataset, kind), []).append(score_trial(trial, kind, head, data))
    names = list(dict.fromkeys(trial.dataset for trial in found))
    skilled, random = (
        [100 * equal_error_rate(*(np.concatenate(scores[name, kind]) for kind in ("genuine", other))) for name in names]
        for other in ("skilled", "random")
    )
    each = " ".join(f"{rate:.1f}" for rate in skilled)
    return f"{np.mean(skilled):5.2f} / {np.mean(random):.2f} ({each})"


def _writer(trial: WriterTrials) -> tuple[str, str]:
    return trial.dataset, trial.writer


def main() -> None:
    """Print the three rows for 5, 3 and 1 specimens."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    bundle = load_bundle(BASE_DIRECTORY)
    data = embed_rows(read_manifest(parser.parse_args().data, split="validation"), bundle.embed)
    cohort, bare = bundle.scorer.cohort, without(data)
    shipped = measure(data, cohort)
    variants = {
        "without": (measure(bare, cohort), bare),
        "not turned": ([not_turned(writer, data) for writer in shipped], data),
        "as it ships": (shipped, data),
    }
    for count in COUNTS:
        print(f"{count} specimens")
        for name, (measured, used) in variants.items():
            print(f"  {name:12}{cross_fitted(measured, count, used)}")


if __name__ == "__main__":
    main()
