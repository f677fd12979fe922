from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from tests.customers.making import client_of, user

pytestmark = pytest.mark.django_db


def test_what_does_not_exist_is_said_with_a_way_back() -> None:
    response = client_of(user("teller")).get("/nothing/here/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()
    assert "Go to the start page" in response.content.decode()


def test_whoever_is_logged_out_is_told_as_well() -> None:
    response = Client().get("/nothing/here/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_what_is_not_allowed_is_said() -> None:
    response = client_of(user("verifier")).get("/customers/enrol/")
    assert response.status_code == 403
    assert "Your role does not include it" in response.content.decode()


def test_a_page_that_is_too_old_is_said() -> None:
    response = Client(enforce_csrf_checks=True).post("/login/", {"username": "x"})
    assert response.status_code == 403
    assert "open for too long" in response.content.decode()


def test_too_many_files_are_said() -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    files = [SimpleUploadedFile(f"{index}.png", b"x") for index in range(200)]
    response = client_of(user("teller")).post("/customers/enrol/", {"files": files})
    assert response.status_code == 400
    assert "at most 10 MB each" in response.content.decode()


def test_a_form_that_is_far_too_large_is_said() -> None:
    response = client_of(user("teller")).post(
        "/customers/enrol/", b"x", content_type="multipart/form-data; boundary=b", CONTENT_LENGTH=str(200 * 1024**2)
    )
    assert response.status_code == 400
    assert "at most 10 MB each" in response.content.decode()


def test_our_own_mistakes_are_admitted_without_telling_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise RuntimeError("broken")

    monkeypatch.setattr("verification.views.home.waiting_context", fail)
    client = client_of(user("teller"))
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "Something went wrong on our side" in response.content.decode()
    assert "broken" not in response.content.decode()


def test_every_page_forbids_scripts_and_styles_in_line() -> None:
    client = client_of(user("teller"))
    for address in ("/", "/customers/", "/customers/enrol/", "/password/"):
        response = client.get(address)
        policy = response["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        page = response.content.decode()
        assert "style=" not in page
        assert "onclick=" not in page
        assert "<style" not in page
