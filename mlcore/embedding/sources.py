"""Where training signatures come from: manifests of images, pen recordings, synthetic signers."""

from __future__ import annotations

import csv
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.imaging import ImageRefused, prepare, prepare_page
from mlcore.imaging.types import Grey
from mlcore.synthesis import Habit, RenderStyle, Trajectory, render, rewritten

Progress = Callable[[str, int, int], None]
MANIFEST_CSV = "manifest.csv"
_THREADS = 2


class DataError(ValueError):
    """The data can not be used; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a manifest: an image file, whose signature it shows, and whether he wrote it himself."""

    path: Path
    dataset: str
    writer: str
    genuine: bool
    split: str


@dataclass(frozen=True, slots=True)
class SignatureSet:
    """Signatures ready to train on.

    fine: uint8 (N, 192, 384). writers: int32 (N,), index into `names`. genuine: bool (N,). datasets: one name a
    writer, in the order of `names`. refused: how many images were left out because imaging refused them.
    """

    fine: npt.NDArray[np.uint8]
    writers: npt.NDArray[np.int32]
    genuine: npt.NDArray[np.bool_]
    names: tuple[str, ...]
    datasets: tuple[str, ...]
    refused: int = 0


def read_manifest(directory: Path, *, split: str | None = None) -> list[Row]:
    """The rows of `directory`/manifest.csv (columns path, dataset, writer, label, split), of one split or all.

    Raises DataError when there is no manifest, a column is missing or nothing is left.
    """
    manifest = directory / MANIFEST_CSV
    if not manifest.is_file():
        raise DataError(f"There is no manifest.csv in {directory}; it lists path, dataset, writer, label and split.")
    with manifest.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines)
        missing = {"path", "dataset", "writer", "label"} - set(reader.fieldnames or ())
        if missing:
            raise DataError(f"manifest.csv lacks the column {', '.join(sorted(missing))}.")
        rows = [_row(directory, line) for line in reader if split is None or line.get("split") == split]
    if not rows:
        raise DataError(f"manifest.csv has no line with split {split}." if split else "manifest.csv is empty.")
    return rows


def _row(directory: Path, line: dict[str, str]) -> Row:
    if line["label"] not in ("genuine", "forged"):
        raise DataError(f"manifest.csv: label is genuine or forged, not {line['label']!r} ({line['path']}).")
    return Row(
        path=directory / line["path"],
        dataset=line["dataset"],
        writer=line["writer"],
        genuine=line["label"] == "genuine",
        split=line.get("split") or "",
    )


def counted(labels: Iterable[tuple[str, str, bool]]) -> dict[str, dict[str, int]]:
    """Writers, genuine signatures and forgeries of each data set; labels: (data set, writer, genuine) an image."""
    writers: dict[str, set[str]] = {}
    images: Counter[tuple[str, bool]] = Counter()
    for dataset, writer, genuine in labels:
        writers.setdefault(dataset, set()).add(writer)
        images[dataset, genuine] += 1
    return {
        name: {"writers": len(own), "genuine": images[name, True], "forged": images[name, False]}
        for name, own in writers.items()
    }


def load_images(rows: Sequence[Row], progress: Progress | None = None) -> SignatureSet:
    """Prepare the images of a manifest; what imaging refuses is left out and counted."""

    def fine_of(row: Row) -> Grey | None:
        try:
            signature = prepare(row.path.read_bytes())
        except (ImageRefused, OSError):
            return None
        return None if signature.quality.refused else signature.fine

    labels = [(f"{row.dataset}/{row.writer}", row.dataset, row.genuine) for row in rows]
    return _collect(fine_of, rows, labels, progress, "images")


def recording_files(directory: Path, without: Sequence[str] = ()) -> list[Path]:
    """The pen recordings of a folder, but for the data sets left out. Raises DataError when none remain."""
    files = [path for path in sorted(directory.glob("*.npz")) if path.stem not in without]
    if not files:
        raise DataError(
            f"There are no recordings (*.npz) in {directory}{', but for those left out' if without else ''}."
        )
    return files


