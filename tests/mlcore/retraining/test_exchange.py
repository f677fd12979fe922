"""Model versions out and in: a candidate each, once, and damaged files mended by what was exported."""

from __future__ import annotations

import errno
import io
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from mlcore.bundle import ArtefactError, check_bundle, load_bundle
from mlcore.models import ModelVersion
from mlcore.retraining import exchange
from mlcore.retraining.exchange import export_name, model_export, model_import
from mlcore.selectors import bundles_forget, model_bundle, model_directory
from mlcore.services import model_install, model_promote
from sigweb.audit.models import AuditEvent
from tests.customers.test_races import together
from tests.mlcore.bundles import make_bundle
from tests.mlcore.making import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def models(tmp_path: Path, settings: Any) -> Path:
    """A MODELS_DIR of this test alone."""
    settings.MODELS_DIR = tmp_path / "models"
    return tmp_path / "models"


@pytest.fixture
def foreign(tmp_path: Path) -> bytes:
    """What another installation has exported."""
    target = io.BytesIO()
    exchange.pack(make_bundle(tmp_path / "elsewhere" / "theirs", name="Their model, 2026", seed=31), target)
    return target.getvalue()


def take(archive: bytes, **fields: Any) -> exchange.Imported:
    return model_import(archive=io.BytesIO(archive), **fields)


def test_an_imported_version_is_a_candidate_and_the_champion_stays(champion: ModelVersion, foreign: bytes) -> None:
    actor = make_user()
    imported = take(foreign, actor=actor)
    assert imported.made
    assert (imported.version.state, imported.version.name) == ("candidate", "Their model, 2026")
    assert imported.version.directory == f"Their-model-2026-{imported.version.digest[:12]}"
    assert ModelVersion.objects.get(state="champion") == champion
    assert model_bundle(imported.version).digest == imported.version.digest
    event = AuditEvent.objects.get(action="model.imported")
    assert (event.actor, event.object_id) == (actor, imported.version.public_id)


def test_even_the_first_version_of_all_is_only_a_candidate(models: Path, foreign: bytes) -> None:
    assert take(foreign).version.state == "candidate"
    assert not ModelVersion.objects.filter(state="champion").exists()


def test_the_same_version_twice_is_one(models: Path, foreign: bytes) -> None:
    first, again = take(foreign), take(foreign)
    assert (again.version, again.made, again.mended) == (first.version, False, False)
    assert ModelVersion.objects.count() == 1
    assert [path.name for path in models.iterdir()] == [first.version.directory]
    assert AuditEvent.objects.filter(action="model.imported").count() == 1


def test_two_versions_of_the_same_name_are_two(models: Path, foreign: bytes, tmp_path: Path) -> None:
    target = io.BytesIO()
    exchange.pack(make_bundle(tmp_path / "elsewhere" / "more", name="Their model, 2026", seed=32), target)
    first, second = take(foreign).version, take(target.getvalue()).version
    assert second.name == f"Their model, 2026-{second.digest[:8]}"
    assert first.directory != second.directory


def test_what_is_exported_here_is_taken_in_there(champion: ModelVersion, models: Path, tiny: Path) -> None:
    target = io.BytesIO()
    champion.directory = tiny.name
    models.mkdir()
    (models / tiny.name).symlink_to(tiny)
    model_export(version=champion, target=target, actor=make_user())
    assert AuditEvent.objects.get(action="model.exported").details == {"digest": champion.digest}
    assert export_name(champion) == f"tiny-{champion.digest[:12]}.zip"
    assert take(target.getvalue()).version == champion


def test_a_damaged_version_is_not_exported(models: Path, foreign: bytes) -> None:
    version = take(foreign).version
    (model_directory(version) / "cohort.npy").write_bytes(b"x")
    with pytest.raises(ArtefactError, match=r"cohort\.npy has changed"):
        model_export(version=version, target=io.BytesIO())
    assert not AuditEvent.objects.filter(action="model.exported").exists()


