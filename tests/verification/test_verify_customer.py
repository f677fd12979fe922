"""The page that puts the question: /verify/<customer>/."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from mlcore.models import Embedding, ModelVersion
from sigweb.celery import app
from tests.mlcore.making import VERIFIER, drawn_png, make_customer, make_specimen, make_user
from verification.models import Verification

pytestmark = pytest.mark.django_db


def url_of(customer: Customer) -> str:
    return reverse("verification:verify_customer", args=[customer.public_id])


def upload(data: bytes | None = None, name: str = "cheque.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, drawn_png(1) if data is None else data, content_type="image/png")


def question(**fields: Any) -> dict[str, Any]:
    return {"token": str(uuid.uuid4()), "image": upload(), **fields}


@pytest.mark.usefixtures("champion")
class TestTheForm:
    def test_it_shows_whom_the_signature_should_belong_to(self, as_verifier: Client, customer: Customer) -> None:
        customer.special_instructions = "Call the branch."
        customer.always_refer = True
        customer.save()
        content = as_verifier.get(url_of(customer)).content.decode()
        for words in (customer.name, customer.number, "Call the branch.", "Always referred", 'type="file"'):
            assert words in content

    def test_every_form_has_a_token_of_its_own(self, as_verifier: Client, customer: Customer) -> None:
        tokens = {
            re.search(r'name="token" value="([0-9a-f-]{36})"', as_verifier.get(url_of(customer)).content.decode())
            for _ in range(2)
        }
        assert None not in tokens
        assert len({token[1] for token in tokens if token}) == 2

    def test_a_thin_set_is_said_before(self, as_verifier: Client, customer: Customer) -> None:
        customer.specimens.exclude(pk=customer.specimens.first().pk).update(state="retired")
        assert b"Only 1 approved specimen." in as_verifier.get(url_of(customer)).content

    def test_a_customer_who_can_not_be_verified_gets_a_sentence_and_no_form(self, as_verifier: Client) -> None:
        content = as_verifier.get(url_of(make_customer())).content.decode()
        assert "no approved specimens" in content
        assert 'type="file"' not in content

    def test_a_customer_that_is_not_there_is_not_found(self, as_verifier: Client) -> None:
        assert as_verifier.get(reverse("verification:verify_customer", args=[uuid.uuid4()])).status_code == 404

    def test_it_rejects_the_wrong_verb(self, as_verifier: Client, customer: Customer) -> None:
        assert as_verifier.put(url_of(customer)).status_code == 405
        assert as_verifier.delete(url_of(customer)).status_code == 405

    def test_strangers_are_sent_to_the_log_in(self, client: Client, customer: Customer) -> None:
        for response in (client.get(url_of(customer)), client.post(url_of(customer), question())):
            assert response.status_code == 302
            assert response["Location"].startswith("/login/")

    @pytest.mark.parametrize("missing", ["verification.add_verification", "customers.view_customer"])
    def test_both_rights_are_needed(self, client: Client, customer: Customer, missing: str) -> None:
        client.force_login(make_user(*(name for name in VERIFIER if name != missing)))
        assert client.get(url_of(customer)).status_code == 403
        assert client.post(url_of(customer), question()).status_code == 403
        assert not Verification.objects.exists()


@pytest.mark.usefixtures("champion")
class TestAsking:
    def test_a_question_leads_to_its_verdict(self, as_verifier: Client, customer: Customer) -> None:
        asked = question(amount="1,250.50", cheque_number="000123")
        response = as_verifier.post(url_of(customer), asked)
        made = Verification.objects.get()
        assert response.status_code == 302
        assert response["Location"] == reverse("verification:detail", args=[made.public_id])
        assert (str(made.amount), made.cheque_number, made.asked_by.username) == ("1250.50", "000123", "vera")

    def test_with_htmx_the_browser_is_told_to_go_there(self, as_verifier: Client, customer: Customer) -> None:
        response = as_verifier.post(url_of(customer), question(), headers={"HX-Request": "true"})
        made = Verification.objects.get()
        assert response["HX-Redirect"] == reverse("verification:detail", args=[made.public_id])

    def test_a_double_click_makes_one_verification(self, as_verifier: Client, customer: Customer) -> None:
        token = str(uuid.uuid4())
        places = {as_verifier.post(url_of(customer), question(token=token))["Location"] for _ in range(2)}
        assert len(places) == 1
        assert Verification.objects.count() == 1

    def test_a_stopped_redis_changes_nothing(
        self, as_verifier: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The general address last: the other two default to it, and are put back to what they were.
        for name in ("broker_write_url", "broker_read_url", "broker_url"):
            monkeypatch.setattr(app.conf, name, "redis+socket:///nowhere/redis.sock")
        assert as_verifier.post(url_of(customer), question()).status_code == 302
        assert Embedding.objects.count() == 3

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"image": upload(b"")}, "empty"),
            ({"image": upload(b"no image")}, "Questioned signature"),
            ({"image": ""}, "Choose the image"),
            ({"amount": "lots"}, "Write the amount in digits"),
            ({"amount": "1,50"}, "Write the amount in digits"),
            ({"amount": "-1"}, "can not be negative"),
            ({"amount": "1" * 20}, "digits"),
            ({"amount": "NaN"}, "Write the amount in digits"),
            ({"cheque_number": "<script>"}, "A cheque number holds"),
            ({"cheque_number": "1" * 31}, "at most 30"),
            ({"token": "no token"}, "valid UUID"),
        ],
    )
    def test_bad_input_gets_a_sentence_and_loses_nothing(
        self, as_verifier: Client, customer: Customer, fields: dict[str, Any], words: str
    ) -> None:
        kept = {"amount": "77.25", "cheque_number": "K-42"}
        asked = {name: value for name, value in {**question(**kept), **fields}.items() if value != ""}
        response = as_verifier.post(url_of(customer), asked)
        content = response.content.decode()
        assert response.status_code == 422
        assert "Nothing was judged." in content
        assert words in content
        for name, value in kept.items():
            if name not in fields:
                assert f'value="{value}"' in content
        assert not Verification.objects.exists()

    def test_with_htmx_only_the_messages_come_back_so_that_the_file_stays_chosen(
        self, as_verifier: Client, customer: Customer
    ) -> None:
        response = as_verifier.post(url_of(customer), question(amount="x"), headers={"HX-Request": "true"})
        assert response.status_code == 422
        assert response.content.decode().lstrip().startswith('<div id="vf-messages">')
        assert 'type="file"' not in response.content.decode()

    def test_a_file_above_the_limit_is_refused(self, as_verifier: Client, customer: Customer) -> None:
        response = as_verifier.post(url_of(customer), question(image=upload(b"\x89PNG" + bytes(10 * 1024 * 1024))))
        assert response.status_code == 422
        assert "MB" in response.content.decode()

    def test_a_file_named_like_a_path_or_markup_does_no_harm(self, as_verifier: Client, customer: Customer) -> None:
        asked = question(image=upload(name="../../<b>x</b>.png"))
        assert as_verifier.post(url_of(customer), asked).status_code == 302


def test_without_a_champion_the_page_says_so(as_verifier: Client, customer: Customer) -> None:
    assert b"No model is in use yet" in as_verifier.get(url_of(customer)).content
    response = as_verifier.post(url_of(customer), question())
    assert response.status_code == 422
    assert b"No model is in use yet" in response.content


def test_a_customer_closed_while_one_types_is_not_verified(
    as_verifier: Client, champion: ModelVersion, customer: Customer
) -> None:
    as_verifier.get(url_of(customer))
    Customer.objects.update(status="closed")
    response = as_verifier.post(url_of(customer), question())
    assert response.status_code == 422
    assert b"This customer is closed" in response.content


def test_a_form_without_a_csrf_token_is_refused(verifier: Any, champion: ModelVersion, customer: Customer) -> None:
    make_specimen(customer)
    client = Client(enforce_csrf_checks=True)
    client.force_login(verifier)
    assert client.post(url_of(customer), question()).status_code == 403
    assert not Verification.objects.exists()
