"""What the shipped base answers to real signatures, one by one: `python -m bench.studies.one_by_one DATA`.

Of the second and third `test` writer of each data set the first five genuine signatures are the specimens; questioned
are the next three genuine ones, the first three forgeries, and two of the writer listed before. Prints the table of
docs/first-verifications.md, through the same preparation and decision as the pages.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import pairwise
from pathlib import Path

from mlcore.bundle import BASE_DIRECTORY, Bundle, load_bundle
from mlcore.embedding.sources import Row, read_manifest
from mlcore.imaging import prepare
from mlcore.runtime import Features

SPECIMENS, GENUINE, FORGED, OTHERS = 5, 3, 3, 2


def answer(bundle: Bundle, row: Row, specimens: list[Features]) -> str:
    """The verdict and the score of one questioned picture."""
    signature = prepare(row.path.read_bytes())
    if signature.quality.refused:
        return "refused"
    judgement = bundle.judge(signature, bundle.embed_one(signature.canvas), specimens)
    return f"{str(judgement.verdict).replace('_', ' ')} {judgement.score:.2f}"


def main() -> None:
    """Print the table and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    rows = read_manifest(parser.parse_args().data, split="test")
    bundle = load_bundle(BASE_DIRECTORY)
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("genuine", "skilled forgeries", "another writer")}
    print(f"| writer | {' | '.join(counts)} |\n|---|---|---|---|")
    for dataset in dict.fromkeys(row.dataset for row in rows):
        writers = list(dict.fromkeys(row.writer for row in rows if row.dataset == dataset))
        for before, writer in pairwise(writers[:3]):
            own, forged, others = (
                [row for row in rows if (row.dataset, row.writer, row.genuine) == (dataset, whose, genuine)]
                for whose, genuine in ((writer, True), (writer, False), (before, True))
            )
            specimens = [bundle.embed_one(prepare(row.path.read_bytes()).canvas) for row in own[:SPECIMENS]]
            asked = (own[SPECIMENS : SPECIMENS + GENUINE], forged[:FORGED], others[:OTHERS])
            cells = []
            for kind, questioned in zip(counts, asked, strict=True):
                answers = [answer(bundle, row, specimens) for row in questioned]
                counts[kind].update(found.rpartition(" ")[0] or found for found in answers)
                cells.append(", ".join(answers))
            print(f"| {dataset} {writer} | {' | '.join(cells)} |")
    calibration = bundle.scorer.calibrations[SPECIMENS]
    print(f"\nmatch up to {calibration.t_match:.2f}, no match above {calibration.t_no_match:.2f}")
    print(f"base {bundle.digest[:12]}")
    for kind, found in counts.items():
        print(kind, dict(found))


if __name__ == "__main__":
    main()
