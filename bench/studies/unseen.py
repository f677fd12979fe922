"""A data set that neither network nor decision has seen: `python -m bench.studies.unseen DATA [--model FOLDER]`.

The `test` writers of each data set by a head fitted on the `validation` writers of the others. With a network that was
trained on none of them, as the clean base (the default), or on all but one (`train_model --without`), that is how a
bank's own scans fare that nobody has seen. Prints skilled equal error rates in per cent with their 95 % intervals by
bootstrap over writers, and random ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlcore.bundle import BASE_DIRECTORY, load_bundle
from mlcore.embedding.sources import read_manifest
from mlcore.evaluation.embedded import EmbeddedSet, embed_rows
from mlcore.evaluation.evaluating import KINDS
from mlcore.evaluation.figures import bootstrap_interval, equal_error_rate
from mlcore.evaluation.fitting import fit_head, score_trial
from mlcore.evaluation.protocol import WriterTrials, measure, trials
from mlcore.scoring.logistic import LogisticHead

COUNTS = (1, 3, 5)

Floats = npt.NDArray[np.float64]


def judged(found: Sequence[WriterTrials], head: LogisticHead, data: EmbeddedSet) -> list[list[Floats]]:
    """Scores of each writer's trials, of each of KINDS."""
    writers: dict[str, list[list[Floats]]] = {}
    for trial in found:
        writers.setdefault(trial.writer, []).append([score_trial(trial, kind, head, data) for kind in KINDS])
    return [[np.concatenate(scores) for scores in zip(*drawn, strict=True)] for drawn in writers.values()]


def rates(writers: Sequence[Sequence[Floats]]) -> tuple[float, float, float, float]:
    """Skilled equal error rate, both ends of its interval, and the random one, in per cent."""
    genuine, skilled, random = (np.concatenate(scores) for scores in zip(*writers, strict=True))
    interval = bootstrap_interval([(own[0], own[1]) for own in writers], equal_error_rate)
    found = (equal_error_rate(genuine, skilled), *interval, equal_error_rate(genuine, random))
    skilled_rate, low, high, random_rate = (100 * rate for rate in found)
    return skilled_rate, low, high, random_rate


def main() -> None:
    """Print a table: number of specimens, a column for each data set, their mean."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, default=BASE_DIRECTORY.parent / "clean")
    options = parser.parse_args()
    bundle = load_bundle(options.model)
    seen, unseen = (
        embed_rows(read_manifest(options.data, split=name), bundle.embed) for name in ("validation", "test")
    )
    fitted, questioned = (measure(data, bundle.scorer.cohort) for data in (seen, unseen))
    datasets = sorted({row.dataset for row in unseen.rows})
    print(f"{bundle.name} {bundle.digest[:12]}")
    print(f"| Specimens | {' | '.join(datasets)} | mean |\n|---|{'---|' * (len(datasets) + 1)}")
    for count in COUNTS:
        known = [trial for trial in trials(fitted, count) if len(trial.images["skilled"])]
        asked = list(trials(questioned, count))
        found = []
        for dataset in datasets:
            head = fit_head([trial for trial in known if trial.dataset != dataset], seen)
            found.append(rates(judged([trial for trial in asked if trial.dataset == dataset], head, unseen)))
        cells = " | ".join(
            f"{skilled:.1f} ({low:.1f} - {high:.1f}) / {random:.1f}" for skilled, low, high, random in found
        )
        skilled, _, _, random = np.mean(found, axis=0)
        print(f"| {count} | {cells} | {skilled:.1f} / {random:.1f} |", flush=True)


if __name__ == "__main__":
    main()
