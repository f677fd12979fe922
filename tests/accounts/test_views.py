from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.db.models import F
from django.test import Client
from django.utils import timezone

from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.customers.making import client_of, user

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def tara() -> User:
    return user("teller", username="tara", password=PASSWORD)


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_a_person_logs_in_and_lands_where_he_wanted(client: Client, tara: User) -> None:
    response = client.post("/login/", {"username": "tara", "password": PASSWORD, "next": "/customers/"})
    assert response.status_code == 302
    assert response["Location"] == "/customers/"
    assert actions() == ["user.logged_in"]


def test_a_foreign_address_to_go_on_to_is_not_followed(client: Client, tara: User) -> None:
    response = client.post("/login/", {"username": "tara", "password": PASSWORD, "next": "https://example.org/"})
    assert response["Location"] == "/"


def test_a_wrong_password_gets_a_sentence_and_a_row_without_the_typed_name(client: Client, tara: User) -> None:
    response = client.post("/login/", {"username": "my secret", "password": "wrong"})
    assert response.status_code == 200
    assert "do not belong together" in response.content.decode()
    event = AuditEvent.objects.get(action="user.login_failed")
    assert event.actor is None
    assert event.object_id is None
    assert "secret" not in str(event.__dict__)
    client.post("/login/", {"username": "tara", "password": "wrong"})
    assert AuditEvent.objects.filter(action="user.login_failed", object_id=tara.public_id).count() == 1


def test_the_attempts_that_are_counted_do_not_hold_the_typed_name(client: Client) -> None:
    for _ in range(2):
        client.post("/login/", {"username": "my secret", "password": "wrong"})
    attempt = AccessAttempt.objects.get()
    assert attempt.failures_since_start == 2
    assert "secret" not in str(attempt.__dict__)


def test_a_log_in_forgets_the_failures_before_and_others_are_counted_apart(client: Client, tara: User) -> None:
    user(username="theo", password=PASSWORD)
    for _ in range(4):
        client.post("/login/", {"username": "tara", "password": "wrong"})
        client.post("/login/", {"username": "theo", "password": "wrong"})
    assert AccessAttempt.objects.count() == 2
    Client().post("/login/", {"username": "tara", "password": PASSWORD})
    attempt = AccessAttempt.objects.get()
    assert attempt.failures_since_start == 4
    assert client.post("/login/", {"username": "theo", "password": "wrong"}).status_code == 429
    assert Client().post("/login/", {"username": "tara", "password": PASSWORD}).status_code == 302


def test_after_five_failures_the_log_in_is_locked_even_for_the_right_password(client: Client, tara: User) -> None:
    for _ in range(5):
        response = client.post("/login/", {"username": "tara", "password": "wrong"})
    assert response.status_code == 429
    response = client.post("/login/", {"username": "tara", "password": PASSWORD})
    assert response.status_code == 429
    page = response.content.decode()
    assert "quarter of an hour" in page
    assert 'value="tara"' in page
    assert client.get("/").status_code == 302


def test_the_lock_ends_after_a_quarter_of_an_hour_even_for_who_tried_meanwhile(client: Client, tara: User) -> None:
    for _ in range(5):
        client.post("/login/", {"username": "tara", "password": "wrong"})
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    assert client.post("/login/", {"username": "tara", "password": PASSWORD}).status_code == 429
    assert client.post("/login/", {"username": "tara", "password": "wrong"}).status_code == 429
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=2))
    assert client.post("/login/", {"username": "tara", "password": PASSWORD}).status_code == 302


def test_whoever_is_logged_in_is_sent_home_from_the_log_in_page(tara: User) -> None:
    assert client_of(tara).get("/login/")["Location"] == "/"


def test_logging_out_is_a_post_and_is_recorded(tara: User) -> None:
    client = client_of(tara)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/login/"
    assert "user.logged_out" in actions()
    assert client.get("/").status_code == 302


def test_a_person_changes_the_own_password(tara: User) -> None:
    client = client_of(tara)
    assert client.get("/password/").status_code == 200
    new = "a quite different phrase"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/password/", data)["Location"] == "/"
    tara.refresh_from_db()
    assert tara.check_password(new)
    assert "user.password_changed" in actions()
    assert client.get("/").status_code == 200, "the session goes on"


def test_a_weak_or_misspelt_password_changes_nothing(tara: User) -> None:
    client = client_of(tara)
    data = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    assert "at least 12" in client.post("/password/", data).content.decode()
    tara.refresh_from_db()
    assert tara.check_password(PASSWORD)


def test_the_password_page_is_for_people_who_are_logged_in(client: Client) -> None:
    assert client.get("/password/")["Location"].startswith("/login/")
