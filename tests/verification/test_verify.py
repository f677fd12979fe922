"""The pages that choose the customer: /verify/ and /verify/search/."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from tests.mlcore.making import VERIFIER, make_customer, make_user

pytestmark = pytest.mark.django_db

PAGE, SEARCH = reverse("verification:verify"), reverse("verification:search")


def test_it_asks_whose_signature_it_should_be(as_verifier: Client) -> None:
    response = as_verifier.get(PAGE)
    assert response.status_code == 200
    assert b"Whose signature should it be?" in response.content


def test_it_offers_the_customers_one_verified_lately(as_verifier: Client, ask: Any, customer: Customer) -> None:
    make_customer(name="Somebody Else")
    ask()
    content = as_verifier.get(PAGE).content.decode()
    assert reverse("verification:verify_customer", args=[customer.public_id]) in content
    assert "Somebody Else" not in content


def test_customers_are_found_by_name_or_number(as_verifier: Client, customer: Customer) -> None:
    url = reverse("verification:verify_customer", args=[customer.public_id])
    for text in ("ada", customer.number, "Ada Sampel"):
        response = as_verifier.post(SEARCH, {"text": text}, headers={"HX-Request": "true"})
        assert url in response.content.decode()
        assert b"<html" not in response.content


def test_without_scripts_the_whole_page_comes_back(as_verifier: Client, customer: Customer) -> None:
    response = as_verifier.post(SEARCH, {"text": "ada"})
    assert b"<html" in response.content
    assert b'value="ada"' in response.content
    assert customer.number in response.content.decode()


@pytest.mark.parametrize(
    ("approved", "status", "words"),
    [(0, "active", "No specimens"), (1, "active", "1 specimen"), (0, "closed", "Closed")],
)
def test_a_customer_who_can_not_be_verified_well_is_marked(
    as_verifier: Client, customer: Customer, approved: int, status: str, words: str
) -> None:
    keep = list(customer.specimens.values_list("pk", flat=True)[:approved])
    customer.specimens.exclude(pk__in=keep).update(state="retired")
    Customer.objects.update(status=status)
    response = as_verifier.post(SEARCH, {"text": "ada"}, headers={"HX-Request": "true"})
    assert words in response.content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [({"state": "pending"}, "Waiting for approval"), ({"expires_on": date(2020, 1, 1)}, "All expired: enrol anew")],
)
def test_what_keeps_a_customer_from_being_verified_is_told(
    as_verifier: Client, customer: Customer, change: dict[str, Any], words: str
) -> None:
    customer.specimens.update(**change)
    page = as_verifier.post(SEARCH, {"text": "ada"}, headers={"HX-Request": "true"}).content.decode()
    assert words in page
    assert "No specimens" not in page


def test_nobody_found_is_said_with_what_to_try_next(as_verifier: Client) -> None:
    response = as_verifier.post(SEARCH, {"text": "<Zzz>"}, headers={"HX-Request": "true"})
    assert "Nobody found for “&lt;Zzz&gt;”" in response.content.decode()


def test_an_empty_search_finds_nobody(as_verifier: Client, customer: Customer) -> None:
    response = as_verifier.post(SEARCH, {"text": "  "}, headers={"HX-Request": "true"})
    assert customer.number not in response.content.decode()


def test_many_found_are_cut_and_said_so(as_verifier: Client) -> None:
    for number in range(13):
        make_customer(name=f"Same Name {number}")
    response = as_verifier.post(SEARCH, {"text": "same name"}, headers={"HX-Request": "true"})
    assert response.content.decode().count("row-link") == 12
    assert b"There are more" in response.content


@pytest.mark.parametrize("text", ["x" * 5000, "\0", "%", "'; --", "\U0001f600"])
def test_odd_searches_do_no_harm(as_verifier: Client, text: str) -> None:
    assert as_verifier.post(SEARCH, {"text": text}, headers={"HX-Request": "true"}).status_code == 200


def test_it_rejects_the_wrong_verb(as_verifier: Client) -> None:
    assert as_verifier.post(PAGE).status_code == 405
    assert as_verifier.get(SEARCH, {"text": "ada"}).status_code == 405


def test_strangers_are_sent_to_the_log_in(client: Client) -> None:
    for response in (client.get(PAGE), client.post(SEARCH, {"text": "ada"})):
        assert response.status_code == 302
        assert response["Location"].startswith("/login/")


@pytest.mark.parametrize("missing", ["verification.add_verification", "customers.view_customer"])
def test_both_rights_are_needed(client: Client, missing: str) -> None:
    client.force_login(make_user(*(name for name in VERIFIER if name != missing)))
    assert client.get(PAGE).status_code == 403
    assert client.post(SEARCH, {"text": "ada"}).status_code == 403
