"""Logging in by keyboard after a slip: the name is kept, the password has the focus, and the reason is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.customers.making import user
from tests.test_accessibility import prefer, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"


def test_after_a_wrong_password_it_is_typed_again_at_once(page: Page, live_server: Any) -> None:
    user("teller", username="tara", password=PASSWORD)
    page.goto(f"{live_server.url}/login/?next=/customers/")
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type("tara")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("do not belong together")
    password = page.locator("#id_password")
    expect(password).to_be_focused()
    expect(password).to_have_accessible_description(re.compile("do not belong together"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/")


def test_without_a_name_the_name_is_asked_for(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}/login/")
    page.locator("form").first.evaluate("form => { form.noValidate = true; }")
    page.locator("#id_password").press("Enter")
    expect(page.locator("#id_username_error")).to_be_visible()
    expect(page.locator("#id_username")).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_neither_the_slip_nor_the_lock_has_a_violation(page: Page, live_server: Any, theme: str) -> None:
    user("teller", username="tara", password=PASSWORD)
    prefer(page, theme)
    page.goto(f"{live_server.url}/login/")
    page.fill("#id_username", "tara")
    for _ in range(5):
        page.fill("#id_password", "wrong")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert violations(page) == []
    expect(page.get_by_role("alert").first).to_contain_text("locked for a quarter of an hour")
    expect(page.locator("#id_username")).to_have_value("tara")
    expect(page.locator("#id_password")).to_be_focused()
