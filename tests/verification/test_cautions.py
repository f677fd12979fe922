"""What stands beside a verdict: old and expired specimens, and what the picture is a copy of."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer
from customers.services import specimen_approve, specimen_retire
from tests.customers.making import user
from tests.mlcore.making import drawn_png, make_customer, make_specimen, make_user
from verification.models import Verification
from verification.selectors import verification_comparisons

pytestmark = pytest.mark.django_db


def page_of(client: Client, made: Verification) -> str:
    response = client.get(reverse("verification:detail", args=[made.public_id]))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years, day=min(day.day, 28))


def test_a_verdict_without_anything_to_say_says_nothing(as_verifier: Client, ask: Any) -> None:
    content = page_of(as_verifier, ask(data=drawn_png(99)))
    assert "callout-warn" not in content
    assert "Coincides" not in content


def test_old_specimens_are_counted_and_each_tells_its_age(as_verifier: Client, ask: Any, customer: Customer) -> None:
    today = timezone.localdate()
    first, second, third = customer.specimens.order_by("pk")
    for specimen, signed in ((first, years_before(today, 5)), (second, years_before(today, 9)), (third, today)):
        specimen.signed_on = signed
        specimen.save()
    content = page_of(as_verifier, ask(data=drawn_png(99)))
    assert "2 specimens were signed 5 years before or more." in content
    assert "5 years before</span>" in content
    assert "9 years before</span>" in content
    assert "0 years before" not in content


@pytest.mark.parametrize(("days", "old"), [(0, True), (1, False)])
def test_five_years_are_over_on_the_day(ask: Any, customer: Customer, days: int, old: bool) -> None:
    made = ask(data=drawn_png(99))
    Verification.objects.update(asked_at=timezone.make_aware(datetime(2026, 11, 24, 12)))
    customer.specimens.update(signed_on=date(2021, 11, 24) + timedelta(days=days))
    made.refresh_from_db()
    assert {comparison.is_old for comparison in verification_comparisons(made)} == {old}


def test_expired_specimens_that_were_left_out_are_told(as_verifier: Client, ask: Any, customer: Customer) -> None:
    today = timezone.localdate()
    make_specimen(customer, expires_on=today - timedelta(days=1))
    make_specimen(customer, expires_on=today)
    make_specimen(customer, expires_on=today - timedelta(days=1), state="retired")
    make_specimen(make_customer(), expires_on=today - timedelta(days=1))
    assert "1 expired specimen was left out." in page_of(as_verifier, ask(data=drawn_png(99)))


def test_what_was_left_out_is_told_as_it_was_then(as_verifier: Client, ask: Any, customer: Customer) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    expired = [make_specimen(customer, expires_on=yesterday) for _ in range(2)]
    waiting = make_specimen(customer, state="pending")
    before = make_specimen(customer, expires_on=yesterday)
    retire, approve = user("supervisor"), user("supervisor")
    specimen_retire(actor=retire, specimen=before)
    made = ask(data=drawn_png(99))
    for specimen in expired:
        specimen_retire(actor=retire, specimen=specimen)
    specimen_approve(actor=approve, specimen=waiting)
    customer.specimens.filter(pk=waiting.pk).update(expires_on=yesterday)
    assert "2 expired specimens were left out." in page_of(as_verifier, made)


def test_a_copy_of_a_specimen_leads_to_it(as_verifier: Client, ask: Any) -> None:
    content = page_of(as_verifier, ask(data=drawn_png(2)))
    assert 'It coincides with specimen 1.</strong> <a href="#vf-pair-1">' in content
    assert 'id="vf-pair-1"' in content
    assert content.count("Coincides</span>") == 1
    assert content.index("Coincides</span>") < content.index('id="vf-pair-2"')


def test_a_picture_verified_before_leads_to_the_answer_given_then(
    as_verifier: Client, client: Client, ask: Any
) -> None:
    first = ask(data=drawn_png(99), actor=make_user(username="tom", first_name="Tom", last_name="Teller"))
    second = ask(data=drawn_png(99))
    content = page_of(as_verifier, second)
    assert "Verified before" in content
    assert "by Tom Teller" in content
    assert f'<a href="{reverse("verification:detail", args=[first.public_id])}">See that answer</a>' in content
    assert "Verified before" not in page_of(as_verifier, first)
