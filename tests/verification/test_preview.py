"""A chosen file drawn by the server: /verify/preview/."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from mlcore.synthesis import make_signer, signature_png
from tests.mlcore.making import VERIFIER, drawn_page, make_user
from verification.models import Verification

pytestmark = pytest.mark.django_db

URL = reverse("verification:preview")


def tiff() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.fromarray(drawn_page(1)).resize((2800, 1400)).convert("1").save(out, "TIFF", compression="group4")
    return SimpleUploadedFile("scan.tif", out.getvalue(), content_type="image/tiff")


def test_a_tiff_is_drawn_and_nothing_kept(as_verifier: Client) -> None:
    response = as_verifier.post(URL, {"image": tiff()})
    picture = Image.open(io.BytesIO(response.content))
    assert (picture.format, picture.size) == ("PNG", (1400, 700))
    assert response["Cache-Control"] == "private, no-store"
    assert not Verification.objects.exists()


def test_one_signature_on_its_side_is_told_until_it_is_turned(as_verifier: Client) -> None:
    upright = signature_png(make_signer(3), 1)
    out = io.BytesIO()
    Image.open(io.BytesIO(upright)).transpose(Image.Transpose.ROTATE_90).save(out, "PNG")

    def told(data: bytes, turn: int) -> bool:
        answer = as_verifier.post(URL, {"image": SimpleUploadedFile("x.png", data), "turn": str(turn)})
        return "X-Lying" in answer

    assert [told(upright, 0), told(out.getvalue(), 0), told(out.getvalue(), 90)] == [False, True, False]


@pytest.mark.parametrize("data", [b"", b"no image"])
def test_what_can_not_be_read_is_said_at_once(as_verifier: Client, data: bytes) -> None:
    response = as_verifier.post(URL, {"image": SimpleUploadedFile("x.tif", data)})
    assert response.status_code == 422
    assert response.content.decode().endswith(".")
    assert response["Content-Type"].startswith("text/plain")


def test_no_file_is_said_at_once(as_verifier: Client) -> None:
    assert as_verifier.post(URL).status_code == 422


def test_it_rejects_the_wrong_verb(as_verifier: Client) -> None:
    assert as_verifier.get(URL).status_code == 405


def test_strangers_are_sent_to_the_log_in_and_others_refused(client: Client) -> None:
    assert client.post(URL, {"image": tiff()})["Location"].startswith("/login/")
    client.force_login(make_user(*VERIFIER[:2]))
    assert client.post(URL, {"image": tiff()}).status_code == 403
