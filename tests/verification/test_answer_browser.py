"""Customer, image, Enter: the verdict comes without a reload, and Back brings everything back."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from customers.models import Customer
from mlcore.models import ModelVersion
from mlcore.synthesis import make_signer, signature_png
from tests.mlcore.making import VERIFIER, make_customer, make_specimen, make_user
from tests.mlcore.pages_of_cheques import cheque, png
from tests.test_accessibility import prefer, violations
from tests.verification.test_browser import log_in
from verification.models import Verification

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIGNER = 11
# A camera that sees a stroke.
CAMERA = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  canvas.getContext("2d").fillRect(100, 100, 300, 20);
  window.stream = canvas.captureStream(5);
  return window.stream;
};
"""


@pytest.fixture
def form(page: Page, live_server: Any, base: ModelVersion) -> Page:
    """The form of a customer, opened by a verifier."""
    customer = make_customer(name="Ada Sample")
    for seed in range(3):
        make_specimen(customer, data=signature_png(make_signer(SIGNER), seed))
    log_in(page, live_server, make_user(*VERIFIER))
    page.goto(f"{live_server.url}/verify/{customer.public_id}/")
    return page


def choose(page: Page, data: bytes, name: str = "cheque.png") -> None:
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "", "buffer": data})


def pdf(*pages: np.ndarray) -> bytes:
    out = io.BytesIO()
    first, *rest = (Image.fromarray(page) for page in pages)
    first.save(out, "PDF", save_all=True, append_images=rest, resolution=200)
    return out.getvalue()


def area(page: Page) -> str:
    return page.locator("[name=area]").input_value()


def test_enter_at_once_is_judged_on_the_best_box_and_back_keeps_file_and_box(form: Page) -> None:
    form.evaluate("window.same = true")
    choose(form, png(cheque(SIGNER, 9)[0]))
    form.get_by_label("Amount").fill("12.50")
    form.keyboard.press("Enter")
    form.wait_for_url("**/verifications/*-*/")
    expect(form.locator("h1")).to_be_focused()
    assert form.evaluate("window.same") is True
    made = Verification.objects.get()
    assert made.area is not None
    assert made.area["left"] > 1200
    assert made.score < made.t_no_match
    form.get_by_role("button", name="Look closer").first.click()
    expect(form.get_by_role("dialog")).to_be_visible()
    form.keyboard.press("Escape")

    form.go_back()
    expect(form.get_by_label("Amount")).to_have_value("12.50")
    assert area(form) == "{left},{top},{right},{bottom}".format(**made.area)
    assert form.evaluate("document.querySelector('#vf-form input[type=file]').files.length") == 1
    # Enter once more puts the same question, and gets the verdict that is there already.
    form.keyboard.press("Enter")
    form.wait_for_url("**/verifications/*-*/")
    assert Verification.objects.count() == 1

    form.reload()
    expect(form.locator("#vf-word")).to_be_visible()
    form.go_back()
    expect(form.locator("#vf-form")).to_be_visible()
    form.wait_for_load_state("networkidle")


def test_a_page_of_a_pdf_is_turned_and_the_whole_page_taken_by_keys(form: Page) -> None:
    drawn, _where = cheque(SIGNER, 9)
    choose(form, pdf(np.full_like(drawn, 250), drawn), "letter.pdf")
    box = form.get_by_role("group", name="Box around the signature")
    expect(box).to_be_focused()
    form.keyboard.press("PageDown")
    expect(form.get_by_label("Page", exact=True)).to_have_value("2")
    expect(form.get_by_role("button", name="Place 1 of")).to_have_attribute("aria-pressed", "true")
    best = area(form)
    form.keyboard.press("0")
    assert area(form) == ""
    expect(form.get_by_role("button", name="Whole page")).to_have_attribute("aria-pressed", "true")
    form.keyboard.press("1")
    assert area(form) == best
    form.keyboard.press("Shift+ArrowRight")
    assert int(area(form).split(",")[2]) > int(best.split(",")[2])
    expect(form.locator("#vf-where")).to_contain_text("Box at")
    form.get_by_role("button", name="Place 1 of").click()
    form.keyboard.press("Enter")
    form.wait_for_url("**/verifications/*-*/")
    form.wait_for_load_state("networkidle")
    made = Verification.objects.get()
    assert (made.page, made.media_type) == (1, "application/pdf")
    assert made.score < made.t_no_match


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_with_boxes_has_no_violation(form: Page, theme: str) -> None:
    prefer(form, theme)
    choose(form, pdf(cheque(SIGNER, 9)[0], cheque(SIGNER, 9)[0]), "letter.pdf")
    expect(form.get_by_role("group", name="Box around the signature")).to_be_focused()
    assert violations(form) == []


def test_a_corner_is_pulled(form: Page) -> None:
    choose(form, png(cheque(SIGNER, 9)[0]))
    box = form.get_by_role("group", name="Box around the signature")
    expect(box).to_be_focused()
    before = [int(side) for side in area(form).split(",")]
    seen = box.bounding_box()
    assert seen is not None
    form.mouse.move(seen["x"] + 1, seen["y"] + 1)
    form.mouse.down()
    form.mouse.move(seen["x"] - 39, seen["y"] - 19, steps=3)
    form.mouse.up()
    after = [int(side) for side in area(form).split(",")]
    assert after[0] < before[0] - 50
    assert after[1] < before[1] - 20
    assert after[2:] == before[2:]


