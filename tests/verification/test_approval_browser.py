"""Approving in a browser: warnings at the specimen, the focus on the next one, by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from customers.models import Customer, Specimen
from mlcore.models import ModelVersion
from mlcore.services import specimen_embed
from tests.mlcore.making import make_customer, make_user
from tests.test_accessibility import prefer, violations
from tests.verification.test_agreement import MINE, OTHER
from tests.verification.test_approval import ODD, signed, waits
from tests.verification.test_browser import SUPERVISOR, log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SLOW = 20_000  # milliseconds, for a first comparison on a busy machine


@pytest.fixture
def mine(base: ModelVersion) -> Customer:
    """Four approved of one hand; of those that wait, the second is another customer's."""
    other = make_customer(name="Olga Other")
    for specimen in signed(other, OTHER, 0, 1, 2, 3, 4):
        specimen_embed(specimen=specimen, version=base)
    customer = make_customer(name="Ada Sample")
    signed(customer, MINE, 0, 1, 2, 3)
    waits(customer, MINE, 4)
    waits(customer, OTHER, 30)
    return customer


def card(page: Page, specimen: Specimen) -> Any:
    return page.locator(f"#specimen-{specimen.public_id}")


def test_a_stranger_is_warned_of_at_his_card_and_the_approver_goes_on_by_keyboard(
    page: Page, live_server: Any, mine: Customer
) -> None:
    own, wrong = mine.specimens.filter(state="pending").order_by("pk")
    log_in(page, live_server, make_user(*SUPERVISOR, username="supervisor"))
    page.goto(f"{live_server.url}/customers/{mine.public_id}/")
    expect(page.get_by_text("Look closely at 1 specimen")).to_be_visible(timeout=SLOW)
    expect(card(page, wrong)).to_contain_text(ODD)
    expect(card(page, wrong)).to_contain_text("Olga Other")
    expect(card(page, wrong).get_by_text("Approved specimens")).to_be_visible()
    expect(card(page, own)).not_to_contain_text(ODD)

    card(page, own).get_by_role("button", name="Approve").press("Enter")
    expect(page.get_by_role("status").filter(has_text="Approved: ")).to_be_in_viewport()
    expect(card(page, wrong)).to_be_focused()
    expect(card(page, wrong)).to_be_in_viewport()
    expect(card(page, wrong)).to_contain_text(ODD, timeout=SLOW)
    page.once("dialog", lambda dialog: dialog.accept())
    card(page, wrong).get_by_role("button", name="Retire").press("Enter")
    expect(page.locator("#specimens")).to_be_focused()
    expect(page.get_by_text("Retired: ")).to_be_in_viewport()
    assert sorted(mine.specimens.values_list("state", flat=True)) == ["approved"] * 5 + ["retired"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_warnings_have_no_violation(page: Page, live_server: Any, mine: Customer, theme: str) -> None:
    log_in(page, live_server, make_user(*SUPERVISOR, username="supervisor"))
    prefer(page, theme)
    for path in ("", "waiting/"):
        page.goto(f"{live_server.url}/customers/{mine.public_id}/{path}")
        page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
        page.reload()
        expect(page.get_by_text(ODD)).to_be_visible(timeout=SLOW)
        assert violations(page) == []


def test_warnings_fit_a_telephone(narrow_page: Page, live_server: Any, mine: Customer) -> None:
    log_in(narrow_page, live_server, make_user(*SUPERVISOR, username="supervisor"))
    narrow_page.goto(f"{live_server.url}/customers/{mine.public_id}/")
    expect(narrow_page.get_by_text(ODD)).to_be_visible(timeout=SLOW)
    assert narrow_page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_log_in_that_ran_out_leaves_unticked_what_was_unticked(page: Page, live_server: Any, mine: Customer) -> None:
    waits(mine, MINE, 5)
    own, _wrong, other = mine.specimens.filter(state="pending").order_by("pk")
    approver = make_user(*SUPERVISOR, username="supervisor")
    log_in(page, live_server, approver)
    chosen = f"{live_server.url}/approve/?specimen={own.public_id}&specimen={other.public_id}"
    page.goto(chosen)
    box = {row: page.locator(f'input[value="{row.public_id}"]') for row in (own, other)}
    box[own].uncheck()
    Session.objects.all().delete()
    page.get_by_role("button", name="Approve the ticked ones").click()
    expect(page.locator("#id_password")).to_be_visible()
    log_in(page, live_server, approver)
    page.goto(chosen)
    expect(page.get_by_role("alert").filter(has_text="Nothing was approved.")).to_be_visible()
    expect(box[own]).not_to_be_checked()
    expect(box[other]).to_be_checked()
    # Another choice of specimens is another form.
    page.goto(f"{live_server.url}/approve/?specimen={own.public_id}")
    expect(box[own]).to_be_checked()
    page.goto(chosen)
    box[own].uncheck()
    page.get_by_role("button", name="Approve the ticked ones").click()
    expect(page.get_by_text("1 specimen approved.")).to_be_visible()
    assert [Specimen.objects.get(pk=row.pk).state for row in (own, other)] == ["pending", "approved"]
