"""Enrolment in a real browser: camera, paste, crop, and whatever may go wrong in the middle."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from customers.models import Customer, Specimen
from tests.customers.making import signature
from tests.customers.test_browser import PASSWORD, files, log_in
from tests.customers.test_leaves import scan, sideways
from tests.test_accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A camera that sees one picture on a desk.
CAMERA = """
Object.defineProperty(window, "isSecureContext", { value: true });
const see = async () => {
  const canvas = document.createElement("canvas");
  canvas.width = 1280;
  canvas.height = 720;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#f2f2f2";
  pen.fillRect(0, 0, 1280, 720);
  const image = new Image();
  image.src = "data:image/png;base64,%s";
  await image.decode();
  pen.drawImage(image, 400, 250);
  setInterval(() => pen.fillRect(0, 0, 2, 2), 50);
  return canvas.captureStream(20);
};
const devices = { getUserMedia: see, enumerateDevices: async () => [] };
Object.defineProperty(navigator, "mediaDevices", { value: devices });
"""
REFUSING = """
Object.defineProperty(window, "isSecureContext", { value: true });
const refuse = async () => { throw new DOMException("no", "NotAllowedError"); };
Object.defineProperty(navigator, "mediaDevices", { value: { getUserMedia: refuse } });
"""
KEPT = "Object.keys(sessionStorage).filter((key) => key.startsWith('sigweb:')).length"
INSECURE = 'Object.defineProperty(window, "isSecureContext", { value: false });'


def enrol(page: Page, server: LiveServer) -> None:
    log_in(page, server, "teller")
    page.goto(f"{server.url}/customers/enrol/")


def card(page: Page, name: str) -> Locator:
    return page.locator(".draft", has=page.locator(".file", has_text=name))


def test_without_https_the_page_says_why_there_is_no_camera(page: Page, live_server: LiveServer) -> None:
    page.add_init_script(INSECURE)
    enrol(page, live_server)
    expect(page.get_by_text("Photographing here needs HTTPS")).to_be_visible()
    expect(page.get_by_role("button", name="Photograph")).to_be_hidden()


def test_a_camera_that_is_refused_says_what_to_do(page: Page, live_server: LiveServer) -> None:
    page.add_init_script(REFUSING)
    enrol(page, live_server)
    expect(page.get_by_text("Photographing here needs HTTPS")).to_be_hidden()
    page.get_by_role("button", name="Photograph").click()
    expect(page.locator("#camera-status")).to_contain_text("Allow it beside the address")
    expect(page.get_by_role("button", name="Take the picture")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Enrol a customer")).to_be_visible()


def test_a_signature_is_photographed_cut_and_checked(page: Page, live_server: LiveServer) -> None:
    page.add_init_script(CAMERA % base64.b64encode(signature(1)).decode())
    enrol(page, live_server)
    page.get_by_role("button", name="Photograph").click()
    expect(page.locator("#camera-status")).to_contain_text("straight above the paper")
    page.keyboard.press("Enter")
    expect(page.locator("#crop-size")).to_contain_text("pixels")
    page.get_by_role("button", name="Use this part").click()
    expect(page.locator("#camera-status")).to_contain_text("1 added")
    page.get_by_role("button", name="Finish").click()
    expect(card(page, "photograph 1.png").get_by_label("Enrol this one")).to_be_checked()
    assert page.evaluate("document.getElementById('camera-video').srcObject") is None
    row = Specimen.objects.get()
    assert row.width == pytest.approx(0.92 * 1280, abs=2)
    assert row.height == pytest.approx(0.92 * 720, abs=2)


def test_a_picture_is_pasted(page: Page, live_server: LiveServer) -> None:
    enrol(page, live_server)
    page.evaluate(
        """text => {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const clipboardData = new DataTransfer();
          clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
          document.dispatchEvent(new ClipboardEvent("paste", { clipboardData }));
        }""",
        base64.b64encode(signature(1)).decode(),
    )
    expect(card(page, "image.png").get_by_label("Enrol this one")).to_be_checked()


def test_a_draft_is_cut_and_turned_by_keyboard_and_replaced(
    page: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    enrol(page, live_server)
    page.set_input_files("#files", files(tmp_path, one=signature(1)))
    expect(page.get_by_label("Enrol this one")).to_be_checked()
    before = Specimen.objects.get()
    page.get_by_role("button", name="Crop or turn").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#crop-stage")).to_be_focused()
    expect(page.locator("#crop-size")).to_contain_text("pixels")
    whole = page.locator("#crop-size").inner_text()
    for key in ("Shift+ArrowLeft", "Shift+ArrowUp", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert page.locator("#crop-size").inner_text() != whole
    page.get_by_role("button", name="Turn right").press("Enter")
    page.locator("#crop-stage").press("Enter")
    expect(page.locator(f'[data-draft="{before.public_id}"]')).to_have_count(0)
    expect(page.get_by_label("Enrol this one")).to_have_count(1)
    expect(page.get_by_role("button", name="Crop or turn")).to_be_focused()
    after = Specimen.objects.get()
    assert after.pk != before.pk
    assert after.height > after.width
    assert before.width * 0.85 < after.height < before.width


def test_leaving_the_dialog_changes_nothing(page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    enrol(page, live_server)
    page.set_input_files("#files", files(tmp_path, one=signature(1)))
    page.get_by_role("button", name="Crop or turn").click()
    expect(page.locator("#crop-size")).to_contain_text("pixels")
    page.keyboard.press("Escape")
    expect(page.locator("#crop")).to_be_hidden()
    expect(page.get_by_label("Enrol this one")).to_be_checked()
    expect(page.get_by_role("button", name="Crop or turn")).to_be_focused()


def test_a_file_that_is_too_large_is_cut_here(page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    enrol(page, live_server)
    signed = Image.open(io.BytesIO(signature(1))).convert("RGB")
    sheet = Image.new("RGB", (2000, 2000), signed.getpixel((2, 2)))
    sheet.paste(signed, (700, 900))
    sheet.save(tmp_path / "large.bmp")
    (tmp_path / "huge.png").write_bytes(b"\0" * 50 * 1024 * 1024)
    page.set_input_files("#files", [tmp_path / "large.bmp", tmp_path / "huge.png"])
    expect(card(page, "huge.png")).to_contain_text("larger than 10 MB")
    card(page, "large.bmp").get_by_role("button", name="Crop or turn").click()
    expect(page.locator("#crop-size")).to_have_text("1840 × 1840 pixels")
    page.get_by_role("button", name="Use this part").click()
    expect(card(page, "large.png").get_by_label("Enrol this one")).to_be_checked()
    card(page, "huge.png").get_by_role("button", name="Crop or turn").click()
    expect(page.locator("#crop-size")).to_contain_text("can not show the picture")
    assert Specimen.objects.count() == 1


def test_what_comes_through_only_the_second_time_is_tried_again(
    browser: Browser, live_server: LiveServer, tmp_path: Path
) -> None:
    page = browser.new_page()  # the fixture `page` would refuse the error that Chromium logs
    enrol(page, live_server)
    page.route("**/customers/drafts/", lambda route: route.abort())
    page.set_input_files("#files", files(tmp_path, one=signature(1)))
    expect(card(page, "one.png")).to_contain_text("The server can not be reached.")
    page.unroute("**/customers/drafts/")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_label("Enrol this one")).to_be_checked()
    page.close()


def fill(page: Page, tmp_path: Path) -> None:
    page.set_input_files("#files", files(tmp_path, one=signature(1), two=signature(2)))
    expect(page.get_by_label("Enrol this one")).to_have_count(2)
    page.get_by_label("Customer number").fill("4711")
    page.get_by_label("Name", exact=True).fill("José Müller")
    page.get_by_label("Special instructions").fill("Two signatures above 500.")
    page.get_by_label("Always refer").check()
    page.get_by_label("Signed on").fill("2020-02-29")
    card(page, "two.png").get_by_label("Enrol this one").uncheck()


def expect_filled(page: Page) -> None:
    expect(page.get_by_label("Customer number")).to_have_value("4711")
    expect(page.get_by_label("Name", exact=True)).to_have_value("José Müller")
    expect(page.get_by_label("Special instructions")).to_have_value("Two signatures above 500.")
    expect(page.get_by_label("Always refer")).to_be_checked()
    expect(page.get_by_label("Signed on")).to_have_value("2020-02-29")
    expect(card(page, "one.png").get_by_label("Enrol this one")).to_be_checked()
    expect(card(page, "two.png").get_by_label("Enrol this one")).not_to_be_checked()
    expect(page.locator("#tally")).to_contain_text("1 chosen")


def test_a_reload_keeps_what_was_typed_and_back_after_enrolling_shows_the_customer(
    page: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    enrol(page, live_server)
    fill(page, tmp_path)
    page.reload()
    expect_filled(page)
    page.get_by_role("button", name="Enrol the chosen pictures").click()
    expect(page.get_by_role("heading", name="José Müller")).to_be_visible()
    assert page.evaluate(KEPT) == 0
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", name="José Müller")).to_be_visible()
    assert (Customer.objects.count(), Specimen.objects.count()) == (1, 1)


def test_a_log_in_that_ran_out_costs_nothing(page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    enrol(page, live_server)
    fill(page, tmp_path)
    Session.objects.all().delete()
    page.set_input_files("#files", files(tmp_path, three=signature(3)))
    expect(card(page, "three.png")).to_contain_text("You have been logged out.")
    page.get_by_role("button", name="Enrol the chosen pictures").click()
    page.fill("#id_username", "tara")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    expect_filled(page)
    page.get_by_role("button", name="Enrol the chosen pictures").click()
    expect(page.get_by_role("heading", name="José Müller")).to_be_visible()
    assert Customer.objects.get().always_refer


def test_logging_out_leaves_nothing_in_the_tab(page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    enrol(page, live_server)
    page.get_by_label("Name", exact=True).fill("José Müller")
    assert page.evaluate(KEPT) == 1
    page.get_by_role("button", name="Tara Ellison").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{live_server.url}/login/")
    assert page.evaluate(KEPT) == 0


def test_the_dialogs_fit_a_telephone(narrow_page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    page = narrow_page
    enrol(page, live_server)
    page.set_input_files("#files", files(tmp_path, one=signature(1)))
    page.get_by_role("button", name="Crop or turn").click()
    expect(page.locator("#crop-size")).to_contain_text("pixels")
    page.get_by_role("button", name="Turn left").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#crop-use").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    assert box["y"] + box["height"] <= 844


def test_another_page_of_a_file_is_added_by_keyboard(page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    scanned = tmp_path / "cards.tif"
    scanned.write_bytes(scan(signature(1), signature(2), signature(3)))
    enrol(page, live_server)
    page.set_input_files("#files", [scanned])
    first = card(page, "cards.tif").first
    expect(first).to_contain_text("The file has 3 pages; this is page 1.")
    first.get_by_label("Page").press("Enter")
    expect(card(page, "cards.tif, page 2")).to_contain_text("Enrol this one")
    expect(first.get_by_label("Page")).to_have_value("3")
    first.get_by_role("button", name="Add this page").click()
    expect(card(page, "cards.tif, page 3")).to_contain_text("Enrol this one")
    expect(page.locator("#tally")).to_have_text("3 chosen.")
    page.reload()
    expect(page.locator("#tally")).to_have_text("3 chosen.")


def test_after_cropping_the_first_page_the_others_can_still_be_added(
    page: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    scanned = tmp_path / "cards.tif"
    scanned.write_bytes(scan(signature(1), signature(2)))
    enrol(page, live_server)
    page.set_input_files("#files", [scanned])
    whole = card(page, "cards.tif").first
    whole.get_by_role("button", name="Crop or turn").click()
    expect(page.locator("#crop-size")).to_contain_text("pixels")
    page.locator("#crop-use").click()
    expect(card(page, "cards.png")).to_contain_text("The whole file stays in the list, unticked")
    expect(whole.get_by_label("Enrol this one")).not_to_be_checked()
    expect(page.locator("#tally")).to_contain_text("1 chosen.")
    whole.get_by_role("button", name="Add this page").click()
    expect(card(page, "cards.tif, page 2")).to_contain_text("Enrol this one")
    expect(page.locator("#tally")).to_contain_text("2 chosen.")
    page.reload()
    expect(page.locator("#tally")).to_contain_text("2 chosen.")
    expect(whole.get_by_label("Enrol this one")).not_to_be_checked()


def test_a_photograph_on_its_side_is_turned_on_its_card(page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    lying = tmp_path / "photo.png"
    lying.write_bytes(sideways(signature(1)))
    enrol(page, live_server)
    page.set_input_files("#files", [lying])
    expect(card(page, "photo.png")).to_contain_text("lie on its side")
    assert violations(page) == []
    card(page, "photo.png").get_by_role("button", name="Turn right").press("Enter")
    expect(card(page, "photo.png")).to_have_count(1)
    expect(card(page, "photo.png")).not_to_contain_text("lie on its side")
    expect(page.locator("#tally")).to_contain_text("1 chosen.")
    expect(card(page, "photo.png").get_by_role("button", name="Crop or turn")).to_be_focused()