def test_a_picture_of_20000_by_20000_is_refused_at_once_and_what_was_typed_stays(form: Page) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(20_000 * 2501))
    form.get_by_label("Amount").fill("12.50")
    form.get_by_label("Cheque number").fill("000123")
    choose(form, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    expect(form.locator("#vf-file")).to_contain_text("more than 40 million pixels")
    form.get_by_role("button", name="Verify", exact=True).click()
    expect(form.get_by_role("alert").filter(has_text="Nothing was judged.")).to_be_focused()
    expect(form.get_by_label("Amount")).to_have_value("12.50")
    expect(form.get_by_label("Cheque number")).to_have_value("000123")


def test_a_picture_on_its_side_is_turned_by_its_camera_s_word_or_it_is_said(form: Page) -> None:
    upright = Image.open(io.BytesIO(signature_png(make_signer(SIGNER), 30))).convert("L")
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    word = Image.Exif()
    word[0x0112] = 6
    told, silent = io.BytesIO(), io.BytesIO()
    lying.save(told, "JPEG", quality=95, exif=word)
    lying.save(silent, "JPEG", quality=95)
    choose(form, told.getvalue(), "told.jpg")
    preview = form.get_by_alt_text("The chosen file")
    expect(preview).to_be_visible()
    assert preview.evaluate("image => image.naturalWidth > image.naturalHeight")
    expect(form.locator("#vf-file")).not_to_contain_text("side")
    choose(form, silent.getvalue(), "silent.jpg")
    expect(form.locator("#vf-file")).to_contain_text("seems to lie on its side")
    form.get_by_role("button", name="Turn right").press("Enter")
    expect(form.locator("#vf-file")).to_have_text(re.compile(r"silent.jpg · \d+ kB · turned 90° to the right"))
    expect(form.get_by_role("button", name="Turn right")).to_be_focused()
    expect(preview).to_have_js_property("naturalWidth", upright.width)
    form.locator("#vf-submit").press("Enter")
    form.wait_for_url("**/verifications/*-*/")
    form.wait_for_load_state("networkidle")
    made = Verification.objects.get()
    assert made.turn == 90
    assert made.score < made.t_no_match
    expect(form.get_by_text("90° to the right before it was judged")).to_be_visible()


def test_a_cheque_on_its_side_is_turned_by_a_key_and_its_places_are_found_anew(form: Page) -> None:
    lying = np.rot90(cheque(SIGNER, 9)[0])
    choose(form, pdf(np.full_like(lying, 250), lying), "lying.pdf")
    box = form.get_by_role("group", name="Box around the signature")
    expect(box).to_be_focused()
    form.keyboard.press("PageDown")
    expect(form.locator("#vf-where")).to_have_text("Page 2 of 2")
    with form.expect_response("**/preview/"):
        form.keyboard.press("t")
    # Whoever is quicker than the picture is judged on the box that it brings.
    form.keyboard.press("Enter")
    form.wait_for_url("**/verifications/*-*/")
    form.wait_for_load_state("networkidle")
    made = Verification.objects.get()
    assert (made.page, made.turn) == (1, 90)
    assert made.area["left"] > 1200
    assert made.score < made.t_no_match
    form.go_back()
    expect(form.locator("#vf-file")).to_contain_text("turned 90° to the right")
    box.focus()
    form.keyboard.press("Shift+T")
    expect(form.locator("#vf-file")).not_to_contain_text("turned")
    choose(form, signature_png(make_signer(SIGNER), 31), "another.png")
    expect(form.get_by_alt_text("The chosen file")).to_be_visible()
    expect(form.locator("[name=turn]")).to_have_value("0")


def test_a_photograph_is_taken_with_the_camera(form: Page) -> None:
    form.evaluate(CAMERA)
    form.get_by_role("button", name="Photograph").click()
    form.get_by_role("button", name="Take the picture").click()
    expect(form.locator("#vf-file")).to_contain_text("photograph.jpg")
    assert form.evaluate("window.stream.getTracks()[0].readyState") == "ended"


def test_without_https_it_is_said_why_there_is_no_camera(form: Page) -> None:
    form.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    form.reload()
    expect(form.get_by_text("Photographing here needs HTTPS")).to_be_visible()
    expect(form.get_by_role("button", name="Photograph")).to_be_hidden()


def test_dragging_by_touch_moves_the_box(browser: Any, live_server: Any, base: ModelVersion) -> None:
    customer: Customer = make_customer(name="Ada Sample")
    make_specimen(customer, data=signature_png(make_signer(SIGNER), 1))
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    log_in(page, live_server, make_user(*VERIFIER))
    page.goto(f"{live_server.url}/verify/{customer.public_id}/")
    choose(page, png(cheque(SIGNER, 9)[0]))
    box = page.get_by_role("group", name="Box around the signature")
    expect(box).to_be_visible()
    before = [int(side) for side in area(page).split(",")]
    box.scroll_into_view_if_needed()
    seen = box.bounding_box()
    touch = context.new_cdp_session(page)
    x, y = seen["x"] + seen["width"] / 2, seen["y"] + seen["height"] / 2
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x - 40, "y": y - 20}]),
        ("touchEnd", []),
    ):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    after = [int(side) for side in area(page).split(",")]
    assert after[0] < before[0] - 100
    assert after[2] - after[0] == pytest.approx(before[2] - before[0], abs=1)
    context.close()