@pytest.mark.parametrize("damage", ["cut", "missing", "folder"])
def test_importing_again_mends_a_version_whose_files_are_damaged(models: Path, foreign: bytes, damage: str) -> None:
    version = model_promote(version=take(foreign).version)
    folder = model_directory(version)
    if damage == "cut":
        (folder / "network.onnx").write_bytes(b"half")
    elif damage == "missing":
        (folder / "network.keras").unlink()
    else:
        folder.rename(models / "lost")
    imported = take(foreign)
    assert (imported.version, imported.made, imported.mended) == (version, False, True)
    check_bundle(folder, digest=version.digest)
    version.refresh_from_db()
    assert version.state == "champion"
    assert AuditEvent.objects.filter(action="model.mended").count() == 1


def test_a_left_over_folder_of_the_same_name_is_replaced(models: Path, foreign: bytes) -> None:
    version = take(foreign).version
    directory = version.directory
    version.delete()
    (models / directory / "network.onnx").write_bytes(b"half")
    assert load_bundle(model_directory(take(foreign).version)).name == "Their model, 2026"


def test_a_refused_file_changes_nothing(models: Path, foreign: bytes) -> None:
    with pytest.raises(ArtefactError, match="damaged or cut short"):
        take(foreign[:-1000])
    assert not ModelVersion.objects.exists()
    assert list(models.iterdir()) == []


def test_a_full_disk_at_the_last_step_changes_nothing(
    models: Path, foreign: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(part: Path, directory: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exchange, "put_in_place", full)
    with pytest.raises(ArtefactError, match="could not be stored: the disk is full"):
        take(foreign)
    assert not ModelVersion.objects.exists()
    assert list(models.iterdir()) == []


def test_the_shipped_base_is_not_overwritten(base: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    target = io.BytesIO()
    model_export(version=base, target=target)
    assert not take(target.getvalue()).made

    def damaged(directory: Path, *, digest: str | None = None) -> None:
        raise ArtefactError("The model base is damaged.")

    monkeypatch.setattr(exchange, "check_bundle", damaged)
    with pytest.raises(ArtefactError, match="installing SigWeb again"):
        take(target.getvalue())


@pytest.mark.django_db(transaction=True)
def test_two_administrators_at_once_take_in_one(models: Path, foreign: bytes) -> None:
    found = together(*[lambda: take(foreign) for _ in range(3)])
    assert sorted(imported.made for imported in found) == [False, False, True]
    assert ModelVersion.objects.count() == 1
    assert len(list(models.iterdir())) == 1


def run(*arguments: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_commands_carry_a_version(models: Path, tmp_path: Path) -> None:
    make_bundle(models / "own", name="own", seed=33)
    version = model_install(directory="own")[0]
    file = tmp_path / "own.zip"
    assert run("export_model", "own", file) == f"Model own: {file.stat().st_size / 1e6:.1f} MB in own.zip.\n"
    assert run("import_model", file) == "Model own: was here already, candidate.\n"
    (model_directory(version) / "cohort.npy").unlink()
    assert run("import_model", file) == "Model own: its files were mended, candidate.\n"
    version.delete()
    assert run("import_model", file) == "Model own: taken in, candidate.\n"
    assert not file.with_name("own.zip.part").exists()


def test_the_commands_refuse_in_one_sentence(models: Path, foreign: bytes, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no model version called nobody"):
        run("export_model", "nobody", tmp_path / "x")
    with pytest.raises(CommandError, match="x can not be read: No such file"):
        run("import_model", tmp_path / "x")
    (tmp_path / "x").write_bytes(foreign[:5000])
    with pytest.raises(CommandError, match="damaged or cut short"):
        run("import_model", tmp_path / "x")
    version = take(foreign).version
    with pytest.raises(CommandError, match="x could not be written: "):
        run("export_model", version.name, tmp_path / "nowhere" / "x")
    (model_directory(version) / "model.json").unlink()
    with pytest.raises(CommandError, match=r"model\.json is missing"):
        run("export_model", version.name, tmp_path / "y")
    assert not (tmp_path / "y").exists()
    assert not (tmp_path / "y.part").exists()
    bundles_forget()
    assert models == settings.MODELS_DIR
