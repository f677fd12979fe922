"""The browser fixtures, on pages that everybody sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests import chromium
from tests.browser import OpenPage


@pytest.mark.browser
@pytest.mark.parametrize("address", ["/login/", "/admin/login/"])
def test_pages_keep_the_content_security_policy_wide_and_narrow(
    live_server: Any, page: Page, narrow_page: Page, address: str
) -> None:
    for opened in (page, narrow_page):
        answer = opened.goto(live_server.url + address)
        assert answer is not None
        assert answer.status == 200
        assert opened.locator("input[type=password]").is_visible()
        # Nothing wider than the screen.
        assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.browser
def test_a_broken_policy_is_noticed(live_server: Any, open_page: OpenPage) -> None:
    with (
        pytest.raises(AssertionError, match="Content Security Policy"),
        open_page({"width": 800, "height": 600}) as page,
    ):
        page.goto(live_server.url + "/login/")
        page.evaluate("document.body.setAttribute('style', 'color: red')")
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")


def test_chromium_is_found_by_name_or_by_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "my-chromium"
    own.touch()
    monkeypatch.setenv("CHROMIUM", str(own))
    assert chromium.find() == str(own)
    monkeypatch.setenv("CHROMIUM", "/not/there")
    monkeypatch.setattr("shutil.which", lambda name, path: None)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert chromium.find() == ""
    cached = tmp_path / "chromium-1200" / "chrome-linux64" / "chrome"
    cached.parent.mkdir(parents=True)
    cached.touch()
    assert chromium.find() == str(cached)
