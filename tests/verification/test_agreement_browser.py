"""The enrolment page marks who does not belong, before anything is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from customers.models import Customer, Specimen
from mlcore.models import ModelVersion
from mlcore.synthesis import make_signer, page_png_bytes, signature_png
from tests.mlcore.making import make_customer, make_specimen, make_user
from tests.test_accessibility import prefer, violations
from tests.verification.test_agreement import MINE, OTHER, TELLER
from tests.verification.test_browser import log_in, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MARK = "Does not go with the others"


def open_enrolment(page: Page, live_server: Any, *, specimens: int) -> Customer:
    """A teller at the enrolment page of a customer with so many specimens of one hand."""
    customer = make_customer()
    for seed in range(specimens):
        make_specimen(customer, data=signature_png(make_signer(MINE), seed))
    log_in(page, live_server, make_user(*TELLER, username="teller"))
    page.goto(f"{live_server.url}/customers/{customer.public_id}/enrol/")
    return customer


def test_a_stranger_is_marked_and_a_second_of_his_hand_makes_it_a_second_way_to_sign(
    page: Page, live_server: Any, base: ModelVersion
) -> None:
    open_enrolment(page, live_server, specimens=4)
    for name, signer, seed in (("right.png", MINE, 4), ("wrong.png", OTHER, 1)):
        page.set_input_files("#files", picture(name, signature_png(make_signer(signer), seed)))
        expect(page.locator(".draft", has_text=name)).to_contain_text("Enrol this one")
    fragment = page.locator("#agreement")
    expect(fragment).to_contain_text("Does not agree with the others")
    expect(page.locator(".draft", has_text="wrong.png").get_by_role("link", name=MARK)).to_be_visible()
    expect(page.locator(".draft", has_text="right.png").get_by_role("link", name=MARK)).to_be_hidden()

    page.set_input_files("#files", picture("again.png", signature_png(make_signer(OTHER), 2)))
    expect(fragment).to_contain_text("perhaps the customer signs in two ways")
    expect(fragment).not_to_contain_text("Does not agree with the others")

    for name in ("wrong.png", "again.png"):
        page.locator(".draft", has_text=name).get_by_label("Enrol this one").uncheck()
    expect(fragment).to_contain_text("All 5 signatures agree with each other.")
    expect(page.get_by_role("link", name=MARK)).to_have_count(0)
    assert Specimen.objects.filter(state="draft").count() == 3


def test_who_presses_before_the_comparison_is_known_sees_the_mark_first(
    page: Page, live_server: Any, base: ModelVersion
) -> None:
    held: list[Route] = []
    known = False
    page.route("**/agreement/", lambda route: route.continue_() if known else held.append(route))
    customer = open_enrolment(page, live_server, specimens=3)
    page.set_input_files("#files", picture("wrong.png", signature_png(make_signer(OTHER), 1)))
    button = page.get_by_role("button", name="Enrol the chosen pictures")
    expect(page.locator(".draft", has_text="wrong.png")).to_contain_text("Enrol this one")
    button.dblclick()
    expect(page.locator("#trouble")).to_contain_text("being compared")
    known = True
    for route in held:
        route.continue_()
    expect(page.locator("#trouble")).to_contain_text("Nothing was enrolled yet")
    expect(page.get_by_role("link", name=MARK)).to_be_visible()
    assert Specimen.objects.filter(state="draft").count() == 1
    button.click()
    page.wait_for_url(f"**/customers/{customer.public_id}/")
    page.wait_for_load_state("networkidle")
    assert Specimen.objects.filter(state="pending").count() == 1


def test_a_comparison_that_fails_holds_nobody_up(page: Page, live_server: Any, base: ModelVersion) -> None:
    customer = make_customer()
    make_specimen(customer, data=signature_png(make_signer(MINE), 1))
    log_in(page, live_server, make_user(*TELLER, username="teller"))
    held: list[Route] = []
    page.route("**/agreement/", lambda route: held.append(route))
    page.goto(f"{live_server.url}/customers/{customer.public_id}/enrol/")
    page.set_input_files("#files", picture("right.png", signature_png(make_signer(MINE), 2)))
    expect(page.locator(".draft", has_text="right.png")).to_contain_text("Enrol this one")
    page.get_by_role("button", name="Enrol the chosen pictures").click()
    expect(page.locator("#trouble")).to_contain_text("being compared")
    page.wait_for_url(f"**/customers/{customer.public_id}/", timeout=30_000)  # by itself, when its patience has ended
    page.wait_for_load_state("networkidle")
    assert Specimen.objects.filter(state="pending").count() == 1


def test_fewer_than_three_are_told_what_it_costs(page: Page, live_server: Any, base: ModelVersion) -> None:
    log_in(page, live_server, make_user(*TELLER, "customers.add_customer", username="teller"))
    page.goto(f"{live_server.url}/customers/enrol/")
    page.set_input_files("#files", picture("one.png", signature_png(make_signer(MINE), 1)))
    expect(page.locator("#agreement")).to_contain_text("With one specimen,")
    expect(page.locator("#tally")).to_contain_text("Works, with wider uncertainty")
    expect(page.get_by_role("button", name="Enrol the chosen pictures")).to_be_enabled()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_cards_marks_and_dialogs_have_no_violation(
    page: Page, live_server: Any, base: ModelVersion, theme: str
) -> None:
    customer = make_customer()
    for seed in range(3):
        make_specimen(customer, data=signature_png(make_signer(MINE), seed))
    log_in(page, live_server, make_user(*TELLER, username="teller"))
    prefer(page, theme)
    page.goto(f"{live_server.url}/customers/{customer.public_id}/enrol/")
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.reload()
    pictures = (signature_png(make_signer(OTHER), 1), page_png_bytes(np.full((300, 600), 245, np.uint8)), b"junk")
    page.set_input_files("#files", [picture(f"{at}.png", data) for at, data in enumerate(pictures)])
    expect(page.get_by_role("link", name=MARK)).to_be_visible()
    expect(page.locator(".draft.is-refused")).to_have_count(2)
    wrong = {"cards": violations(page)}
    page.get_by_role("button", name="Crop or turn").first.click()
    expect(page.locator("#crop-size")).to_contain_text("pixels")
    wrong["crop"] = violations(page)
    page.keyboard.press("Escape")
    page.evaluate("document.getElementById('camera').showModal()")
    wrong["camera"] = violations(page)
    assert wrong == {"cards": [], "crop": [], "camera": []}
