from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mlcore.models import EmbeddingFailure, ModelVersion
from mlcore.services import specimen_embed
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import make_customer, make_specimen, make_user

pytestmark = pytest.mark.django_db

KINDS = ("embedding", "embeddingfailure")


@pytest.fixture
def as_admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def rows(champion: ModelVersion) -> dict[str, Any]:
    specimen = make_specimen(make_customer())
    return {
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


def test_whose_failure_is_deleted_is_in_the_trail_one_by_one_or_several(
    as_admin: Client, champion: ModelVersion
) -> None:
    one, other = rows(champion)["embeddingfailure"], rows(champion)["embeddingfailure"]
    as_admin.post(reverse("admin:mlcore_embeddingfailure_delete", args=[one.pk]), {"post": "yes"})
    several = {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"}
    as_admin.post(reverse("admin:mlcore_embeddingfailure_changelist"), several)
    assert not EmbeddingFailure.objects.exists()
    told = AuditEvent.objects.filter(action="embedding_failure.deleted", actor_name="root").order_by("pk")
    assert [event.object_id for event in told] == [one.specimen.public_id, other.specimen.public_id]
    assert told[0].details == {"code": "damaged", "model_version": str(champion.public_id)}


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


def test_staff_without_rights_see_none(client: Client) -> None:
    client.force_login(make_user(is_staff=True))
    for kind in KINDS:
        assert client.get(reverse(f"admin:mlcore_{kind}_changelist")).status_code == 403
