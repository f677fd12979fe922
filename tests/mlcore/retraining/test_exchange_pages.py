"""Export and import in the administration: who may, what comes of it, and how large a file may be."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mlcore.exchange import MOST_BYTES, pack
from mlcore.models import ModelVersion
from mlcore.selectors import model_directory
from sigweb.audit.models import AuditEvent
from sigweb.uploads import KEPT_BYTES
from tests.mlcore.bundles import make_bundle
from tests.mlcore.making import make_user

pytestmark = pytest.mark.django_db

IMPORT = reverse("admin:mlcore_modelversion_import")
LIST = reverse("admin:mlcore_modelversion_changelist")
SEES, PROMOTES = "mlcore.view_modelversion", "mlcore.promote_modelversion"


@pytest.fixture(autouse=True)
def models(tmp_path: Path, settings: Any) -> Path:
    settings.MODELS_DIR = tmp_path / "models"
    return tmp_path / "models"


@pytest.fixture
def foreign(tmp_path: Path) -> bytes:
    target = io.BytesIO()
    pack(make_bundle(tmp_path / "elsewhere" / "theirs", name="Their model", seed=41), target)
    return target.getvalue()


@pytest.fixture
def admin_client() -> Client:
    return logged_in(SEES, PROMOTES)


def logged_in(*permissions: str, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(make_user(*permissions, is_staff=True))
    return client


def send(client: Client, data: bytes, **more: Any) -> Any:
    upload = SimpleUploadedFile("model.zip", data, "application/zip")
    return client.post(IMPORT, {"archive": upload, **more}, follow=True)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def export_of(version: ModelVersion) -> str:
    return reverse("admin:mlcore_modelversion_export", args=[version.public_id])


def page_of(version: ModelVersion) -> str:
    return reverse("admin:mlcore_modelversion_change", args=[version.public_id])


def test_a_version_is_imported_exported_and_the_same_again(admin_client: Client, foreign: bytes) -> None:
    shown = send(admin_client, foreign)
    version = ModelVersion.objects.get()
    assert shown.redirect_chain[-1][0] == page_of(version)
    assert "Their model was taken in as a candidate" in text(shown)
    assert version.state == "candidate"
    exported = admin_client.post(export_of(version))
    assert exported["Content-Type"] == "application/zip"
    assert f'filename="Their-model-{version.digest[:12]}.zip"' in exported["Content-Disposition"]
    assert b"".join(exported.streaming_content) == foreign  # type: ignore[attr-defined]
    assert "was here already; nothing was changed." in text(send(admin_client, foreign))
    assert ModelVersion.objects.count() == 1
    actions = AuditEvent.objects.filter(object_id=version.public_id).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["model.installed", "model.imported", "model.exported"]


def test_damaged_files_are_mended_and_it_is_said(admin_client: Client, foreign: bytes) -> None:
    send(admin_client, foreign)
    version = ModelVersion.objects.get()
    (model_directory(version) / "network.onnx").write_bytes(b"half")
    assert "network.onnx has changed" in text(admin_client.post(export_of(version), follow=True))
    assert "its damaged files were mended" in text(send(admin_client, foreign))
    assert admin_client.post(export_of(version)).status_code == 200


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "damaged or cut short"), (b"PK nothing", "damaged or cut short")],
)
def test_what_is_no_model_is_refused_in_the_form(admin_client: Client, data: bytes, sentence: str) -> None:
    shown = send(admin_client, data)
    assert sentence in text(shown)
    assert 'role="alert"' in text(shown)
    assert not ModelVersion.objects.exists()


def test_refusals_are_told_in_the_readers_language(admin_client: Client, foreign: bytes) -> None:
    send(admin_client, foreign)
    version = ModelVersion.objects.get()
    (model_directory(version) / "network.onnx").write_bytes(b"half")
    admin_client.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
    damaged = f"मॉडल {version.directory} क्षतिग्रस्त है: network.onnx बदल गई है।"
    assert damaged in text(admin_client.post(export_of(version), follow=True))
    promote = reverse("admin:mlcore_modelversion_promote", args=[version.public_id])
    assert "मॉडल फ़ाइल network.onnx क्षतिग्रस्त है:" in text(admin_client.post(promote, follow=True))
    assert "फ़ाइल क्षतिग्रस्त या अधूरी है; मॉडल संस्करण को फिर से निर्यात करें।" in text(send(admin_client, b"PK nothing"))


def test_no_file_at_all_is_said(admin_client: Client) -> None:
    assert "This field is required." in text(admin_client.post(IMPORT, {}))


def test_a_model_larger_than_a_picture_may_be_arrives_whole(admin_client: Client, foreign: bytes) -> None:
    """The limit of pictures cuts files after 10 MB; a zip with the tail cut off is damaged."""
    padded = foreign + bytes(KEPT_BYTES)
    assert "damaged" in text(send(admin_client, padded))  # bytes behind a zip's end are no zip
    before = b"\x00" * KEPT_BYTES + foreign
    assert "was taken in" in text(send(admin_client, before))


def test_a_file_larger_than_any_model_is_said_to_be(admin_client: Client) -> None:
    assert "larger than 40 MB" in text(send(admin_client, bytes(MOST_BYTES + 5)))


def test_only_who_may_promote_sees_and_does_it(foreign: bytes, admin_client: Client) -> None:
    send(admin_client, foreign)
    version = ModelVersion.objects.get()
    for client in (logged_in(SEES), logged_in()):
        assert client.get(IMPORT).status_code == 403
        assert send(client, foreign).status_code == 403
        assert client.post(export_of(version)).status_code == 403
    shown = text(logged_in(SEES).get(page_of(version)))
    assert export_of(version) not in shown
    assert export_of(version) in text(admin_client.get(page_of(version)))
    assert IMPORT in text(admin_client.get(LIST))
    assert IMPORT not in text(logged_in(SEES).get(LIST))


def test_strangers_are_sent_to_the_log_in_and_their_files_are_cut(foreign: bytes) -> None:
    response = Client().post(IMPORT, {"archive": SimpleUploadedFile("model.zip", foreign)})
    assert response.status_code == 302
    assert "login" in response.url  # type: ignore[attr-defined]


def test_export_is_asked_for_by_post(admin_client: Client, foreign: bytes) -> None:
    send(admin_client, foreign)
    assert admin_client.get(export_of(ModelVersion.objects.get())).status_code == 405
    assert admin_client.put(IMPORT).status_code == 405


def test_the_form_needs_its_token_though_the_door_does_not_look(foreign: bytes) -> None:
    """The outer view is exempt so that the upload's limit is set first; the token is demanded behind it."""
    client = logged_in(SEES, PROMOTES, enforce_csrf_checks=True)
    assert send(client, foreign).status_code == 403
    assert not ModelVersion.objects.exists()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(IMPORT).content.decode())
    assert found is not None
    assert "was taken in" in text(send(client, foreign, csrfmiddlewaretoken=found[1]))


def test_versions_that_are_not_there_are_not_found(admin_client: Client) -> None:
    address = reverse("admin:mlcore_modelversion_export", args=["00000000-0000-4000-8000-000000000000"])
    assert admin_client.post(address).status_code == 404
