"""The pages that say what went wrong where the database did, and how all of them look."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from playwright.sync_api import Page, expect

from tests.test_accessibility import prefer, violations

ALONE = ("500.html", "400.html", "403_csrf.html")


@pytest.mark.parametrize("language", ["en", "hi"])
def test_our_own_mistakes_are_admitted_without_a_database(language: str) -> None:
    """No fixture opens the database here, so that whatever asks for it fails as if it were away."""
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = "of a session that can not be read"
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    response = client.get("/")
    page = response.content.decode()
    assert response.status_code == 500
    assert f'lang="{language}"' in page
    with translation.override(language):
        assert translation.gettext("Something went wrong on our side") in page


@pytest.mark.parametrize("template", ALONE)
def test_what_stands_alone_needs_neither_database_nor_request(template: str) -> None:
    page = render_to_string(template)
    assert "<h1>" in page
    assert "data-back" in page
    assert 'href="/"' in page


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("template", ALONE)
def test_they_have_no_violation_and_lead_back(
    narrow_page: Page, live_server: Any, transactional_db: None, template: str, theme: str
) -> None:
    page = narrow_page
    prefer(page, theme)
    page.goto(f"{live_server.url}/login/")
    html = render_to_string(template)
    page.route("**/broken/", lambda route: route.fulfill(status=400, content_type="text/html", body=html))
    page.goto(f"{live_server.url}/broken/")
    assert page.locator("html").get_attribute("data-bs-theme") == theme
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Go back").click()
    expect(page).to_have_url(f"{live_server.url}/login/")
