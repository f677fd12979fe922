"""The customer's own head on his page: who may, what it shows, and that a verdict carries the second opinion."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from mlcore.models import CustomerHead, ModelVersion
from mlcore.retraining.relearning import customer_relearn
from tests.customers.making import client_of, erased, signature, user
from tests.mlcore.trainer.enrolled import FIRST_SIGNER, enrol_bank
from verification.models import Verification
from verification.services import verification_run

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def of(base: ModelVersion) -> Customer:
    return enrol_bank(1)[0]


@pytest.fixture
def admin() -> Client:
    return client_of(user("model-admin"))


def url(customer: Customer) -> str:
    return reverse("retraining:own_head", args=[customer.public_id])


def test_it_says_that_nothing_was_learnt_and_learns_on_request(of: Customer, admin: Client) -> None:
    before = admin.get(url(of), headers=HTMX)
    assert "Nothing has been learnt of this customer alone yet" in before.text
    after = admin.post(url(of), headers=HTMX)
    assert "A head of his own was learnt on" in after.text
    assert "forgeries made of his specimens" in after.text
    assert CustomerHead.objects.filter(customer=of).count() == 1


def test_without_javascript_it_is_a_page_and_the_way_back(of: Customer, admin: Client) -> None:
    page = admin.get(url(of))
    assert "<html" in page.text
    assert admin.post(url(of)).url == reverse("customers:detail", args=[of.public_id])


def test_a_changed_set_of_specimens_is_said(of: Customer, admin: Client) -> None:
    admin.post(url(of))
    erased(of.specimens.all()[0])
    assert "The specimens have changed since" in admin.get(url(of)).text


@pytest.mark.parametrize("role", ["teller", "verifier", "supervisor", "auditor"])
def test_other_roles_are_refused(of: Customer, role: str) -> None:
    client = client_of(user(role))
    assert client.get(url(of)).status_code == client.post(url(of)).status_code == 403
    assert not CustomerHead.objects.exists()


def test_other_verbs_are_refused(of: Customer, admin: Client) -> None:
    assert admin.delete(url(of)).status_code == 405


def test_without_specimens_it_is_a_sentence(of: Customer, admin: Client) -> None:
    erased(*of.specimens.all())
    answer = admin.post(url(of), headers=HTMX)
    assert answer.status_code == 200
    assert "no approved specimen that can be read" in answer.text


def test_without_a_usable_model_it_is_a_sentence_in_the_readers_language(
    of: Customer, admin: Client, base: ModelVersion, tmp_path: Path, settings: Any
) -> None:
    settings.MODELS_DIR = tmp_path
    ModelVersion.objects.filter(pk=base.pk).update(directory="gone")
    assert "The model in use can not be loaded" in admin.post(url(of), headers=HTMX).text
    ModelVersion.objects.filter(pk=base.pk).update(state="retired")
    assert "No model is in use yet" in admin.post(url(of), headers=HTMX).text
    admin.cookies[settings.LANGUAGE_COOKIE_NAME] = "hi"
    said = admin.post(url(of), headers=HTMX).text
    assert "No model" not in said
    assert "मॉडल" in said


def test_the_page_of_the_customer_fetches_it_for_those_who_may(of: Customer, admin: Client) -> None:
    page = reverse("customers:detail", args=[of.public_id])
    assert url(of) in admin.get(page).text
    assert url(of) not in client_of(user("teller")).get(page).text


def judged(of: Customer) -> Verification:
    return verification_run(
        actor=user("verifier"), customer=of, data=signature(7, FIRST_SIGNER), request_token=uuid.uuid4()
    )


def test_a_verdict_carries_the_second_opinion_only_while_the_head_is_current(of: Customer) -> None:
    first = judged(of)
    assert first.own_probability is None
    head = customer_relearn(customer=of, actor=None).head
    second = judged(of)
    assert second.own_probability is not None
    # Asked again with the very same picture: that it is a copy refers it, the head decides nothing.
    assert (second.score, second.t_match, second.t_no_match) == (first.score, first.t_match, first.t_no_match)
    assert second.copy_of and not first.copy_of
    odds = head["stretch"] * -second.score + head["shift"]
    assert second.own_probability == pytest.approx(1 / (1 + 2.718281828**-odds), abs=1e-6)
    erased(of.specimens.all()[0])
    assert judged(of).own_probability is None


def test_the_verdict_page_shows_it(of: Customer) -> None:
    customer_relearn(customer=of, actor=None)
    verification = judged(of)
    page = client_of(user("verifier")).get(reverse("verification:detail", args=[verification.public_id]))
    assert "own head, a second opinion" in page.text
