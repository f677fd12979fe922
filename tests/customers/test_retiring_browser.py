"""Retiring several specimens in a browser: from the administration's list, by a double click, and Back afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from customers.models import Customer
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import make_customer, make_specimen
from tests.test_accessibility import log_in, prefer, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/customers/specimen/"


@pytest.fixture
def known() -> Customer:
    User.objects.create_superuser("root", password="not used here")
    customer = make_customer(name="Ada Sample")
    for _ in range(3):
        make_specimen(customer)
    return customer


def ask(page: Page, live_server: Any) -> None:
    log_in(page, live_server)
    page.goto(live_server.url + LIST)
    for box in page.locator("input.action-select").all()[:2]:
        box.check()
    page.select_option("select[name=action]", "retire")
    page.get_by_role("button", name="Go", exact=True).click()
    page.wait_for_url("**/specimens/retire/**")


def test_a_double_click_and_back_retire_once(page: Page, live_server: Any, known: Customer) -> None:
    ask(page, live_server)
    expect(page.get_by_text("Only 1 approved specimen is left.")).to_be_visible()
    assert known.specimens.filter(state="approved").count() == 3
    page.get_by_role("button", name="Retire 2 specimens").dblclick()
    page.wait_for_url(f"**{LIST}")
    expect(page.get_by_text("2 specimens retired.")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("None of the chosen specimens can be retired.")).to_be_visible()
    assert known.specimens.filter(state="approved").count() == 1
    assert AuditEvent.objects.filter(action="specimen.retired").count() == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_question_has_no_violation(page: Page, live_server: Any, known: Customer, theme: str) -> None:
    prefer(page, theme)
    ask(page, live_server)
    assert page.locator("html").get_attribute("data-bs-theme") == theme
    assert violations(page) == []


def test_it_fits_a_telephone(narrow_page: Page, live_server: Any, known: Customer) -> None:
    ask(narrow_page, live_server)
    expect(narrow_page.get_by_role("button", name="Retire 2 specimens")).to_be_in_viewport()
    assert narrow_page.evaluate("document.documentElement.scrollWidth") <= 390
