"""What it does to hold figures of a set between the sets fitted on (ADR 015): `python -m bench.studies.bounds DATA`.

Two kinds of hands that the head has not seen: the `validation` writers of each data set by a head fitted on the three
others, and synthetic signers by one fitted on all. Prints skilled and random equal error rates in per cent, held and
not, and for the synthetic ones what becomes of genuine signatures.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlcore.bundle import BASE_DIRECTORY, Bundle, load_bundle
from mlcore.embedding.sources import read_manifest
from mlcore.embedding.synthetic import Crowd, load_synthetic
from mlcore.evaluation.canvases import embed_signatures
from mlcore.evaluation.embedded import EmbeddedSet, embed_rows
from mlcore.evaluation.figures import equal_error_rate
from mlcore.evaluation.fitting import fit_head, score_trial
from mlcore.evaluation.protocol import WriterTrials, measure, trials
from mlcore.scoring.logistic import LogisticHead

COUNTS = (1, 3, 5)
SIGNERS = Crowd(signers=80, genuine=10, forged=6, seed=90_002)
KINDS = ("genuine", "skilled", "random")

Floats = npt.NDArray[np.float64]


def judged(found: Sequence[WriterTrials], head: LogisticHead, data: EmbeddedSet) -> list[Floats]:
    """Scores of all trials of each of KINDS."""
    return [np.concatenate([score_trial(trial, kind, head, data) for trial in found]) for kind in KINDS]


def not_held(head: LogisticHead) -> LogisticHead:
    """The same head without bounds."""
    return replace(head, lowest=np.zeros(0), highest=np.zeros(0))


def left_out(data: EmbeddedSet, found: Sequence[WriterTrials]) -> None:
    """Each data set by a head of the others."""
    for name, change in (("held", lambda head: head), ("not held", not_held)):
        rates = []
        for dataset in dict.fromkeys(trial.dataset for trial in found):
            head = change(fit_head([trial for trial in found if trial.dataset != dataset], data))
            genuine, *others = judged([trial for trial in found if trial.dataset == dataset], head, data)
            rates.append([100 * equal_error_rate(genuine, other) for other in others])
        skilled, random = np.mean(rates, axis=0)
        each = " ".join(f"{rate[0]:.1f}" for rate in rates)
        print(f"  {name:9} skilled {skilled:.2f} ({each}), random {random:.2f}")


def synthetic(bundle: Bundle, count: int, head: LogisticHead, found: Sequence[WriterTrials], data: EmbeddedSet) -> None:
    """Synthetic signers by a head of all data sets, at the thresholds that ship."""
    calibration = bundle.scorer.calibrations[count]
    for name, used in (("held", head), ("not held", not_held(head))):
        genuine, skilled, random = judged(found, used, data)
        rates = [100 * equal_error_rate(genuine, other) for other in (skilled, random)]
        ends = [100 * np.mean(genuine <= calibration.t_match), 100 * np.mean(genuine > calibration.t_no_match)]
        print(
            f"  synthetic, {name:9} skilled {rates[0]:.1f}, random {rates[1]:.2f};"
            f" genuine: {ends[0]:.0f} % match, {ends[1]:.1f} % no match"
        )


def main() -> None:
    """Print both for 1, 3 and 5 specimens."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    rows = read_manifest(parser.parse_args().data, split="validation")
    bundle = load_bundle(BASE_DIRECTORY)
    data = embed_rows(rows, bundle.embed)
    crowd = embed_signatures(load_synthetic(SIGNERS), bundle.embed, "synthetic")
    known, unlike = measure(data, bundle.scorer.cohort), measure(crowd, bundle.scorer.cohort)
    for count in COUNTS:
        found = [trial for trial in trials(known, count) if len(trial.images["skilled"])]
        print(f"{count} specimens")
        left_out(data, found)
        synthetic(bundle, count, fit_head(found, data), list(trials(unlike, count)), crowd)


if __name__ == "__main__":
    main()
