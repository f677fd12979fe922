"""A model version on disk: whole and unchanged, or refused with a sentence."""

from __future__ import annotations

import errno
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlcore import bundle as bundle_module
from mlcore.bundle import BASE_DIRECTORY, ArtefactError, check_bundle, load_bundle, write_bundle
from mlcore.imaging import prepare, prepare_page
from mlcore.imaging.types import CANVAS_VERSION
from mlcore.scoring import Verdict
from tests.mlcore.bundles import make_scorer, write_network
from tests.mlcore.pages import signature_bytes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, note="for tests")


def write(under: Path, **facts: Any) -> Path:
    keras_file = under / "source.keras"
    keras_file.write_bytes(b"the trained network")
    return write_bundle(
        under / "tiny",
        name="tiny",
        keras_file=keras_file,
        onnx_file=write_network(under / "source.onnx"),
        scorer=make_scorer(),
        facts=facts,
    )


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_dir()}


def test_what_is_written_is_what_is_loaded(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert bundle.name == "tiny"
    assert bundle.manifest["note"] == "for tests"
    assert load_bundle(folder, digest=bundle.digest).digest == bundle.digest
    assert not folder.with_name("tiny.part").exists()


def test_embedding_gives_what_the_database_gives_back(folder: Path) -> None:
    bundle = load_bundle(folder)
    canvas = prepare(signature_bytes()).canvas[None]
    first, again = bundle.embed(canvas)[0], bundle.embed(canvas)[0]
    assert np.array_equal(first.local, again.local)
    assert np.abs(first.local - bundle.network.embed(canvas)[0].local).max() < 0.01


def test_threads_read_the_cohort_one_after_the_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that parse an array file's head at once can get a SystemError of Python 3.11 for it."""
    read, reading, most = np.load, 0, 0

    def slow(*args: Any, **kwargs: Any) -> Any:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        time.sleep(0.05)
        reading -= 1
        return read(*args, **kwargs)

    monkeypatch.setattr(np, "load", slow)
    with ThreadPoolExecutor(3) as threads:
        loaded = list(threads.map(load_bundle, [folder] * 3))
    assert (len(loaded), most) == (3, 1)


def test_a_signature_matches_itself(folder: Path) -> None:
    bundle = load_bundle(folder)
    signature = prepare(signature_bytes())
    (features,) = bundle.embed(signature.canvas[None])
    judged = bundle.judge(signature, features, [features, features, features])
    assert judged.verdict is Verdict.MATCH
    assert judged.references == 3


def test_a_refused_image_is_not_judged(folder: Path) -> None:
    bundle = load_bundle(folder)
    blank = prepare_page(np.full((200, 300), 250, np.uint8))
    (features,) = bundle.embed(blank.canvas[None])
    with pytest.raises(ValueError, match="refused image"):
        bundle.judge(blank, features, [features])


def test_another_digest_than_the_one_on_record_is_refused(folder: Path) -> None:
    with pytest.raises(ArtefactError, match="not the one on record"):
        load_bundle(folder, digest="0" * 64)


@pytest.mark.parametrize(
    ("file", "sentence"), [("network.onnx", "damaged"), ("cohort.npy", "damaged"), ("model.json", "damaged")]
)
def test_a_damaged_file_is_refused(folder: Path, file: str, sentence: str) -> None:
    data = (folder / file).read_bytes()
    (folder / file).write_bytes(data[: len(data) // 2])
    with pytest.raises(ArtefactError, match=sentence):
        load_bundle(folder)


@pytest.mark.parametrize("part", ["files", "scorer"])
def test_a_manifest_that_lacks_a_part_is_refused(folder: Path, part: str) -> None:
    manifest = json.loads((folder / "model.json").read_text())
    del manifest[part]
    (folder / "model.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtefactError, match="lacks what it needs"):
        load_bundle(folder)


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"model\.json is missing"):
        load_bundle(tmp_path)


def test_a_newer_format_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(ArtefactError, match="has format 99"):
        load_bundle(folder)


def test_the_shipped_base_is_whole_and_small() -> None:
    bundle = load_bundle(BASE_DIRECTORY)
    assert sum(path.stat().st_size for path in BASE_DIRECTORY.iterdir()) < 10 * 1024 * 1024
    assert sorted(bundle.scorer.heads) == [1, 2, 3, 4, 5, 6, 7]
    for count, part in bundle.scorer.calibrations.items():
        assert part.t_match <= part.t_no_match, count


def test_the_shipped_base_tells_signers_apart() -> None:
    """Three specimens of one synthetic signer: another signer is never a match, and lies further than a genuine one."""
    bundle = load_bundle(BASE_DIRECTORY)

    def embedded(signer: int, seed: int) -> tuple:
        signature = prepare(signature_bytes(signer, seed))
        return signature, bundle.embed(signature.canvas[None])[0]

    for signer in range(1, 5):
        specimens = [embedded(signer, seed)[1] for seed in range(3)]
        own = bundle.judge(*embedded(signer, 7), specimens)
        other = bundle.judge(*embedded(signer + 20, 7), specimens)
        assert own.score < other.score
        assert other.verdict is not Verdict.MATCH


@pytest.mark.parametrize("other", [CANVAS_VERSION - 1, None])
def test_a_model_of_other_canvases_is_refused_in_one_sentence(folder: Path, other: int | None) -> None:
    """Its stored vectors and thresholds mean nothing for pictures that are prepared in another way."""
    manifest = json.loads((folder / "model.json").read_text())
    assert manifest.pop("canvas") == CANVAS_VERSION
    (folder / "model.json").write_text(json.dumps(manifest if other is None else {**manifest, "canvas": other}))
    with pytest.raises(ArtefactError, match="prepared in another way"):
        load_bundle(folder)


@pytest.mark.parametrize("file", ["network.onnx", "cohort.npy"])
def test_a_missing_file_is_refused_by_name(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(ArtefactError, match=f"{file} can not be read"):
        load_bundle(folder)


@pytest.mark.parametrize("file", ["network.onnx", "network.keras", "cohort.npy"])
def test_a_check_reads_every_file_the_one_that_only_training_needs_too(folder: Path, file: str) -> None:
    assert check_bundle(folder, digest=load_bundle(folder).digest)["name"] == "tiny"
    (folder / file).write_bytes(b"something else")
    with pytest.raises(ArtefactError, match=f"damaged: {file} has changed"):
        check_bundle(folder)


def test_a_damaged_keras_file_does_not_stop_what_serves(folder: Path) -> None:
    (folder / "network.keras").unlink()
    assert load_bundle(folder).name == "tiny"


def test_a_full_disk_leaves_the_version_before_whole_and_nothing_half(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_bundle(folder).digest

    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"as far as it went")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundle_module.shutil, "copyfile", full)
    with pytest.raises(ArtefactError, match="The model tiny could not be written: the disk is full"):
        write(tmp_path, note="another")
    assert load_bundle(folder).digest == before
    assert names_in(tmp_path) == {"tiny"}


def test_what_a_full_disk_answers_is_said_so() -> None:
    """/dev/full answers every write as a full disk does."""
    with pytest.raises(OSError, match="No space left") as caught, open("/dev/full", "wb", buffering=0) as sink:
        sink.write(b"x")
    assert bundle_module.reason_of(caught.value) == "the disk is full"


def test_a_file_that_can_not_be_copied_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="could not be written: No such file"):
        write_bundle(
            tmp_path / "tiny",
            name="tiny",
            keras_file=tmp_path / "nowhere.keras",
            onnx_file=tmp_path / "source.onnx",
            scorer=make_scorer(),
            facts={},
        )
    assert load_bundle(folder).manifest["note"] == "for tests"


def test_a_kill_between_the_two_renames_loses_nothing_and_says_where_it_is(folder: Path, tmp_path: Path) -> None:
    folder.rename(tmp_path / "tiny.old")
    with pytest.raises(ArtefactError, match=r"What was there before lies in tiny\.old"):
        load_bundle(folder)
    shutil.rmtree(tmp_path / "tiny.part", ignore_errors=True)
    write(tmp_path, note="again")
    assert load_bundle(folder).manifest["note"] == "again"
    assert names_in(tmp_path) == {"tiny"}


def test_a_folder_is_replaced_as_a_whole(folder: Path, tmp_path: Path) -> None:
    (folder / "left-over").write_bytes(b"x")
    write(tmp_path, note="another")
    assert load_bundle(folder).manifest["note"] == "another"
    assert not (folder / "left-over").exists()
