"""The list of verifications: /verifications/."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sigweb.accounts.models import User
from tests.mlcore.making import drawn_png, make_user
from verification.models import Verification
from verification.views import detail

pytestmark = pytest.mark.django_db

URL = reverse("verification:list")


def shown(client: Client, query: str = "") -> list[Verification]:
    response = client.get(URL + query)
    assert response.status_code == 200
    return list(response.context["page"].object_list)


def test_one_sees_ones_own_latest_first(as_verifier: Client, ask: Any) -> None:
    first, second = ask(), ask(data=drawn_png(2))
    ask(actor=make_user())
    assert shown(as_verifier) == [second, first]


def test_everybodys_are_a_click_away(as_verifier: Client, ask: Any) -> None:
    mine, other = ask(), ask(actor=make_user())
    assert shown(as_verifier, "?whose=all") == [other, mine]


def test_who_can_not_ask_sees_everybodys_at_once(client: Client, ask: Any) -> None:
    made = ask()
    client.force_login(make_user("verification.view_verification"))
    assert shown(client) == [made]


def test_amounts_stand_in_the_rows(as_verifier: Client, ask: Any) -> None:
    ask(amount=Decimal("1250.5"))
    ask(data=drawn_png(2))
    page = as_verifier.get(URL).content.decode()
    assert page.count('<span class="visually-hidden">Amount </span>1,250.50</span>') == 1
    assert page.count("vf-row-amount") == 2


def test_the_verdict_filters(as_verifier: Client, ask: Any) -> None:
    made, other = ask(), ask(data=drawn_png(99))
    Verification.objects.filter(pk=made.pk).update(verdict="refer")
    assert shown(as_verifier, "?verdict=refer") == [made]
    assert shown(as_verifier, "?verdict=no_match") == [other]
    assert shown(as_verifier, "?verdict=match") == []


def test_what_is_not_understood_filters_nothing(as_verifier: Client, ask: Any) -> None:
    made = ask()
    assert shown(as_verifier, "?whose=x&verdict=y&page=z") == [made]
    assert shown(as_verifier, "?page=99") == [made]


def test_a_row_tells_verdict_customer_and_cheque(as_verifier: Client, ask: Any) -> None:
    made = ask(cheque_number="000123")
    content = as_verifier.get(URL).content.decode()
    for words in (made.get_verdict_display(), made.customer.name, made.customer.number, "cheque 000123"):
        assert words in content
    assert reverse("verification:detail", args=[made.public_id]) in content


def test_long_lists_come_in_pages_that_keep_the_filter(
    as_verifier: Client, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detail, "PAGE_SIZE", 2)
    made = [ask(cheque_number=str(number)) for number in range(3)]
    content = as_verifier.get(URL + "?whose=all").content.decode()
    assert "Page 1 of 2" in content
    assert "?whose=all&amp;verdict=&amp;page=2" in content
    assert shown(as_verifier, "?whose=all&page=2") == [made[0]]
    assert "Newer" in as_verifier.get(URL + "?page=2").content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "You have not asked for a verification yet."),
        ("?whose=all", "Nobody has asked for a verification yet."),
        ("?verdict=match", "No verification with this verdict."),
    ],
)
def test_an_empty_list_says_so(as_verifier: Client, query: str, words: str) -> None:
    assert words in as_verifier.get(URL + query).content.decode()


def test_it_needs_no_query_a_row(as_verifier: Client, ask: Any, django_assert_max_num_queries: Any) -> None:
    for number in range(5):
        ask(cheque_number=str(number))
    with django_assert_max_num_queries(7):
        as_verifier.get(URL)


def test_it_rejects_the_wrong_verb(as_verifier: Client) -> None:
    assert as_verifier.post(URL).status_code == 405


def test_strangers_are_sent_to_the_log_in_and_others_refused(client: Client, verifier: User) -> None:
    assert client.get(URL)["Location"].startswith("/login/")
    client.force_login(make_user("customers.view_customer"))
    assert client.get(URL).status_code == 403
    client.force_login(make_user("verification.view_verification"))
    response = client.get(URL)
    assert response.status_code == 200
    assert b"Verify a signature" not in response.content
