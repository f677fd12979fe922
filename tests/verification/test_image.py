"""The questioned signature as a picture: /verifications/<verification>/image.png."""

from __future__ import annotations

import io
import uuid
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import drawn_page, drawn_png, make_user
from verification.models import Verification

pytestmark = pytest.mark.django_db


def url_of(verification: Verification, view: str = "") -> str:
    url = reverse("verification:image", args=[verification.public_id])
    return f"{url}?view={view}" if view else url


@pytest.mark.parametrize(("view", "size"), [("", (640, 320)), ("original", (640, 320)), ("ink", (384, 192))])
def test_it_is_a_fresh_png_that_no_cache_keeps(as_verifier: Client, ask: Any, view: str, size: tuple[int, int]) -> None:
    hidden = Image.fromarray(drawn_page(1))
    out = io.BytesIO()
    hidden.save(out, "JPEG", comment=b"a remark in the file")
    made = ask(data=out.getvalue())
    response = as_verifier.get(url_of(made, view))
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    picture = Image.open(io.BytesIO(response.content))
    assert (picture.format, picture.size) == ("PNG", size)
    assert b"a remark" not in response.content


def test_the_clip_shows_a_small_signature_on_a_large_page_at_large(as_verifier: Client, ask: Any) -> None:
    page = np.full((1400, 1000), 250, np.uint8)
    page[1000:1160, 500:820] = np.asarray(Image.fromarray(drawn_page(1)).resize((320, 160)))
    out = io.BytesIO()
    Image.fromarray(page).save(out, "PNG")
    made = ask(data=out.getvalue())
    picture = Image.open(io.BytesIO(as_verifier.get(url_of(made, "clip")).content))
    box = made.box
    assert box["right"] - box["left"] < picture.width < 500
    assert box["bottom"] - box["top"] < picture.height < 500
    assert np.asarray(picture).min() < 128


def test_every_look_is_on_the_audit_trail(as_verifier: Client, ask: Any, verifier: User) -> None:
    made = ask()
    as_verifier.get(url_of(made, "ink"))
    event = AuditEvent.objects.get(action="signature.viewed")
    assert (event.actor, event.object_id, event.details) == (verifier, made.public_id, {"view": "ink"})
    assert event.object_type == "verification.verification"


@pytest.mark.parametrize("permissions", [["verification.view_verification"], ["customers.view_signature"]])
def test_both_rights_are_needed(client: Client, ask: Any, permissions: list[str]) -> None:
    made = ask()
    client.force_login(make_user(*permissions))
    assert client.get(url_of(made)).status_code == 403
    assert not AuditEvent.objects.filter(action="signature.viewed").exists()


def test_strangers_are_sent_to_the_log_in(client: Client, ask: Any) -> None:
    assert client.get(url_of(ask()))["Location"].startswith("/login/")


def test_it_rejects_the_wrong_verb(as_verifier: Client, ask: Any) -> None:
    assert as_verifier.post(url_of(ask())).status_code == 405


def test_what_is_not_there_is_not_found(as_verifier: Client, ask: Any) -> None:
    assert as_verifier.get(reverse("verification:image", args=[uuid.uuid4()])).status_code == 404
    assert as_verifier.get(url_of(ask(), "raw")).status_code == 404


def test_a_damaged_image_is_said_and_logged(as_verifier: Client, ask: Any, caplog: pytest.LogCaptureFixture) -> None:
    made, other = ask(), ask(data=drawn_png(2))
    # Another row's bytes: well sealed, but not for this row.
    Verification.objects.filter(pk=made.pk).update(image=other.image)
    response = as_verifier.get(url_of(made))
    assert response.status_code == 503
    assert b"can not be read any more" in response.content
    assert str(made.public_id) in caplog.text
    assert not AuditEvent.objects.filter(action="signature.viewed").exists()
