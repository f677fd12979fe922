"""/healthz."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client

from customers.models import Specimen
from sigweb import health
from tests.customers.making import customer, specimens


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health, "_opened", False)


def part(client: Client, name: str) -> tuple[int, str]:
    answer = client.get("/healthz")
    body: dict[str, Any] = answer.json()
    assert set(body) == {"status", "checks"}
    assert body["status"] == ("ok" if answer.status_code == 200 else "failed")
    return answer.status_code, body["checks"][name]


@pytest.mark.django_db
def test_it_is_503_without_a_champion_and_says_only_which_part_failed(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    works = dict.fromkeys(["database", "redis", "migrations", "keys"], "ok")
    assert answer.json()["checks"] == {**works, "model": "failed"}


@pytest.mark.django_db
def test_it_is_200_when_every_part_works(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.CHECKS, "model", lambda: None)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_it_needs_no_login_and_no_https(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code in (200, 503)


@pytest.mark.django_db
def test_it_rejects_post(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_a_dead_redis_is_reported_and_the_log_says_why(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    assert part(client, "redis") == (503, "failed")
    assert "Health: redis failed" in caplog.text


@pytest.mark.django_db
def test_pending_migrations_are_reported(client: Client, owner_connection: Any) -> None:
    with owner_connection.cursor() as cursor:
        cursor.execute("SELECT id, app, name, applied FROM django_migrations ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
        cursor.execute("DELETE FROM django_migrations WHERE id = %s", [row[0]])
        try:
            assert part(client, "migrations") == (503, "failed")
        finally:
            cursor.execute("INSERT INTO django_migrations (id, app, name, applied) VALUES (%s, %s, %s, %s)", row)
    assert part(client, "migrations")[1] == "ok"


@pytest.mark.django_db
def test_keys_that_open_no_stored_picture_are_reported(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    earlier = settings.DATA_KEYS
    specimens(customer(), 1)
    assert part(client, "keys")[1] == "ok"
    health._opened = False
    settings.DATA_KEYS = [base64.b64encode(bytes([7]) * 32).decode()]
    assert part(client, "keys") == (503, "failed")
    assert "DATA_KEYS lacks the key of the oldest" in caplog.text
    assert part(client, "keys") == (503, "failed"), "still"
    settings.DATA_KEYS = [*settings.DATA_KEYS, *earlier]
    specimens(customer(), health.LOOKED_AT)
    settings.DATA_KEYS = earlier
    assert part(client, "keys") == (503, "failed")
    assert part(client, "keys") == (503, "failed"), "still"
    assert "DATA_KEYS lacks the key of the latest" in caplog.text
    settings.DATA_KEYS = [base64.b64encode(bytes([7]) * 32).decode(), *earlier]
    assert part(client, "keys")[1] == "ok"


@pytest.mark.django_db
def test_a_single_damaged_picture_is_no_lost_key(client: Client) -> None:
    rows = specimens(customer(), 2)
    Specimen.objects.filter(pk=rows[0].pk).update(image=b"damaged")
    assert part(client, "keys")[1] == "ok"


def test_a_dead_database_is_reported(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the mark django_db every query of this test fails, as with a dead server.
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == "failed"
