"""Shortcuts on more writers than `test` has: `python -m bench.studies.shortcuts DATA`.

The classifier of the honesty tests on properties of the canvas alone, for each data set: cross-validated over the
writers of each split and over all, and fitted on the `train` writers for the `test` writers. Prints the AUCs, and the
lowest and highest that the height of the ink alone has among single `test` writers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlcore.embedding.sources import Row, read_manifest
from mlcore.evaluation.figures import area_under_curve
from mlcore.evaluation.shortcuts import SEEN, cross_validated, seen_properties
from mlcore.imaging import prepare
from mlcore.scoring.logistic import fit_logistic

SPLITS = ("train", "validation", "test")

Floats = npt.NDArray[np.float64]


def auc(odds: Floats, forged: Floats) -> float:
    """Probability that a genuine signature has lower odds of being forged than a forged one."""
    return area_under_curve(odds[forged == 0], odds[forged == 1])


def described(rows: list[Row]) -> Floats:
    """(N, len(SEEN)) properties of the canvases; NaN where imaging refuses the image."""
    signatures = (prepare(row.path.read_bytes()) for row in rows)
    nothing = np.full(len(SEEN), np.nan)
    return np.stack([nothing if item.quality.refused else seen_properties(item.canvas) for item in signatures])


def line(rows: list[Row], seen: Floats) -> list[str]:
    """The cells of one data set."""
    forged = np.array([float(not row.genuine) for row in rows])
    split, writer = np.array([row.split for row in rows]), np.array([row.writer for row in rows])
    parts = [split == name for name in SPLITS] + [np.ones(len(rows), dtype=np.bool_)]
    cells = [f"{auc(cross_validated(seen[part], forged[part], writer[part]), forged[part]):.4f}" for part in parts]
    train, _, test, _ = parts
    head = fit_logistic(seen[train], forged[train], np.ones(int(train.sum())))
    height = seen[:, SEEN.index("box height")]
    own = [test & (writer == name) for name in np.unique(writer[test])]
    single = [auc(height[mine], forged[mine]) for mine in own if len(np.unique(forged[mine])) == 2]
    return [*cells, f"{auc(head.log_odds(seen[test]), forged[test]):.2f}", f"{min(single):.2f} to {max(single):.2f}"]


def main() -> None:
    """Print a table, a row for each data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    rows = read_manifest(parser.parse_args().data)
    print(
        "| data set | train | validation | test | all | fitted on train, tried on test | height alone, single writers |"
    )
    print("|---|---|---|---|---|---|---|")
    for dataset in sorted({row.dataset for row in rows}):
        own = [row for row in rows if row.dataset == dataset]
        seen = described(own)
        kept = np.flatnonzero(np.isfinite(seen).all(axis=1))
        print(f"| {dataset} | {' | '.join(line([own[i] for i in kept], seen[kept]))} |", flush=True)


if __name__ == "__main__":
    main()