def load_recordings(
    directory: Path, *, variants: int, seed: int, without: Sequence[str] = (), progress: Progress | None = None
) -> list[SignatureSet]:
    """Render every pen recording of `directory`/*.npz with `variants` random pens, inks and papers.

    Each writer leans a little otherwise than recorded, and one of four trembles, in all that is signed in his name.
    """
    return [
        _load_recording(path, variants=variants, seed=seed, progress=progress)
        for path in recording_files(directory, without)
    ]


def _load_recording(path: Path, *, variants: int, seed: int, progress: Progress | None) -> SignatureSet:
    # Indexing the archive unpacks a whole array each time, so each is read once.
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in ("points", "offsets", "writer", "genuine")}
    offsets, name = arrays["offsets"], zlib.crc32(path.stem.encode())
    habits = {
        writer: Habit.random(np.random.default_rng((seed, name, int(writer)))) for writer in np.unique(arrays["writer"])
    }
    jobs = [(index, variant) for index in range(len(offsets) - 1) for variant in range(variants)]

    def fine_of(job: tuple[int, int]) -> Grey | None:
        index, variant = job
        rng = np.random.default_rng((seed, name, index, variant))
        points = arrays["points"][offsets[index] : offsets[index + 1]]
        try:
            trajectory = Trajectory.from_points(points, width=float(rng.uniform(35, 65)))
        except ValueError:
            return None
        trajectory = rewritten(trajectory, habits[arrays["writer"][index]], rng)
        page = render(trajectory, RenderStyle.random(rng), int(rng.integers(2**31)))
        signature = prepare_page(page)
        return None if signature.quality.refused else signature.fine

    labels = [
        (f"{path.stem}/{arrays['writer'][index]}", path.stem, bool(arrays["genuine"][index])) for index, _ in jobs
    ]
    return _collect(fine_of, jobs, labels, progress, path.stem)


def _collect(
    work: Callable[[Any], Grey | None],
    jobs: Sequence[Any],
    labels: Sequence[tuple[str, str, bool]],
    progress: Progress | None,
    title: str,
) -> SignatureSet:
    fines, kept = [], []
    with ThreadPoolExecutor(_THREADS) as pool:
        for index, fine in enumerate(pool.map(work, jobs)):
            if progress:
                progress(title, index + 1, len(jobs))
            if fine is not None:
                fines.append(fine)
                kept.append(labels[index])
    if not fines:
        raise DataError(f"Not one of the {len(jobs)} signatures of {title} could be used.")
    return assemble(np.stack(fines), kept, refused=len(jobs) - len(fines))


def assemble(fine: npt.NDArray[np.uint8], labels: Sequence[tuple[str, str, bool]], *, refused: int) -> SignatureSet:
    """A set of fine canvases (N, 192, 384) and their (writer, data set, genuine), in the same order."""
    datasets = {name: dataset for name, dataset, _ in labels}
    index = {name: number for number, name in enumerate(datasets)}
    return SignatureSet(
        fine=fine,
        writers=np.array([index[name] for name, _, _ in labels], dtype=np.int32),
        genuine=np.array([genuine for _, _, genuine in labels], dtype=np.bool_),
        names=tuple(datasets),
        datasets=tuple(datasets.values()),
        refused=refused,
    )


def join(sets: Iterable[SignatureSet]) -> SignatureSet:
    """One set of several; writers keep apart."""
    parts = list(sets)
    starts = np.cumsum([0] + [len(part.names) for part in parts])
    return SignatureSet(
        fine=np.concatenate([part.fine for part in parts]),
        writers=np.concatenate([part.writers + start for part, start in zip(parts, starts, strict=False)]).astype(
            np.int32
        ),
        genuine=np.concatenate([part.genuine for part in parts]),
        names=tuple(name for part in parts for name in part.names),
        datasets=tuple(dataset for part in parts for dataset in part.datasets),
        refused=sum(part.refused for part in parts),
    )
