"""The enrolment page marks who does not belong, before anything is stored."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from customers.models import Specimen
from mlcore.models import ModelVersion
from mlcore.synthesis import make_signer, signature_png
from tests.mlcore.making import make_customer, make_specimen, make_user
from tests.verification.test_agreement import MINE, OTHER, TELLER
from tests.verification.test_browser import log_in, picture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MARK = "Does not go with the others"


def test_a_stranger_is_marked_and_a_second_of_his_hand_makes_it_a_second_way_to_sign(
    page: Page, live_server: Any, base: ModelVersion
) -> None:
    customer = make_customer()
    for seed in range(4):
        make_specimen(customer, data=signature_png(make_signer(MINE), seed))
    log_in(page, live_server, make_user(*TELLER, username="teller"))
    page.goto(f"{live_server.url}/customers/{customer.public_id}/enrol/")
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


def test_fewer_than_three_are_told_what_it_costs(page: Page, live_server: Any, base: ModelVersion) -> None:
    log_in(page, live_server, make_user(*TELLER, "customers.add_customer", username="teller"))
    page.goto(f"{live_server.url}/customers/enrol/")
    page.set_input_files("#files", picture("one.png", signature_png(make_signer(MINE), 1)))
    expect(page.locator("#agreement")).to_contain_text("With one specimen,")
    expect(page.locator("#tally")).to_contain_text("Works, with wider uncertainty")
    expect(page.get_by_role("button", name="Enrol the chosen pictures")).to_be_enabled()
