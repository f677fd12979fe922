from __future__ import annotations

import pytest
from django.test import Client

from tests.customers.making import client_of, customer, user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_strangers_are_sent_to_the_log_in_page(client: Client) -> None:
    assert client.post("/customers/search/", {"q": "x"}).status_code == 302


def test_it_takes_no_other_verb() -> None:
    assert client_of(user("teller")).get("/customers/search/").status_code == 405


def test_results_come_as_a_fragment_while_typing_and_as_a_page_without_scripts() -> None:
    found = customer(name="José Müller", number="4711")
    client = client_of(user("verifier"))
    fragment = client.post("/customers/search/", {"q": "jose mul"}, headers=HTMX).content.decode()
    assert f"/customers/{found.public_id}/" in fragment
    assert "<html" not in fragment
    page = client.post("/customers/search/", {"q": "4711"}).content.decode()
    assert "<html" in page
    assert "José Müller" in page
    assert 'value="4711"' in page


def test_nobody_found_offers_to_enrol_to_those_who_may() -> None:
    asked = {"q": "nobody at all"}
    teller = client_of(user("teller")).post("/customers/search/", asked, headers=HTMX).content.decode()
    assert "Nobody found" in teller
    assert "Enrol a new customer" in teller
    verifier = client_of(user("verifier")).post("/customers/search/", asked, headers=HTMX).content.decode()
    assert "Enrol a new customer" not in verifier


def test_an_empty_search_shows_nothing() -> None:
    fragment = client_of(user("teller")).post("/customers/search/", {"q": " "}, headers=HTMX).content.decode()
    assert fragment.strip() == ""


def test_many_results_are_cut_with_a_hint() -> None:
    for index in range(14):
        customer(name=f"Anna {index}")
    fragment = client_of(user("teller")).post("/customers/search/", {"q": "anna"}, headers=HTMX).content.decode()
    assert fragment.count("row-link") == 12
    assert "There are more." in fragment


def test_searching_takes_the_right_to_see_customers() -> None:
    assert client_of(user()).post("/customers/search/", {"q": "x"}).status_code == 403


def test_what_is_typed_is_shown_as_text() -> None:
    page = client_of(user("teller")).post("/customers/search/", {"q": "<script>alert(1)</script>"})
    assert "<script>alert" not in page.content.decode()
