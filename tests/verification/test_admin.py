from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import translation

from customers.models import Customer, Specimen
from sigweb.accounts.models import Branch, User
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import make_user
from verification.models import Identification, Verification

pytestmark = pytest.mark.django_db

LIST = reverse("admin:verification_verification_changelist")


@pytest.fixture
def as_admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def test_verifications_are_listed_and_looked_at_but_never_changed(as_admin: Client, ask: Any) -> None:
    made = ask()
    page = reverse("admin:verification_verification_change", args=[made.pk])
    assert str(made.public_id) in as_admin.get(LIST).content.decode()
    content = as_admin.get(page).content.decode()
    assert made.digest not in content
    assert '<input type="submit"' not in content
    assert as_admin.post(page, {"verdict": "match"}).status_code == 403
    assert as_admin.get(reverse("admin:verification_verification_add")).status_code == 403
    assert as_admin.post(reverse("admin:verification_verification_delete", args=[made.pk])).status_code == 403


def test_the_list_is_headed_in_the_readers_language_and_sorted_by_its_columns(as_admin: Client, ask: Any) -> None:
    made = ask()
    as_admin.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
    content = as_admin.get(LIST, {"o": "3"}).content.decode()
    for title in ("निष्कर्ष", "स्कोर", "निर्णय करने वाला मॉडल", "पूछने का समय"):
        assert f">{title}</a>" in content
    with translation.override("hi"):
        assert f">{made.get_verdict_display()}</td>" in content
    assert f'<td class="field-score">{made.score:.2f}</td>' in content


def test_staff_without_the_right_see_none(client: Client, ask: Any) -> None:
    ask()
    client.force_login(make_user("customers.view_customer", is_staff=True))
    assert client.get(LIST).status_code == 403


DEVANAGARI = re.compile("[\u0900-\u097f]")
NOT_SHOWN = {"id", "image", "digest", "sketch", "request_token", "password"}


@pytest.mark.parametrize("model", [Verification, Identification, Customer, Specimen, User, Branch, AuditEvent])
def test_the_labels_of_the_administration_are_in_the_readers_language(model: type[Model]) -> None:
    shown = [field for field in model._meta.fields if field.name not in NOT_SHOWN and field.editable]
    assert len(shown) > 1
    with translation.override("hi"):
        labels = {field.name: str(field.verbose_name) for field in shown}
        names = [str(model._meta.verbose_name), str(model._meta.verbose_name_plural)]
    assert [name for name, label in labels.items() if not DEVANAGARI.search(label)] == []
    assert all(map(DEVANAGARI.search, names))
