"""Back to the page of a form after a log-in that ran out while it was sent."""

from __future__ import annotations

import uuid
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse

from tests.customers.making import user

pytestmark = pytest.mark.django_db
DECIDE = f"/verifications/{uuid.uuid4()}/decide/"


def sent_to(client: Client, path: str = DECIDE, *, referer: str = "") -> str:
    answer = client.post(path, headers={"Referer": referer} if referer else {})
    assert answer.status_code == 302
    return unquote(answer["Location"])


def test_the_log_in_leads_back_to_the_page_of_the_form(client: Client) -> None:
    page = "http://testserver/review/?branch=1&after=2"
    assert sent_to(client, referer=page) == "/login/?next=/review/?branch=1&after=2"


@pytest.mark.parametrize("referer", ["", "https://example.org/review/", "http://testserver.example.org/", "nonsense:"])
def test_a_page_that_is_not_ours_leads_nowhere(client: Client, referer: str) -> None:
    assert sent_to(client, referer=referer) == f"/login/?next={DECIDE}"


def test_a_page_that_is_only_looked_at_stays_where_one_goes_on_to(client: Client) -> None:
    answer = client.get("/customers/", headers={"Referer": "http://testserver/review/"})
    assert answer["Location"] == "/login/?next=/customers/"


@pytest.mark.parametrize("name", ["promote", "measure", "prune"])
def test_the_administrations_log_in_leads_back_as_well(client: Client, name: str) -> None:
    sent = reverse(f"admin:mlcore_modelversion_{name}", args=[uuid.uuid4()])
    page = reverse("admin:mlcore_modelversion_changelist")
    assert sent_to(client, sent, referer=f"http://testserver{page}?p=1") == f"/admin/login/?next={page}?p=1"
    assert sent_to(client, sent) == f"/admin/login/?next={sent}"


def test_who_is_logged_in_is_sent_where_the_form_leads(client: Client) -> None:
    user("teller", username="tara", password="correct horse battery")
    asked = {"username": "tara", "password": "correct horse battery", "next": "/customers/"}
    answer = client.post(reverse("login"), asked, headers={"Referer": "http://testserver/review/"})
    assert answer["Location"] == "/customers/"
    answer = client.post(reverse("logout"), headers={"Referer": "http://testserver/review/"})
    assert answer["Location"] == "/login/"
