"""The language switch by keyboard, and pages in Hindi through axe-core and on a telephone."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Page

from tests.browser import NARROW
from tests.mlcore.champions import base
from tests.test_accessibility import everything, log_in, violations

__all__ = ["base", "everything"]

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# Wide enough for the whole bar, and no wider.
BAR = {"width": 992, "height": 800}


def in_hindi(page: Page, address: str) -> None:
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "hi", "url": address}])


def language(page: Page) -> str | None:
    return page.locator("html").get_attribute("lang")


def tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"The keyboard does not reach {selector}.")


def test_the_log_in_page_changes_its_language_by_keyboard(page: Page, live_server: Any) -> None:
    page.goto(live_server.url + "/login/?next=/customers/")
    tab_to(page, "[data-language] [value=hi]")
    page.keyboard.press("Enter")
    page.wait_for_selector("html[lang=hi]")
    assert page.url == live_server.url + "/login/?next=/customers/"
    tab_to(page, "[data-language] [value=en]")
    page.keyboard.press("Enter")
    page.wait_for_selector("html[lang=en]")


def test_the_bar_changes_the_language_by_keyboard_and_keeps_the_list(
    page: Page, live_server: Any, everything: dict[str, str]
) -> None:
    log_in(page, live_server)
    page.goto(live_server.url + "/customers/?show=thin")
    tab_to(page, "[data-language] [value=hi]")
    page.keyboard.press("Enter")
    page.wait_for_selector("html[lang=hi]")
    assert page.url == live_server.url + "/customers/?show=thin"
    page.goto(live_server.url + everything["verdict match 0"])
    assert language(page) == "hi"


def test_the_switch_stays_at_a_verdict_that_took_the_place_of_its_form(
    page: Page, live_server: Any, everything: dict[str, str]
) -> None:
    log_in(page, live_server)
    page.goto(live_server.url + everything["verify"])
    # As static/verification/answer.js does once the verdict is there.
    page.evaluate("address => history.pushState({}, '', address)", everything["verdict match 0"])
    page.click("[data-language] [value=hi]")
    page.wait_for_selector("html[lang=hi]")
    assert page.url == live_server.url + everything["verdict match 0"]


def test_pages_in_hindi_have_no_violation(page: Page, live_server: Any, everything: dict[str, str]) -> None:
    in_hindi(page, live_server.url)
    page.goto(live_server.url + reverse("login"))
    wrong = {"log in": violations(page)}
    log_in(page, live_server)
    for name in ("home", "verify", "verdict refer 2"):
        page.goto(live_server.url + everything[name])
        page.wait_for_load_state("networkidle")
        assert language(page) == "hi"
        wrong[name] = violations(page)
    assert {name: found for name, found in wrong.items() if found} == {}


def test_no_page_in_hindi_is_wider_than_a_telephone_or_the_narrowest_bar(
    page: Page, live_server: Any, everything: dict[str, str]
) -> None:
    in_hindi(page, live_server.url)
    log_in(page, live_server)
    wide = {}
    for name, path in everything.items():
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        for size in (NARROW, BAR):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            if (width := page.evaluate("document.documentElement.scrollWidth")) > size["width"]:
                wide[name, size["width"]] = width
    assert wide == {}


def test_on_a_telephone_the_switch_is_in_the_menu(narrow_page: Page, live_server: Any, everything: Any) -> None:
    log_in(narrow_page, live_server)
    narrow_page.goto(live_server.url)
    narrow_page.click(".navbar-toggler")
    narrow_page.click("[data-language] [value=hi]")
    narrow_page.wait_for_selector("html[lang=hi]")


def test_devanagari_is_set_in_a_font_that_has_it(page: Page, live_server: Any) -> None:
    in_hindi(page, live_server.url)
    page.goto(live_server.url + reverse("login"))
    family = page.evaluate("getComputedStyle(document.body).fontFamily")
    assert {"Noto Sans Devanagari", "Nirmala UI", "Kohinoor Devanagari"} <= {
        name.strip(' "') for name in family.split(",")
    }
