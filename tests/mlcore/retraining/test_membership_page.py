"""The page that tells in which trainings a customer was."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sigweb.audit.models import AuditEvent
from tests.customers.making import user
from tests.mlcore.making import make_customer, make_user
from tests.mlcore.retraining.making import MODEL_ADMIN, make_run, model_admin
from tests.mlcore.retraining.test_membership import make_version, trained, using

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:mlcore_trainingrun_customer")
RUNS = reverse("admin:mlcore_trainingrun_changelist")
VERSIONS = reverse("admin:mlcore_modelversion_changelist")
ASKING = (*MODEL_ADMIN, "customers.view_customer")


@pytest.fixture
def asking(client: Client) -> Client:
    client.force_login(model_admin(*ASKING, username="mona"))
    return client


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_it_asks_and_lists_what_used_the_signatures(asking: Client) -> None:
    customer = make_customer()
    make_version("theirs")
    first = trained("first", using(customer.public_id, specimens=4, decisions=2))
    second = trained("second", using(customer.public_id, held_out=True), parent=first)
    page = text(asking.post(PAGE, {"customer": customer.number}))
    assert "2 model versions hold something of what was learnt." in page
    assert str(customer.public_id) in page
    for version in (first, second):
        assert reverse("admin:mlcore_trainingrun_change", args=[version.training_run.public_id]) in page
        assert reverse("admin:mlcore_modelversion_change", args=[version.public_id]) in page
        assert version.training_run.snapshot.digest in page
    assert "what they learnt from is not on record here: theirs" in page
    assert "<td>4</td><td>2</td>" in page
    assert "Measured with the signatures, not trained on them. Goes on from first, which was trained on them." in page
    (event,) = AuditEvent.objects.filter(action="customer.training_looked_up")
    assert (event.actor_name, event.object_id, event.ip) == ("mona", customer.public_id, "127.0.0.1")


@pytest.mark.parametrize("held_out", [True, False])
def test_it_tells_what_nothing_was_learnt_from(asking: Client, held_out: bool) -> None:
    customer = make_customer()
    make_run(state="failed", snapshot=using(customer.public_id, held_out=held_out))
    page = text(asking.post(PAGE, {"customer": str(customer.public_id)}))
    assert ("This customer was held out each time." in page) is held_out
    assert ("No model version was made of what was learnt." in page) is not held_out
    assert ("measure (held out)" in page) is held_out


def test_an_id_of_nobody_gets_an_honest_answer(asking: Client) -> None:
    page = text(asking.post(PAGE, {"customer": str(uuid.uuid4())}))
    assert "In none." in page
    assert "no: erased, or never a customer here" in page
    assert "Trainings</h2>" not in page


def test_a_number_of_nobody_and_nothing_at_all_are_said(asking: Client) -> None:
    page = text(asking.post(PAGE, {"customer": "NOBODY-1"}))
    assert "After an erasure only the public id is known" in page
    assert 'value="NOBODY-1"' in page
    assert "This field is required" in text(asking.post(PAGE, {"customer": " "}))
    assert AuditEvent.objects.filter(action="customer.training_looked_up").count() == 1


def test_looking_at_the_page_or_at_an_address_with_a_number_asks_nothing(asking: Client) -> None:
    customer = make_customer()
    page = text(asking.get(PAGE, {"customer": customer.number}))
    assert customer.number not in page
    assert not AuditEvent.objects.filter(action="customer.training_looked_up").exists()


def test_runs_and_versions_lead_to_it_for_those_who_may_ask(asking: Client, client: Client) -> None:
    version = trained("first", None)
    run = reverse("admin:mlcore_trainingrun_change", args=[version.training_run.public_id])
    for address in (RUNS, VERSIONS, run):
        assert f'href="{PAGE}"' in text(asking.get(address))
    other = Client()
    other.force_login(model_admin())
    for address in (RUNS, VERSIONS, run):
        assert PAGE not in text(other.get(address))


def test_it_takes_the_rights_to_see_trainings_and_customers() -> None:
    for permissions in (("mlcore.view_trainingrun",), ("customers.view_customer",)):
        client = Client()
        client.force_login(make_user(*permissions, is_staff=True))
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, {"customer": str(uuid.uuid4())}).status_code == 403
    assert Client().get(PAGE).status_code == 302
    assert not AuditEvent.objects.filter(action="customer.training_looked_up").exists()


def test_wrong_verbs_are_refused(asking: Client) -> None:
    assert asking.put(PAGE).status_code == 405


def test_an_auditor_may_ask_and_finds_the_way_but_no_way_to_models(client: Client) -> None:
    auditor = user("auditor", is_staff=True)
    client.force_login(auditor)
    customer = make_customer()
    version = trained("first", using(customer.public_id, specimens=4))
    run = reverse("admin:mlcore_trainingrun_change", args=[version.training_run.public_id])
    assert RUNS in text(client.get(reverse("admin:index")))
    pages = [text(client.get(address)) for address in (RUNS, run)]
    assert all(f'href="{PAGE}"' in page for page in pages)
    answer = text(client.post(PAGE, {"customer": customer.number}))
    assert "1 model version holds something of what was learnt." in answer
    assert AuditEvent.objects.get(action="customer.training_looked_up").actor == auditor
    # The names of versions are there, but nothing leads to a page that is closed to him.
    for page in (pages[0], answer):
        assert "first" in page
    for page in (*pages, answer):
        assert "/mlcore/modelversion/" not in page
    for name in ("change", "comparison"):
        assert client.get(reverse(f"admin:mlcore_modelversion_{name}", args=[version.public_id])).status_code == 403
    assert client.get(reverse("verification:vectors")).status_code == 403
    assert client.get(reverse("admin:mlcore_trainingrun_retrain")).status_code == 403
    stop = reverse("admin:mlcore_trainingrun_cancel", args=[version.training_run.public_id])
    assert client.post(stop).status_code == 403
