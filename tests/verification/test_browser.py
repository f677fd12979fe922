"""The way of a signature through the pages, in a real browser: enrol, approve, verify, read the verdict."""

from __future__ import annotations

import io
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from PIL import Image
from playwright.sync_api import Page, expect

from customers.models import Specimen
from mlcore.models import ModelVersion
from mlcore.synthesis import make_signer, signature_png
from sigweb.accounts.models import Branch, User
from sigweb.audit.models import AuditEvent
from tests.browser import OpenPage
from tests.mlcore.making import VERIFIER, drawn_page, drawn_png, make_customer, make_specimen, make_user
from verification.models import Verification
from verification.services import verification_run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TELLER = (*VERIFIER, "customers.add_customer", "customers.change_customer", "customers.enrol_specimen")
SUPERVISOR = (*VERIFIER, "customers.approve_specimen", "customers.retire_specimen")
SIGNER = 13  # a steady hand: what an unsteady one is answered is no matter of these pages


def log_in(page: Page, live_server: Any, user: User) -> None:
    client = Client()
    client.force_login(user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])


def picture(name: str, data: bytes) -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": data}


def test_a_signer_is_enrolled_approved_and_verified(page: Page, live_server: Any, base: ModelVersion) -> None:
    signer = make_signer(SIGNER)
    Branch.objects.create(code="001", name="Main Street")

    log_in(page, live_server, make_user(*TELLER, username="teller"))
    page.goto(f"{live_server.url}/customers/enrol/")
    page.get_by_label("Customer number").fill("k-4711")
    page.get_by_label("Name").fill(signer.name)
    page.get_by_label("Branch").select_option(label="001 Main Street")
    specimens = [picture(f"card-{seed}.png", signature_png(signer, seed)) for seed in range(5)]
    page.set_input_files("#files", specimens)
    expect(page.locator("[data-draft]")).to_have_count(5)
    page.click("#submit")
    expect(page.get_by_role("heading", name=signer.name)).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)

    log_in(page, live_server, make_user(*SUPERVISOR, username="supervisor"))
    page.reload()
    for left in range(5, 0, -1):
        expect(page.get_by_role("button", name="Approve")).to_have_count(left)
        page.wait_for_load_state("networkidle")
        page.get_by_role("button", name="Approve").first.click()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert Specimen.objects.filter(state="approved").count() == 5

    page.get_by_role("link", name="Verify", exact=True).click()
    page.get_by_label("Name or customer number").fill(signer.name.split()[0])
    page.get_by_role("link", name=signer.name).click()
    page.set_input_files("input[type=file]", picture("cheque.png", signature_png(signer, 100)))
    expect(page.get_by_alt_text("The chosen file")).to_be_visible()
    page.get_by_label("Amount").fill("1,250.50")
    page.get_by_label("Cheque number").fill("000123")
    page.get_by_role("button", name="Verify", exact=True).click()

    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".vf-pair")).to_have_count(5)
    page.wait_for_load_state("networkidle")
    made = Verification.objects.get()
    assert page.url.endswith(f"/verifications/{made.public_id}/")
    assert made.verdict in ("match", "refer")
    assert made.score < made.t_no_match
    assert AuditEvent.objects.filter(action="signature.viewed", object_id=made.public_id).exists()

    # Somebody else's signature for this customer.
    page.get_by_role("link", name="Same customer again").click()
    page.set_input_files("input[type=file]", picture("other.png", signature_png(make_signer(SIGNER + 1), 1)))
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("heading", name="No match")).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_a_slip_in_the_form_loses_neither_file_nor_words(page: Page, live_server: Any, champion: ModelVersion) -> None:
    customer = make_customer()
    make_specimen(customer)
    log_in(page, live_server, make_user(*VERIFIER))
    page.goto(f"{live_server.url}/verify/{customer.public_id}/")
    page.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    page.get_by_label("Amount").fill("a lot")
    page.get_by_label("Cheque number").fill("000123")
    page.get_by_role("button", name="Verify", exact=True).click()
    alert = page.get_by_role("alert").filter(has_text="Nothing was judged.")
    expect(alert).to_be_focused()
    expect(page.get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Amount").fill("12.50")
    page.get_by_label("Amount").press("Enter")
    page.wait_for_url("**/verifications/**")
    page.wait_for_load_state("networkidle")
    made = Verification.objects.get()
    assert (str(made.amount), made.cheque_number) == ("12.50", "000123")


def test_a_missing_image_is_no_longer_asked_for_once_it_is_there(
    page: Page, live_server: Any, champion: ModelVersion
) -> None:
    customer = make_customer()
    make_specimen(customer)
    log_in(page, live_server, make_user(*VERIFIER))
    page.goto(f"{live_server.url}/verify/{customer.public_id}/")
    page.get_by_label("Amount").fill("a lot")
    page.get_by_role("button", name="Verify", exact=True).click()
    alert = page.get_by_role("alert").filter(has_text="Nothing was judged.")
    expect(alert).to_contain_text("Choose the image of the signature.")
    page.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    expect(alert).not_to_contain_text("Choose the image")
    expect(alert).to_contain_text("Amount")
    page.get_by_label("Amount").fill("")
    page.set_input_files("input[type=file]", [])
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(alert).to_contain_text("Choose the image of the signature.")
    page.set_input_files("input[type=file]", picture("cheque.png", drawn_png(1)))
    expect(alert).to_have_count(0)


def test_an_empty_file_is_said_to_be_empty(page: Page, live_server: Any, champion: ModelVersion) -> None:
    customer = make_customer()
    make_specimen(customer)
    log_in(page, live_server, make_user(*VERIFIER))
    page.goto(f"{live_server.url}/verify/{customer.public_id}/")
    page.set_input_files("input[type=file]", picture("nothing.png", b""))
    expect(page.locator("#vf-file")).to_contain_text("nothing.png · This file is empty and will be refused.")
    expect(page.locator("#vf-file")).not_to_contain_text("kB")


def test_a_tiff_is_shown_before_it_is_verified(page: Page, live_server: Any, champion: ModelVersion) -> None:
    customer = make_customer()
    make_specimen(customer)
    scan = io.BytesIO()
    Image.fromarray(drawn_page(1)).convert("1").save(scan, "TIFF", compression="group4")
    log_in(page, live_server, make_user(*VERIFIER))
    page.goto(f"{live_server.url}/verify/{customer.public_id}/")
    page.set_input_files("input[type=file]", {"name": "scan.tif", "mimeType": "image/tiff", "buffer": scan.getvalue()})
    expect(page.get_by_alt_text("The chosen file")).to_be_visible()
    page.set_input_files("input[type=file]", {"name": "x.tif", "mimeType": "image/tiff", "buffer": b"no image"})
    expect(page.locator("#vf-file")).to_contain_text("x.tif")
    expect(page.locator("#vf-file")).to_contain_text("not a picture that can be read")
    expect(page.get_by_alt_text("The chosen file")).to_be_hidden()


def test_coming_back_shows_the_file_that_the_browser_kept(
    page: Page, live_server: Any, champion: ModelVersion, tmp_path: Path
) -> None:
    # From a file on disk: a browser forgets one that was only ever in memory.
    cheque = tmp_path / "cheque.png"
    cheque.write_bytes(drawn_png(1))
    customer = make_customer()
    make_specimen(customer)
    log_in(page, live_server, make_user(*VERIFIER))
    page.goto(f"{live_server.url}/verify/{customer.public_id}/")
    page.set_input_files("input[type=file]", cheque)
    page.get_by_role("button", name="Verify").click()
    page.wait_for_url("**/verifications/*/")
    page.go_back()
    expect(page.locator("#vf-form")).to_be_visible()
    assert page.evaluate("document.querySelector('#vf-form input[type=file]').files.length") == 1
    expect(page.locator("#vf-file")).to_contain_text("cheque.png")
    expect(page.get_by_alt_text("The chosen file")).to_be_visible()


def test_the_keyboard_alone_is_enough(page: Page, live_server: Any, champion: ModelVersion) -> None:
    for name in ("Ada Sample", "Ada Samuel"):
        make_specimen(make_customer(name=name))
    log_in(page, live_server, make_user(*VERIFIER))
    page.goto(f"{live_server.url}/verify/")
    expect(page.locator("#vf-text")).to_be_focused()
    page.keyboard.type("ada sam")
    expect(page.locator(".results a")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/verify/*-*/")
    expect(page.get_by_label("Choose or drop the questioned signature")).to_have_count(1)


def test_without_scripts_a_verification_works_too(browser: Any, live_server: Any, champion: ModelVersion) -> None:
    customer = make_customer(name="Ada Sample")
    make_specimen(customer, data=drawn_png(9))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in(page, live_server, make_user(*VERIFIER))
    page.goto(f"{live_server.url}/verify/")
    page.fill("#vf-text", "ada")
    page.click("text=Search")
    page.click("text=Ada Sample")
    lying = io.BytesIO()
    Image.fromarray(drawn_page(9, again=2)).transpose(Image.Transpose.ROTATE_90).save(lying, "PNG")
    page.set_input_files("input[type=file]", picture("cheque.png", lying.getvalue()))
    page.get_by_role("combobox", name="Turn").select_option(label="A quarter to the right")
    page.click("#vf-submit")
    assert page.locator("h1").inner_text() == "Match"
    page.wait_for_load_state("networkidle")
    context.close()


def test_on_a_tablet_the_verdict_the_scale_and_the_closest_are_seen_at_once(
    open_page: OpenPage, live_server: Any, champion: ModelVersion
) -> None:
    customer = make_customer(special_instructions="Only with a second signature.", always_refer=True)
    for seed in range(5):
        make_specimen(customer, data=drawn_png(1, again=seed))
    reviewer = make_user(*VERIFIER, "verification.review_verification")
    asker = make_user(*VERIFIER)
    made = verification_run(actor=asker, customer=customer, data=drawn_png(1, again=9), request_token=uuid.uuid4())
    tall, wide = {"width": 820, "height": 1180}, {"width": 1280, "height": 900}
    for size, seen in ((tall, ("h1", ".vf-scale", ".vf-decide", ".vf-pair >> nth=1")), (wide, ("h1", ".vf-pair"))):
        with open_page(size) as page:
            log_in(page, live_server, reviewer)
            page.goto(f"{live_server.url}/verifications/{made.public_id}/")
            page.wait_for_load_state("networkidle")
            for part in (".vf-questioned", *seen):
                box = page.locator(part).first.bounding_box()
                assert box, part
                assert box["y"] + box["height"] <= size["height"], (part, size)
            assert page.evaluate("document.documentElement.scrollHeight") <= 2000
