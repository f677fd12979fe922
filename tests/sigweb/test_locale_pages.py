"""The pages in Hindi: nothing English is left on them, and the switch leads back to where one was."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse

from sigweb.accounts.models import User
from tests.catalogues import HINDI, read_catalogue
from tests.mlcore.champions import base
from tests.test_accessibility import everything

__all__ = ["base", "everything"]

pytestmark = pytest.mark.django_db

COOKIE = settings.LANGUAGE_COOKIE_NAME
READ = {"alt", "aria-label", "aria-description", "content", "placeholder", "title", "value"}
# Sentences without values, as they stand on a page.
ENGLISH = {key[1] for key in read_catalogue(HINDI) if key[1] and not re.search(r"%\(|%%|%[sd]|[{}]|<", key[1])}
# A value, a name or a purpose that was typed may be the same word as one of ours.
OF_OTHERS = {"SigWeb", "…", "English"}


class Reading(HTMLParser):
    """What a person or a screen reader gets of a page: texts, and the attributes that are read or shown later."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._mute = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._mute += tag in {"script", "style"}
        # An option's or button's value is sent, not read.
        read = READ if tag == "input" or tag == "img" else READ - {"value"}
        hidden = tag == "input" and dict(attrs).get("type") in {"hidden", "checkbox"}
        self.texts += [
            value
            for name, value in attrs
            if value and not hidden and (name in read or (name.startswith("data-") and " " in value))
        ]

    def handle_endtag(self, tag: str) -> None:
        self._mute -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._mute:
            self.texts.append(data)


def english_on(html: str) -> set[str]:
    """The catalogue's English sentences that a page shows: a text of its own, or three words or more within one."""
    texts = [" ".join(text.split()) for text in Reading(html).texts]
    whole = set(texts) & ENGLISH
    within = {one for one in ENGLISH if one.count(" ") >= 2 and any(one in text for text in texts)}
    return (whole | within) - OF_OTHERS


@pytest.fixture
def desk(everything: dict[str, str]) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="root"))
    return client


def test_no_page_shows_an_english_sentence_in_hindi(desk: Client, everything: dict[str, str]) -> None:
    left, shown = {}, {}
    fragments = {
        "standing": reverse("verification:standing", args=[everything["customer"].rstrip("/").rsplit("/", 1)[1]]),
        "notice": reverse("verification:notice") + "?page=home",
        "neighbours": everything["verdict match 0"] + "nearby/",
    }
    for name, path in (everything | fragments).items():
        desk.cookies[COOKIE] = "hi"
        response = desk.get(path)
        assert response.status_code in {200, 404}, name
        left[name] = english_on(response.content.decode())
        assert not re.search(r"[०-९]", response.content.decode()), f"digits other than 0 to 9: {name}"
        desk.cookies[COOKIE] = "en"
        shown[name] = english_on(desk.get(path).content.decode())
    assert {name: found for name, found in left.items() if found} == {}
    # The search for English finds it where it is.
    assert all(shown.values()), shown
    assert sum(map(len, shown.values())) > 200


def test_pages_before_the_log_in_are_in_hindi_too(db: None) -> None:
    client = Client()
    client.cookies[COOKIE] = "hi"
    page = client.get("/login/?next=/customers/").content.decode()
    assert english_on(page) == set()
    assert "पासवर्ड" in page
    refused = client.post("/login/", {"username": "nobody", "password": "wrong"}).content.decode()
    assert english_on(refused) == set()
    assert "आपस में मेल नहीं खाते" in refused


def test_what_is_wrong_with_a_form_is_told_in_hindi(desk: Client, everything: dict[str, str]) -> None:
    desk.cookies[COOKIE] = "hi"
    empty = desk.post(everything["verify"], {"amount": "1,50"})
    assert empty.status_code == 422
    assert english_on(empty.content.decode()) == set()
    assert "हस्ताक्षर का चित्र चुनें।" in empty.content.decode()
    enrol = desk.post(reverse("customers:enrol"), {"number": "", "name": ""})
    assert english_on(enrol.content.decode()) == set()


def test_a_picture_that_can_not_be_read_is_refused_in_hindi(desk: Client, everything: dict[str, str]) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    desk.cookies[COOKIE] = "hi"
    preview = desk.post(reverse("verification:preview"), {"image": SimpleUploadedFile("a.png", b"no picture")})
    assert preview.status_code == 422
    assert preview.content.decode().startswith("यह ऐसा चित्र नहीं है")


@pytest.mark.parametrize(
    ("language", "word"), [("en", "This page was open for too long"), ("hi", "यह पृष्ठ बहुत देर तक खुला रहा")]
)
def test_a_page_that_stands_alone_says_its_language(language: str, word: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[COOKIE] = language
    page = client.post("/login/", {"username": "a", "password": "b"}).content.decode()
    assert f'<html lang="{language}"' in page
    assert word in page


def switch(client: Client, **data: str) -> Any:
    return client.post(reverse("set_language"), data)


def test_the_switch_keeps_the_page_and_is_remembered(desk: Client) -> None:
    path = "/customers/?show=thin&status=active"
    english = desk.get(path).content.decode()
    assert '<html lang="en"' in english
    assert 'name="next" value="/customers/?show=thin&amp;status=active"' in english
    assert '<button type="submit" name="language" value="hi"' in english
    response = switch(desk, language="hi", next=path)
    assert (response.status_code, response["Location"]) == (302, path)
    hindi = desk.get(path).content.decode()
    assert '<html lang="hi"' in hindi
    assert '<button type="submit" name="language" value="en"' in hindi
    cookie = desk.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 365 * 24 * 60 * 60)


def test_the_switch_of_the_log_in_page_keeps_where_one_wanted_to_go(client: Client) -> None:
    path = "/login/?next=/customers/"
    data = {"language": "hi", "next": path}
    response = client.post(reverse("set_language"), data, headers={"referer": f"http://testserver{path}"})
    assert response["Location"] == path


def test_the_switch_leads_nowhere_else(client: Client) -> None:
    assert switch(client, language="hi", next="https://elsewhere.example/")["Location"] == "/"


def test_a_language_that_is_not_there_changes_nothing(client: Client) -> None:
    switch(client, language="xx", next="/login/")
    assert '<html lang="en"' in client.get("/login/").content.decode()


def test_the_switch_needs_the_token_of_the_page() -> None:
    assert switch(Client(enforce_csrf_checks=True), language="hi").status_code == 403


def test_a_page_that_answers_a_form_leads_back_home(desk: Client) -> None:
    page = desk.post(reverse("customers:search"), {"q": "Ada"}).content.decode()
    assert 'name="next" value="/"' in page


def test_a_browser_that_asks_for_hindi_gets_it_without_the_switch(client: Client) -> None:
    page = client.get("/login/", headers={"accept-language": "hi-IN,hi;q=0.9,en;q=0.5"})
    assert '<html lang="hi"' in page.content.decode()
    assert "Accept-Language" in page["Vary"]


@override_settings(LANGUAGES=[("en", "English")])
def test_with_one_language_there_is_no_switch(client: Client) -> None:
    assert 'name="language"' not in client.get("/login/").content.decode()
