"""Identify, the customer's figures and the vector space in a real browser, without a mouse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from customers.models import Customer
from mlcore.models import ModelVersion
from mlcore.services import specimen_embed
from mlcore.synthesis import make_signer, signature_png
from tests.mlcore.making import VERIFIER, drawn_png, make_customer, make_specimen, make_user
from tests.mlcore.pages_of_cheques import cheque, tiff
from tests.test_accessibility import violations
from tests.verification.test_browser import log_in, picture
from verification.models import Identification

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SEARCHER = (*VERIFIER, "verification.add_identification", "verification.view_identification")


@pytest.fixture
def people(champion: ModelVersion) -> list[Customer]:
    """Three customers with three signatures each of one drawing."""
    made = [make_customer(number=f"V{number}", name=f"Person {number}") for number in range(3)]
    for number, customer in enumerate(made):
        for again in range(3):
            specimen = make_specimen(customer, data=drawn_png(50 + number, again=again))
            specimen_embed(specimen=specimen, version=champion)
    return made


def test_a_signature_is_searched_for_and_the_purpose_asked(
    page: Page, live_server: Any, people: list[Customer]
) -> None:
    log_in(page, live_server, make_user(*SEARCHER, username="sam"))
    page.goto(f"{live_server.url}/identify/")
    page.set_input_files("input[type=file]", picture("letter.png", drawn_png(51)))
    page.locator("#vf-submit").press("Enter")
    expect(page.get_by_text("Nothing was judged.", exact=True)).to_be_visible()
    page.get_by_label("What the search is for").fill("returned mail")
    page.keyboard.press("Enter")
    page.wait_for_url("**/identify/*-*/")
    expect(page.get_by_role("heading", name="Most likely Person 1")).to_be_visible()
    expect(page.get_by_text("3 customers searched")).to_be_visible()
    expect(page.locator(".vf-candidate")).to_have_count(3)
    expect(page.get_by_role("link", name="Verify with Person 1")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert Identification.objects.get().purpose == "returned mail"


def test_a_place_on_a_page_is_searched_for_by_keys(page: Page, live_server: Any, people: list[Customer]) -> None:
    letter, _where = cheque(11, 9)
    log_in(page, live_server, make_user(*SEARCHER, username="sam"))
    page.goto(f"{live_server.url}/identify/")
    data = tiff(np.full_like(letter, 250), letter)
    page.set_input_files("input[type=file]", {"name": "c.tif", "mimeType": "image/tiff", "buffer": data})
    expect(page.get_by_role("group", name="Box around the signature")).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.get_by_role("button", name="Place 1 of")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift+ArrowLeft")
    chosen = [int(side) for side in page.locator("[name=area]").input_value().split(",")]
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing was judged.", exact=True)).to_be_visible()
    page.get_by_label("What the search is for").fill("returned mail")
    page.keyboard.press("Enter")
    page.wait_for_url("**/identify/*-*/")
    made = Identification.objects.get()
    assert made.page == 1
    assert [made.area[side] for side in ("left", "top", "right", "bottom")] == chosen
    page.get_by_text("Where on page 2").click()
    expect(page.get_by_alt_text("The page; only what is in the box")).to_have_js_property("naturalWidth", 1600)
    assert violations(page) == []


def test_the_cards_of_a_customer_get_their_distances(page: Page, live_server: Any, base: ModelVersion) -> None:
    customer = make_customer(name="Ada Sample")
    for seed in range(3):
        make_specimen(customer, data=signature_png(make_signer(3), seed))
    log_in(page, live_server, make_user(*VERIFIER, username="vera"))
    page.goto(f"{live_server.url}/customers/{customer.public_id}/")
    expect(page.locator(".sig-card").get_by_text("Mean distance to the others")).to_have_count(3)
    expect(page.locator(".sig-card").get_by_text("farthest")).to_have_count(1)
    expect(page.get_by_role("row", name="4, with one more")).to_be_visible()
    expect(page.get_by_text("Nothing has been verified yet.")).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_the_keys_go_from_signature_to_signature(page: Page, live_server: Any, people: list[Customer]) -> None:
    log_in(page, live_server, make_user("mlcore.view_modelversion", "customers.view_customer", username="mona"))
    page.goto(f"{live_server.url}/vectors/")
    find, hit = page.get_by_label("Customer number"), page.locator("#vs-hit")
    find.press_sequentially("v1")
    expect(hit).to_have_text("V1: 3 signatures")
    expect(page.locator("#vs-all > .vs-faint")).to_have_count(6)
    find.fill("")
    expect(page.locator("#vs-all > .vs-faint")).to_have_count(0)
    page.keyboard.press("Tab")
    seen = {page.evaluate("document.activeElement.getAttribute('x')")}
    expect(page.locator("#vs-all > .vs-same")).to_have_count(3)
    for key in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
        seen.add(page.evaluate("document.activeElement.getAttribute('x')"))
    assert len(seen) > 1
    assert page.evaluate("document.activeElement.closest('#vs-all') !== null")
    expect(hit).to_contain_text("3 signatures")
