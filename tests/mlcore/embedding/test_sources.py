"""What training reads: manifests, images and pen recordings."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mlcore.embedding import sources
from mlcore.embedding.sources import DataError, join, load_images, load_recordings, read_manifest
from mlcore.synthesis import Habit, Trajectory, rewritten
from tests.mlcore.embedding.signers import write_manifest, write_recording


def test_a_manifest_is_read_by_split(tmp_path: Path) -> None:
    folder = write_manifest(tmp_path / "data", writers=3, genuine=2, forged=1)
    rows = read_manifest(folder, split="validation")
    assert {row.writer for row in rows} == {"001"}
    assert [row.genuine for row in rows] == [True, True, False]
    assert len(read_manifest(folder)) == 9


def test_no_manifest_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no manifest\.csv"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("path,dataset,writer,split\n", "lacks the column label"),
        ("path,dataset,writer,label,split\n", "manifest.csv is empty"),
        ("path,dataset,writer,label,split\na.png,d,1,maybe,test\n", "genuine or forged, not 'maybe'"),
    ],
)
def test_a_broken_manifest_is_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "manifest.csv").write_text(text)
    with pytest.raises(DataError, match=sentence):
        read_manifest(tmp_path)


def test_a_split_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    folder = write_manifest(tmp_path / "data", writers=1, genuine=2, forged=0)
    with pytest.raises(DataError, match="no line with split holiday"):
        read_manifest(folder, split="holiday")


def test_unreadable_and_missing_images_are_left_out_and_counted(tmp_path: Path) -> None:
    folder = write_manifest(tmp_path / "data", writers=2, genuine=2, forged=1)
    (folder / "signer001" / "genuine_00.png").write_bytes(b"broken")
    (folder / "signer002" / "genuine_01.png").unlink()
    told: list[tuple[int, int]] = []
    signatures = load_images(read_manifest(folder), lambda _, done, total: told.append((done, total)))
    assert signatures.refused == 2
    assert signatures.fine.shape == (4, 192, 384)
    assert signatures.names == ("synthetic/001", "synthetic/002")
    assert told[-1] == (6, 6)


def test_nothing_usable_is_a_sentence(tmp_path: Path) -> None:
    folder = write_manifest(tmp_path / "data", writers=1, genuine=1, forged=0)
    (folder / "signer001" / "genuine_00.png").write_bytes(b"broken")
    with pytest.raises(DataError, match="Not one of the 1 signatures"):
        load_images(read_manifest(folder))


def test_pen_recordings_are_rendered_with_different_pens(tmp_path: Path) -> None:
    (tablet,) = load_recordings(write_recording(tmp_path), variants=2, seed=1)
    assert len(tablet.fine) == 6
    assert tablet.names == ("tablet/4", "tablet/5")
    assert tablet.genuine.tolist() == [True, True, False, False, True, True]
    assert not np.array_equal(tablet.fine[0], tablet.fine[1])


def test_a_writer_leans_alike_in_all_that_is_signed_in_his_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Habit] = []

    def noted(trajectory: Trajectory, habit: Habit, rng: np.random.Generator) -> Trajectory:
        given.append(habit)
        return rewritten(trajectory, habit, rng)

    monkeypatch.setattr(sources, "rewritten", noted)
    load_recordings(write_recording(tmp_path), variants=2, seed=1)
    # Two recordings of one writer and one of another, each drawn twice: as many habits as writers.
    assert sorted(Counter(given).values()) == [2, 4]


def test_two_tablets_are_not_drawn_with_the_same_pens(tmp_path: Path) -> None:
    recording = write_recording(tmp_path)
    shutil.copy(recording / "tablet.npz", recording / "other.npz")
    one, other = load_recordings(recording, variants=1, seed=1)
    assert not np.array_equal(one.fine[0], other.fine[0])


def test_joined_sets_keep_their_writers_apart(tmp_path: Path) -> None:
    images = load_images(read_manifest(write_manifest(tmp_path / "data", writers=2, genuine=2, forged=1)))
    both = join([images, images])
    assert both.names == images.names * 2
    assert both.writers.max() == 3
    assert len(both.fine) == 2 * len(images.fine)


def test_a_recording_left_out_is_not_rendered(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no recordings .* but for those left out"):
        load_recordings(write_recording(tmp_path), variants=1, seed=1, without=("tablet",))
    with pytest.raises(DataError, match=r"no recordings \(\*\.npz\)"):
        load_recordings(tmp_path / "nowhere", variants=1, seed=1)
