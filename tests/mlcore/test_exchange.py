"""A model version as one file: the same bytes each time, and nothing taken in that is not whole."""

from __future__ import annotations

import errno
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mlcore import exchange
from mlcore.bundle import BASE_DIRECTORY, FORMAT, ArtefactError, load_bundle
from mlcore.exchange import MOST_BYTES, SIZES, ExchangeRefused, pack, unpacked
from mlcore.imaging.types import CANVAS_VERSION
from mlcore.runtime import file_digest
from tests.mlcore.bundles import make_bundle


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def exported(model: Path) -> bytes:
    return packed(model)


def packed(directory: Path) -> bytes:
    target = io.BytesIO()
    pack(directory, target)
    return target.getvalue()


def files_of(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def changed(archive: bytes, **values: Any) -> bytes:
    """The same archive with another manifest; its files' digests are right."""
    files = files_of(archive)
    files["model.json"] = json.dumps({**json.loads(files["model.json"]), **values}).encode()
    return zipped(files)


def with_network(archive: bytes, network: bytes, under: Path) -> bytes:
    """The same archive with another network, rightly named by the manifest."""
    (under / "n").write_bytes(network)
    files = {**files_of(archive), "network.onnx": network}
    digests = {**json.loads(files["model.json"])["files"], "network.onnx": file_digest(under / "n")}
    return changed(zipped(files), files=digests)


@contextmanager
def refused(under: Path, sentence: str) -> Iterator[Callable[[bytes], None]]:
    """Taking it in ends with this sentence, and leaves nothing behind."""

    def take(archive: bytes) -> None:
        with pytest.raises(ExchangeRefused, match=sentence), unpacked(io.BytesIO(archive), under):
            pass

    yield take
    assert list(under.iterdir()) == []


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def test_what_goes_out_comes_in_byte_by_byte(model: Path, exported: bytes, into: Path) -> None:
    with unpacked(io.BytesIO(exported), into) as found:
        assert (found.name, found.digest) == ("tiny", load_bundle(model).digest)
        for path in model.iterdir():
            assert (found.folder / path.name).read_bytes() == path.read_bytes()
        assert packed(found.folder) == exported
    assert list(into.iterdir()) == []


def test_the_same_version_gives_the_same_bytes_with_its_card(model: Path, exported: bytes) -> None:
    assert packed(model) == exported
    files = files_of(exported)
    assert list(files) == ["model.json", "network.keras", "network.onnx", "cohort.npy", "card.md"]
    assert load_bundle(model).digest in files["card.md"].decode()


def test_the_shipped_base_can_be_carried(into: Path) -> None:
    archive = packed(BASE_DIRECTORY)
    assert len(archive) < MOST_BYTES / 2
    with unpacked(io.BytesIO(archive), into) as found:
        assert found.digest == load_bundle(BASE_DIRECTORY).digest
    card = files_of(archive)["card.md"].decode()
    assert "| 5 | 4.0 |" in card
    assert "- cedar: {'writers': 26," in card


def test_a_damaged_version_is_not_exported(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "tiny")
    (folder / "network.keras").write_bytes(b"x")
    with pytest.raises(ArtefactError, match=r"network\.keras has changed"):
        packed(folder)


def test_a_deflated_archive_of_another_tool_is_taken(exported: bytes, into: Path) -> None:
    with unpacked(io.BytesIO(zipped(files_of(exported), zipfile.ZIP_DEFLATED)), into) as found:
        assert found.name == "tiny"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.999])
def test_an_archive_that_is_cut_short_is_refused(exported: bytes, into: Path, share: float) -> None:
    with refused(into, "damaged or cut short") as take:
        take(exported[: int(len(exported) * share)])


@pytest.mark.parametrize("name", ["model.json", "network.keras", "network.onnx", "cohort.npy"])
def test_a_flipped_byte_is_found_in_every_file(exported: bytes, into: Path, name: str) -> None:
    data = files_of(exported)[name]
    at = exported.index(data) + len(data) // 2
    with refused(into, "damaged or cut short") as take:
        take(exported[:at] + bytes([exported[at] ^ 1]) + exported[at + 1 :])


@pytest.mark.parametrize("name", ["network.keras", "network.onnx", "cohort.npy"])
def test_a_file_that_is_not_the_manifests_is_refused(exported: bytes, into: Path, name: str) -> None:
    with refused(into, f"The model in this file is damaged: {name} has changed") as take:
        take(zipped({**files_of(exported), name: b"something else"}))


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "..\\evil", "sub/network.onnx", "network.onnx/", "C:x"])
def test_names_that_are_not_known_are_refused(exported: bytes, into: Path, tmp_path: Path, name: str) -> None:
    before = set(tmp_path.iterdir())
    with refused(into, "holds other files") as take:
        take(zipped({**files_of(exported), name: b"x"}))
    assert set(tmp_path.iterdir()) == before


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(exported: bytes, into: Path) -> None:
    target = io.BytesIO(exported)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("model.json", b"{}")
    with refused(into, "holds other files") as take:
        take(target.getvalue())


def test_a_missing_file_is_refused(exported: bytes, into: Path) -> None:
    files = files_of(exported)
    del files["cohort.npy"]
    with refused(into, "holds other files") as take:
        take(zipped(files))


def test_what_is_no_archive_is_refused(into: Path) -> None:
    with refused(into, "damaged or cut short") as take:
        take(b"%PDF-1.7 not a model")


