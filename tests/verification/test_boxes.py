"""A whole cheque: the page is looked at, a box is chosen, and only what is in it is judged."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from PIL import Image
from playwright.sync_api import Page, expect

from customers.blobs import unseal
from customers.models import Customer
from mlcore.imaging import Box
from mlcore.models import ModelVersion
from mlcore.synthesis import make_signer, signature_png
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import VERIFIER, make_customer, make_specimen, make_user
from tests.mlcore.pages_of_cheques import cheque, png, tiff
from tests.verification.test_browser import log_in
from verification.models import Verification
from verification.services import verification_run


@pytest.fixture
def signed(db: None, base: ModelVersion) -> Customer:
    customer = make_customer(name="Ada Sample")
    for seed in range(5):
        make_specimen(customer, data=signature_png(make_signer(11), seed))
    return customer


def post(client: Client, customer: Customer, data: bytes, **fields: str) -> Any:
    upload = SimpleUploadedFile("cheque.tif", data, "image/tiff")
    asked = {"image": upload, "token": str(uuid.uuid4()), **fields}
    return client.post(reverse("verification:verify_customer", args=[customer.public_id]), asked)


def as_text(box: Box) -> str:
    return f"{box.left},{box.top},{box.right},{box.bottom}"


@pytest.mark.django_db
def test_only_what_is_in_the_box_is_judged(signed: Customer, as_verifier: Client) -> None:
    page, where = cheque(11, 9)
    area = Box(where.left - 12, where.top - 12, where.right + 12, where.bottom + 6)
    post(as_verifier, signed, png(page), area=as_text(area))
    boxed = Verification.objects.get()
    assert Box(**boxed.area) == area
    post(as_verifier, signed, png(page))
    whole = Verification.objects.exclude(pk=boxed.pk).get()
    assert boxed.score < whole.score - 2
    assert area.left <= boxed.box["left"] < boxed.box["right"] <= area.right
    for view in ("ink", "clip", "original"):
        answer = as_verifier.get(reverse("verification:image", args=[boxed.public_id]), {"view": view})
        assert answer.status_code == 200


@pytest.mark.django_db
def test_the_page_that_was_named_is_judged(signed: Customer, as_verifier: Client) -> None:
    page, where = cheque(11, 9)
    data = tiff(np.full_like(page, 250), page)
    assert post(as_verifier, signed, data, page="1").status_code == 422
    assert post(as_verifier, signed, data, page="3").status_code == 422
    assert post(as_verifier, signed, data, page="2", area=as_text(where)).status_code == 302
    assert Verification.objects.get().page == 1


@pytest.mark.django_db
@pytest.mark.parametrize("area", ["1,2,3", "a,b,c,d", "5,5,5,9", "-1,0,5,5", "0,0,999999999,5"])
def test_a_nonsensical_box_is_a_sentence(signed: Customer, as_verifier: Client, area: str) -> None:
    answer = post(as_verifier, signed, png(cheque()[0]), area=area)
    assert answer.status_code == 422
    assert "Draw the box around the signature again." in answer.content.decode()
    assert not Verification.objects.exists()


@pytest.mark.django_db
def test_a_box_beyond_the_page_judges_what_is_on_it(signed: Customer, as_verifier: Client) -> None:
    data = signature_png(make_signer(11), 30)
    assert post(as_verifier, signed, data, area="0,0,90000,90000").status_code == 302
    assert Verification.objects.get().area is None
    assert post(as_verifier, signed, data, area="20,10,90000,90000").status_code == 302
    kept = Verification.objects.latest("pk").area
    assert (kept["left"], kept["top"]) == (20, 10)
    assert kept["right"] < 90000
    # Beside the page there is nothing; the whole of it is judged, and that is what is told.
    assert post(as_verifier, signed, data, area="80000,80000,90000,90000").status_code == 302
    assert Verification.objects.latest("pk").area is None


@pytest.mark.django_db
def test_the_place_is_shown_only_where_a_part_was_judged(signed: Customer, as_verifier: Client) -> None:
    page, where = cheque(11, 9)
    boxed = post(as_verifier, signed, tiff(page, page), page="2", area=as_text(where))["Location"]
    shown = as_verifier.get(boxed).content.decode()
    assert "Where on page 2" in shown
    assert "image.png?view=place" in shown
    picture = Image.open(io.BytesIO(as_verifier.get(f"{boxed}image.png?view=place").content))
    assert (picture.mode, picture.size) == ("RGB", (1600, 715))
    seen = AuditEvent.objects.filter(action="signature.viewed", details__view="place")
    assert seen.count() == 1
    whole = post(as_verifier, signed, png(page))["Location"]
    assert "view=place" not in as_verifier.get(whole).content.decode()
    assert as_verifier.get(f"{whole}image.png?view=place").status_code == 200
    blindfolded = Client()
    blindfolded.force_login(make_user(*(name for name in VERIFIER if name != "customers.view_signature")))
    assert "view=place" not in blindfolded.get(boxed).content.decode()
    assert blindfolded.get(f"{boxed}image.png?view=place").status_code == 403


@pytest.mark.django_db
def test_what_is_turned_is_judged_and_shown_as_turned_and_kept_as_it_came(
    signed: Customer, as_verifier: Client
) -> None:
    page, where = cheque(11, 9)
    upright = post(as_verifier, signed, png(page), area=as_text(where))["Location"]
    lying = png(np.rot90(page))
    answer = post(as_verifier, signed, lying, area=as_text(where), turn="90")["Location"]
    first, turned = Verification.objects.order_by("pk")
    assert (turned.turn, Box(**turned.area), turned.box) == (90, where, first.box)
    assert (turned.score, turned.distances) == (first.score, first.distances)
    assert unseal(bytes(turned.image), context=str(turned.public_id)) == lying
    for view in ("original", "place", "clip", "ink"):
        shown = [as_verifier.get(f"{address}image.png?view={view}").content for address in (upright, answer)]
        assert shown[0] == shown[1], view
    told = "90° to the right before it was judged"
    assert told in as_verifier.get(answer).content.decode()
    assert told not in as_verifier.get(upright).content.decode()


@pytest.mark.django_db
def test_a_turn_that_is_no_quarter_is_refused(signed: Customer, as_verifier: Client) -> None:
    assert post(as_verifier, signed, png(cheque()[0]), turn="45").status_code == 422
    assert not Verification.objects.exists()
    with pytest.raises(IntegrityError, match="turned_by_quarters"), transaction.atomic():
        post(as_verifier, signed, signature_png(make_signer(11), 30))
        Verification.objects.update(turn=45)


@pytest.mark.django_db
def test_the_preview_is_turned_with_its_places(as_verifier: Client) -> None:
    page, where = cheque(11, 9)

    def look(turn: str) -> Any:
        upload = SimpleUploadedFile("cheque.png", png(np.rot90(page, -1)), "image/png")
        return as_verifier.post(reverse("verification:preview"), {"image": upload, "turn": turn})

    answer = look("270")
    assert answer["X-Page-Size"] == "1700,760"
    left, top, right, bottom = json.loads(answer["X-Boxes"])[0]
    assert left < where.left < where.right < right + 12
    assert top < where.top < where.bottom < bottom + 12
    assert look("0")["X-Page-Size"] == look("sideways")["X-Page-Size"] == "760,1700"


@pytest.mark.django_db
def test_the_preview_tells_size_pages_and_places(as_verifier: Client) -> None:
    page, where = cheque(11, 9)
    upload = SimpleUploadedFile("cheque.tif", tiff(np.full_like(page, 250), page), "image/tiff")
    answer = as_verifier.post(reverse("verification:preview"), {"image": upload, "page": "2"})
    assert (answer["X-Page-Size"], answer["X-Pages"]) == ("1700,760", "2")
    left, top, right, bottom = json.loads(answer["X-Boxes"])[0]
    assert left < where.left < where.right < right + 12
    assert top < where.top < where.bottom < bottom + 12
    upload.seek(0)
    assert as_verifier.post(reverse("verification:preview"), {"image": upload, "page": "9"}).status_code == 422


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_box_is_moved_by_keys_and_a_page_chosen(page: Page, live_server: Any, signed: Customer) -> None:
    drawn, _where = cheque(11, 9)
    log_in(page, live_server, make_user(*VERIFIER, username="vic"))
    page.goto(f"{live_server.url}/verify/{signed.public_id}/")
    data = tiff(np.full_like(drawn, 250), drawn)
    page.set_input_files("input[type=file]", {"name": "c.tif", "mimeType": "image/tiff", "buffer": data})
    number = page.get_by_label("Page")
    expect(number).to_be_visible()
    expect(page.get_by_text("of 2")).to_be_visible()
    number.fill("2")
    number.press("Tab")
    box = page.get_by_role("group", name="Box around the signature")
    expect(box).to_be_visible()
    area = page.locator("[name=area]")
    expect(area).not_to_have_value("")
    before = [int(part) for part in area.input_value().split(",")]
    box.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    after = [int(part) for part in area.input_value().split(",")]
    assert after[0] < before[0]
    assert after[2] < before[2]
    assert (after[1], after[3] > before[3]) == (before[1], True)
    page.keyboard.press("2")
    assert area.input_value() not in ("", ",".join(map(str, after)))
    page.keyboard.press("1")
    assert [int(part) for part in area.input_value().split(",")] == before
    page.keyboard.press("Enter")
    page.wait_for_url("**/verifications/*-*/")
    page.wait_for_load_state("networkidle")
    made = Verification.objects.get()
    assert made.page == 1
    assert [made.area[side] for side in ("left", "top", "right", "bottom")] == before


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_place_on_the_page_is_fetched_when_it_is_opened(page: Page, live_server: Any, signed: Customer) -> None:
    drawn, where = cheque(11, 9)
    teller = make_user(*VERIFIER, "verification.review_verification", username="vic")
    verification_run(
        actor=teller, customer=signed, data=png(drawn), area=where, request_token=uuid.uuid4(), cheque_number="1"
    )
    Verification.objects.update(verdict="refer", asked_by=make_user())
    looks = AuditEvent.objects.filter(action="signature.viewed", details__view="place")
    log_in(page, live_server, teller)
    for count, address in enumerate((f"/verifications/{Verification.objects.get().public_id}/", "/review/"), start=1):
        page.goto(live_server.url + address)
        page.wait_for_load_state("networkidle")
        assert looks.count() == count - 1
        page.get_by_text("Where on the page").focus()
        page.keyboard.press("Enter")
        picture = page.get_by_alt_text("The page; only what is in the box")
        expect(picture).to_be_visible()
        expect(picture).to_have_js_property("naturalWidth", 1600)
        assert looks.count() == count


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_box_is_drawn_with_the_mouse_and_a_lone_signature_needs_none(
    page: Page, live_server: Any, signed: Customer
) -> None:
    log_in(page, live_server, make_user(*VERIFIER, username="vic"))
    page.goto(f"{live_server.url}/verify/{signed.public_id}/")
    data = signature_png(make_signer(11), 30)
    page.set_input_files("input[type=file]", {"name": "s.png", "mimeType": "image/png", "buffer": data})
    choose = page.get_by_role("button", name="Choose the part to judge")
    expect(choose).to_be_visible()
    assert page.locator("[name=area]").input_value() == ""
    choose.click()
    seen = page.locator("#vf-frame").bounding_box()
    assert seen is not None
    page.mouse.move(seen["x"] + 2, seen["y"] + 2)
    page.mouse.down()
    page.mouse.move(seen["x"] + seen["width"] / 2, seen["y"] + seen["height"] / 2, steps=4)
    page.mouse.up()
    left, top, right, bottom = (int(part) for part in page.locator("[name=area]").input_value().split(","))
    assert (left, top) < (12, 12)
    assert right > 10 * max(left, 1)
    assert bottom > 5 * max(top, 1)
