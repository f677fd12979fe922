from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mlcore.models import EmbeddingFailure, ModelVersion, TrainingRun
from mlcore.services import model_install, specimen_embed
from sigweb.accounts.models import User
from tests.mlcore.bundles import make_bundle
from tests.mlcore.making import make_customer, make_specimen, make_user

pytestmark = pytest.mark.django_db

VERSIONS = reverse("admin:mlcore_modelversion_changelist")
KINDS = ("modelversion", "trainingrun", "embedding", "embeddingfailure")


@pytest.fixture
def as_admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def candidate(tiny: Path) -> ModelVersion:
    directory = make_bundle(Path(settings.MODELS_DIR) / "candidate", name="candidate", seed=5)
    return model_install(directory=directory.name)[0]


def promote(client: Client, *versions: ModelVersion) -> Any:
    chosen = {"action": "promote", "_selected_action": [version.pk for version in versions]}
    return client.post(VERSIONS, chosen, follow=True)


def rows(champion: ModelVersion) -> dict[str, Any]:
    specimen = make_specimen(make_customer())
    return {
        "modelversion": champion,
        "trainingrun": TrainingRun.objects.create(progress=0.42),
        "embedding": specimen_embed(specimen=specimen),
        "embeddingfailure": EmbeddingFailure.objects.create(
            specimen=specimen, model_version=champion, code="damaged", sentence="It is damaged."
        ),
    }


def test_everything_is_looked_at_and_nothing_edited(as_admin: Client, champion: ModelVersion) -> None:
    for kind, row in rows(champion).items():
        page = reverse(f"admin:mlcore_{kind}_change", args=[row.pk])
        assert as_admin.get(reverse(f"admin:mlcore_{kind}_changelist")).status_code == 200
        assert as_admin.get(page).status_code == 200
        assert as_admin.post(page, {"name": "x"}).status_code == 403
        assert as_admin.get(reverse(f"admin:mlcore_{kind}_add")).status_code == 403


def test_only_a_recorded_failure_can_be_deleted_which_has_it_tried_again(
    as_admin: Client, champion: ModelVersion
) -> None:
    for kind, row in rows(champion).items():
        page = reverse(f"admin:mlcore_{kind}_delete", args=[row.pk])
        assert as_admin.post(page, {"post": "yes"}).status_code == (302 if kind == "embeddingfailure" else 403)
    assert not EmbeddingFailure.objects.exists()


def test_vectors_are_not_shown(as_admin: Client, champion: ModelVersion) -> None:
    row = rows(champion)["embedding"]
    content = as_admin.get(reverse("admin:mlcore_embedding_change", args=[row.pk])).content.decode()
    assert str(float(row.vector[0]))[:8] not in content


def test_a_list_reads_neither_images_nor_vectors(as_admin: Client, champion: ModelVersion) -> None:
    rows(champion)
    for kind in ("embedding", "embeddingfailure"):
        with CaptureQueriesContext(connection) as queries:
            as_admin.get(reverse(f"admin:mlcore_{kind}_changelist"))
        read = " ".join(query["sql"] for query in queries)
        assert f'"mlcore_{kind}"."id"' in read
        assert '"customers_specimen"."image"' not in read
        assert '"mlcore_embedding"."vector"' not in read


def test_lists_are_readable(as_admin: Client, champion: ModelVersion) -> None:
    rows(champion)
    assert b"42%" in as_admin.get(reverse("admin:mlcore_trainingrun_changelist")).content
    assert champion.digest[:12] in as_admin.get(VERSIONS).content.decode()


def test_a_candidate_is_promoted_by_those_who_may(
    client: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    client.force_login(make_user("mlcore.view_modelversion", "mlcore.promote_modelversion", is_staff=True))
    assert b"is the champion now." in promote(client, candidate).content
    candidate.refresh_from_db()
    assert candidate.state == "champion"


def test_others_can_not_promote(client: Client, champion: ModelVersion, candidate: ModelVersion) -> None:
    client.force_login(make_user("mlcore.view_modelversion", is_staff=True))
    promote(client, candidate)
    candidate.refresh_from_db()
    assert candidate.state == "candidate"


def test_one_model_is_promoted_at_a_time(as_admin: Client, champion: ModelVersion, candidate: ModelVersion) -> None:
    assert b"Choose exactly one" in promote(as_admin, champion, candidate).content
    candidate.refresh_from_db()
    assert candidate.state == "candidate"


def test_a_model_that_can_not_be_loaded_is_not_promoted(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    ModelVersion.objects.filter(pk=candidate.pk).update(directory="gone")
    assert b"gone" in promote(as_admin, candidate).content
    champion.refresh_from_db()
    assert champion.state == "champion"


def test_staff_without_rights_see_none(client: Client) -> None:
    client.force_login(make_user(is_staff=True))
    for kind in KINDS:
        assert client.get(reverse(f"admin:mlcore_{kind}_changelist")).status_code == 403
