from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from customers import services
from customers.models import Customer, Specimen
from customers.selectors import specimens_enrolled
from tests.customers.making import client_of, customer, specimens, user
from tests.mlcore.making import drawn_png
from verification.models import Verification

pytestmark = pytest.mark.django_db


def test_strangers_are_sent_to_the_log_in_page(client: Client) -> None:
    assert client.get("/")["Location"] == "/login/?next=/"


def test_it_takes_no_other_verb() -> None:
    client = client_of(user("teller"))
    assert client.post("/").status_code == 405


def test_the_search_has_the_focus_and_keeps_text_out_of_addresses() -> None:
    page = client_of(user("teller")).get("/").content.decode()
    assert "autofocus" in page
    assert 'hx-post="/customers/search/"' in page
    assert 'method="post"' in page


def test_a_teller_sees_thin_customers_and_no_approvals() -> None:
    thin = customer(name="Thin Lizzy")
    full = customer(name="Fats Domino")
    specimens(full, 3, approved=True)
    specimens(thin, 1)
    page = client_of(user("teller")).get("/").content.decode()
    listed = page.split("Too few specimens")[1]
    assert "Thin Lizzy" in listed
    assert "Fats Domino" not in listed
    assert "Waiting for approval" not in page


def test_a_supervisor_sees_what_waits_for_approval() -> None:
    waiting = customer(name="Wai Ting")
    specimens(waiting, 2)
    page = client_of(user("supervisor")).get("/").content.decode()
    assert "Wai Ting" in page
    assert f"/customers/{waiting.public_id}/" in page
    assert "Too few specimens" not in page


def test_what_one_enrolled_oneself_is_told_to_wait_for_somebody_else() -> None:
    both = user("teller", "supervisor")
    specimens(customer(name="Own Work"), 2, actor=both)
    page = client_of(both).get("/").content.decode()
    panel = page.split("Waiting for approval")[1].split("</section>")[0]
    assert "Nothing waits for you." in panel
    assert "2 specimens that you enrolled wait for another person." in panel
    assert "Own Work" not in panel


def test_closed_customers_ask_for_nothing() -> None:
    known = customer(name="Gone Away")
    (row,) = specimens(known, 1)
    services.specimen_mark_unreadable(specimen=row, reason="BlobDamaged")
    Customer.objects.update(status="closed")
    page = client_of(user("supervisor")).get("/").content.decode()
    assert "Gone Away" not in page
    assert "can not be read any more" not in page


def test_who_enrolled_is_told_what_was_turned_down() -> None:
    teller, supervisor, known = user("teller"), user("supervisor"), customer(name="Back Again")
    first, second, own, approved = specimens(known, 4, actor=teller)
    services.specimen_retire(actor=user("teller", "supervisor"), specimen=first)
    services.specimen_retire(actor=supervisor, specimen=second)
    services.specimen_retire(actor=teller, specimen=own)
    services.specimen_approve(actor=supervisor, specimen=approved)
    services.specimen_retire(actor=supervisor, specimen=approved)
    client = client_of(teller)
    panel = client.get("/").content.decode().split("Turned down lately")[1].split("</section>")[0]
    assert "Back Again" in panel
    assert "2 specimens" in panel
    assert f"/customers/{known.public_id}/#specimen-{second.public_id}" in panel
    assert "Turned down lately" not in client_of(user("teller")).get("/").content.decode()
    Specimen.objects.update(retired_at=timezone.now() - timedelta(days=15))
    assert "Turned down lately" not in client.get("/").content.decode()


def test_before_the_first_customer_the_next_step_is_offered() -> None:
    page = client_of(user("teller", "supervisor")).get("/").content.decode()
    assert "There are no customers yet." in page
    assert "Enrol the first one" in page
    assert "seed_demo" not in page
    assert 'id="home-referrals"' in page
    for sentence in ("find one above", "Every customer has enough", "Nothing waits", "verified today"):
        assert sentence not in page
    page = client_of(user("verifier")).get("/").content.decode()
    assert "Whoever may enrol begins" in page
    assert "Enrol the first one" not in page
    assert "seed_demo" in client_of(user(is_superuser=True)).get("/").content.decode()
    assert "There are no customers yet." not in client_of(user()).get("/").content.decode()


def test_nothing_to_do_is_said_too() -> None:
    specimens(customer(), 3, approved=True)
    page = client_of(user("supervisor", "teller")).get("/").content.decode()
    assert "Nothing waits." in page
    assert "Every customer has enough specimens." in page


def test_unreadable_specimens_are_shown() -> None:
    (row,) = specimens(customer(name="Lost Letter"), 1, approved=True)
    services.specimen_mark_unreadable(specimen=row, reason="BlobDamaged")
    page = client_of(user("verifier")).get("/").content.decode()
    assert "can not be read any more" in page
    assert "Lost Letter" in page


def test_somebody_without_a_role_is_told_so() -> None:
    page = client_of(user()).get("/").content.decode()
    assert "no role yet" in page
    assert 'id="q"' not in page


def test_referrals_of_others_are_told_to_reviewers_alone(ask: Any) -> None:
    asked = ask()
    Verification.objects.filter(pk=asked.pk).update(verdict="refer")
    page = client_of(user("supervisor")).get("/").content.decode()
    assert "1 referral waits for you" in page
    assert "/review/" in page
    assert "referral waits" not in client_of(user("teller")).get("/").content.decode()
    Verification.objects.update(verdict="match")
    assert "No referral waits for you" in client_of(user("supervisor")).get("/").content.decode()
    assert "No referral waits" not in client_of(user("teller")).get("/").content.decode()


def test_todays_verdicts_and_ones_own_latest_are_shown(ask: Any, as_verifier: Client) -> None:
    asked = ask()
    Verification.objects.filter(pk=asked.pk).update(verdict="no_match")
    old = ask(data=drawn_png(7))
    Verification.objects.filter(pk=old.pk).update(asked_at=timezone.now() - timedelta(days=2))
    page = " ".join(as_verifier.get("/").content.decode().split())
    assert '<strong class="tnum">1</strong><span>verified today</span>' in page
    assert f"/verifications/{asked.public_id}/" in page
    assert f"/verifications/{old.public_id}/" in page
    assert "<span>specimens enrolled</span>" in page
    other = client_of(user("verifier")).get("/").content.decode()
    assert "You have not verified a signature yet." in other


def test_who_has_not_verified_yet_is_offered_customers_with_enough_specimens() -> None:
    full, thin = customer(name="Fats Domino"), customer(name="Thin Lizzy")
    specimens(full, 3, approved=True)
    specimens(thin, 2, approved=True)
    page = client_of(user("verifier")).get("/").content.decode()
    assert f"/verify/{full.public_id}/" in page
    assert f"/verify/{thin.public_id}/" not in page


def test_only_what_was_turned_in_today_counts_as_enrolled() -> None:
    rows = specimens(customer(), 3)
    Specimen.objects.filter(pk=rows[0].pk).update(enrolled_at=timezone.now() - timedelta(days=2))
    Specimen.objects.filter(pk=rows[1].pk).update(state="draft", customer=None)
    assert specimens_enrolled(day=timezone.localdate()) == 1