def test_a_bomb_is_refused_before_it_is_unpacked(exported: bytes, into: Path) -> None:
    bomb = zipped({**files_of(exported), "network.keras": bytes(SIZES["network.keras"] + 1)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 4_000_000
    with refused(into, r"network\.keras is too large") as take:
        take(bomb)


def test_a_bomb_that_lies_about_its_size_is_refused(
    exported: bytes, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory of a zip says what its author wants; here a small limit stands for a large file."""
    monkeypatch.setitem(SIZES, "cohort.npy", 1000)
    real = exchange._entries

    def lying(opened: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
        monkeypatch.setitem(SIZES, "cohort.npy", 10_000_000)
        entries = real(opened)
        monkeypatch.setitem(SIZES, "cohort.npy", 1000)
        return entries

    monkeypatch.setattr(exchange, "_entries", lying)
    with refused(into, r"cohort\.npy is too large") as take:
        take(exported)


def test_a_file_larger_than_any_model_is_not_even_opened(into: Path) -> None:
    with refused(into, "larger than 40 MB") as take:
        take(bytes(MOST_BYTES + 1))


def test_a_packing_that_is_slow_to_undo_is_refused(exported: bytes, into: Path) -> None:
    with refused(into, "packed in another way") as take:
        take(zipped(files_of(exported), zipfile.ZIP_LZMA))


def test_an_encrypted_archive_is_refused(exported: bytes, into: Path) -> None:
    """Bit 0 of the flags, in the local header and in the directory."""
    data = bytearray(exported)
    data[6] |= 1
    data[exported.index(b"PK\x01\x02") + 8] |= 1
    with refused(into, "packed in another way") as take:
        take(bytes(data))


def test_a_newer_format_is_refused(exported: bytes, into: Path) -> None:
    with refused(into, rf"The model in this file has format {FORMAT + 1}; this program reads up to {FORMAT}") as take:
        take(changed(exported, format=FORMAT + 1))


def test_a_model_of_other_canvases_is_refused(exported: bytes, into: Path) -> None:
    with refused(into, "prepared in another way") as take:
        take(changed(exported, canvas=CANVAS_VERSION + 1))


@pytest.mark.parametrize("name", ["", " ", None, 7, "a\nb", "a\x00b", "x" * 81])
def test_a_name_that_can_not_be_shown_is_refused(exported: bytes, into: Path, name: Any) -> None:
    with refused(into, "no usable name") as take:
        take(changed(exported, name=name))


@pytest.mark.parametrize(
    "figures",
    [
        [1],
        {"all": 3},
        {"all": {"references": {"five": {}}}},
        {"test": {"all": {"references": {"5": 1}}}},
        {"test": {"all": {"references": {"5": {"skilled_eer": "low"}}}}},
        {"test": {"all": {"references": {"5": {"skilled_eer_ci": [1, 2, 3]}}}}},
        {"all": {"writers": float("nan")}},
        {"all": {"note": "\x00"}},
    ],
)
def test_figures_that_no_page_could_show_are_refused(exported: bytes, into: Path, figures: Any) -> None:
    with refused(into, "figures in model.json can not be read") as take:
        take(changed(exported, figures=figures))


@pytest.mark.parametrize("manifest", [b"{", b"[]", b"[" * 200_000, b'{"format": "x"}', b"\xff\xfe"])
def test_a_manifest_that_can_not_be_read_is_refused(exported: bytes, into: Path, manifest: bytes) -> None:
    with refused(into, r"damaged: model\.json can not be read") as take:
        take(zipped({**files_of(exported), "model.json": manifest}))


def test_a_manifest_without_a_scorer_is_refused(exported: bytes, into: Path) -> None:
    with refused(into, r"model\.json lacks what it needs") as take:
        take(changed(exported, scorer=None))


def test_thresholds_for_every_number_of_specimens_are_demanded(exported: bytes, into: Path) -> None:
    scorer = json.loads(files_of(exported)["model.json"])["scorer"]
    upside_down = json.loads(json.dumps(scorer))
    upside_down["3"]["calibration"]["t_match"] = 9.0
    del scorer["7"]
    for wrong in (scorer, upside_down, {}):
        with refused(into, "no usable thresholds") as take:
            take(changed(exported, scorer=wrong))


def test_a_network_that_does_not_open_is_refused(exported: bytes, into: Path, tmp_path: Path) -> None:
    with refused(into, "can not be run here") as take:
        take(with_network(exported, b"\x08\x09not a network", tmp_path))


def test_a_network_with_other_outputs_is_refused(exported: bytes, into: Path, tmp_path: Path) -> None:
    import onnx

    model = onnx.load_from_string(files_of(exported)["network.onnx"])
    model.graph.output[0].name = "elsewhere"
    with refused(into, "can not be run here") as take:
        take(with_network(exported, model.SerializeToString(), tmp_path))


def test_a_network_that_never_ends_is_refused(
    exported: bytes, into: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child.py"
    child.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(exchange, "_CHILD", child)
    monkeypatch.setattr(exchange, "_SECONDS", 0.5)
    with refused(into, "takes too long") as take:
        take(exported)


def test_the_keras_file_is_carried_but_never_opened(exported: bytes, into: Path) -> None:
    """The one of this archive is no Keras file at all, and nobody notices."""
    with unpacked(io.BytesIO(exported), into) as found:
        assert (found.folder / "network.keras").read_bytes() == b"not used by what serves"


def test_a_full_disk_is_said_and_nothing_is_left(exported: bytes, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
        target.write_bytes(b"as far as it went")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exchange, "_extract_one", full)
    with refused(into, "The model could not be stored: the disk is full") as take:
        take(exported)


def test_a_folder_that_can_not_be_made_is_said(exported: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExchangeRefused, match="could not be stored"), unpacked(io.BytesIO(exported), tmp_path / "file"):
        pass
