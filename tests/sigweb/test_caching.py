"""What a colleague had open is not brought back at a shared desk."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from customers.models import Customer
from tests import chromium
from tests.browser import ARGUMENTS
from tests.customers.making import client_of, customer, user

PASSWORD = "correct horse battery"
KEPT_BY_NOBODY = "private, no-store"


@pytest.mark.django_db
def test_no_page_is_kept(client: Client) -> None:
    teller = client_of(user("teller"))
    for address in ("/", "/customers/", f"/customers/{customer().public_id}/", "/verify/", "/verifications/"):
        assert teller.get(address)["Cache-Control"] == KEPT_BY_NOBODY, address
    assert teller.post("/customers/search/", {"q": "Ada"})["Cache-Control"] == KEPT_BY_NOBODY
    assert teller.get("/identify/")["Cache-Control"] == KEPT_BY_NOBODY, "a refusal, too"
    assert client.get("/customers/")["Cache-Control"] == KEPT_BY_NOBODY, "nor the way to the log-in"


@pytest.mark.django_db
def test_what_says_itself_how_it_is_kept_is_left_alone(client: Client) -> None:
    assert "must-revalidate" in client.get("/healthz")["Cache-Control"]
    assert "no-store" not in client.get("/static/css/app.css")["Cache-Control"]


def seen_after_log_out(browser: Browser, server: LiveServer, known: Customer) -> str:
    """What a browser that keeps pages in memory, as people's do, shows on Back."""
    kept = browser.browser_type.launch(
        executable_path=chromium.find(),
        args=list(ARGUMENTS),
        ignore_default_args=["--disable-back-forward-cache"],
    )
    page = kept.new_page()
    page.goto(f"{server.url}/login/")
    page.fill("#id_username", "tara")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Find a customer")).to_be_visible()
    page.goto(f"{server.url}/customers/{known.public_id}/")
    page.get_by_role("button", name="Tara Ellison").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{server.url}/login/")
    page.evaluate("history.back()")
    page.wait_for_url(lambda address: address != f"{server.url}/login/")
    content = page.content()
    kept.close()
    return content


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_back_after_the_log_out_shows_the_log_in(browser: Browser, live_server: LiveServer) -> None:
    known = customer(name="Ada Secret")
    user("teller", username="tara", password=PASSWORD, first_name="Tara", last_name="Ellison")
    content = seen_after_log_out(browser, live_server, known)
    assert "Ada Secret" not in content
    assert 'name="password"' in content
