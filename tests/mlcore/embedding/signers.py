"""Small sets of synthetic signers, as a manifest on disk and as arrays."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from mlcore.synthesis import genuine as write
from mlcore.synthesis import make_signer, signature_png


def write_manifest(folder: Path, *, writers: int = 4, genuine: int = 4, forged: int = 3, first: int = 1) -> Path:
    """A folder with manifest.csv and PNG images; the writers' splits are train, validation and test in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number in range(first, first + writers):
        signer, split = make_signer(number), ("train", "validation", "test")[number % 3]
        for label, count in (("genuine", genuine), ("forged", forged)):
            for index in range(count):
                path = f"signer{number:03d}/{label}_{index:02d}.png"
                (folder / path).parent.mkdir(exist_ok=True)
                skill = None if label == "genuine" else 0.6
                (folder / path).write_bytes(signature_png(signer, index + 100 * (skill is not None), forged_with=skill))
                lines.append((path, "synthetic", f"{number:03d}", label, split))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(("path", "dataset", "writer", "label", "split"))
        writer.writerows(lines)
    return folder


def write_recording(folder: Path) -> Path:
    """A folder with tablet.npz: three pen recordings of two writers, one of them forged."""
    points, offsets = [], [0]
    for seed in range(3):
        trajectory = write(make_signer(3), seed)
        samples = np.column_stack(
            [trajectory.x, trajectory.y, trajectory.time, trajectory.pen, trajectory.pressure]
        ).astype(np.float32)
        points.append(samples)
        offsets.append(offsets[-1] + len(samples))
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / "tablet.npz",
        points=np.concatenate(points),
        offsets=np.array(offsets),
        writer=np.array([4, 4, 5]),
        genuine=np.array([True, False, True]),
    )
    return folder
