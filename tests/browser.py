"""A pytest plugin for tests in headless Chromium: the fixtures `browser`, `page` and `narrow_page`.

Use with pytest-django's `live_server` and the marker `browser`. A page that logs an error to the console (a broken
Content-Security-Policy rule among them) fails its test.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests import chromium

ARGUMENTS = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
OpenPage = Callable[[dict[str, int]], AbstractContextManager[Page]]

_left_out = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Headless Chromium, one for the whole run; skips where there is none."""
    path = chromium.find()
    if not path:
        pytest.skip("No Chromium on this machine, and none could be installed.")
    # Playwright keeps an event loop in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS), headless=True)
        yield found
        found.close()


@pytest.fixture
def open_page(browser: Browser) -> OpenPage:
    """A function that opens a fresh page (own cookies) of a size: `with open_page(NARROW) as page`."""

    @contextmanager
    def opened(size: dict[str, int]) -> Iterator[Page]:
        context = browser.new_context(viewport={"width": size["width"], "height": size["height"]})
        page = context.new_page()
        problems: list[str] = []

        def note(message: ConsoleMessage) -> None:
            # A refused form is an answer with status 4xx, which Chromium logs as well.
            if message.type == "error" and "the server responded with a status of 4" not in message.text:
                problems.append(message.text)

        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.set_default_timeout(15_000)
        yield page
        context.close()
        assert problems == [], f"The page logged errors: {problems}"

    return opened


@pytest.fixture
def page(open_page: OpenPage) -> Iterator[Page]:
    """A page 1280 pixels wide."""
    with open_page(WIDE) as opened:
        yield opened


@pytest.fixture
def narrow_page(open_page: OpenPage) -> Iterator[Page]:
    """A page 390 pixels wide, as on a telephone."""
    with open_page(NARROW) as opened:
        yield opened


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count the browser tests that can not run here."""
    if not chromium.find():
        config.stash[_left_out] = sum(1 for item in items if item.get_closest_marker("browser"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say that browser tests were left out."""
    count = config.stash.get(_left_out, 0)
    if count:
        terminalreporter.write_line(
            f"{count} browser tests were left out: there is no Chromium here and none could be installed.", yellow=True
        )
