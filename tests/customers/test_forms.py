from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from customers.forms import CustomerForm, EnrolForm, ListForm, number_clean
from tests.customers.making import branch


@pytest.mark.parametrize(
    ("typed", "stored"), [("4711", "4711"), ("  ab-1 ", "AB-1"), ("1  2/3.4", "1 2/3.4"), ("7", "7")]
)
def test_numbers_are_stored_alike(typed: str, stored: str) -> None:
    assert number_clean(typed) == stored


@pytest.mark.parametrize("typed", ["", "-1", "1-", "a_b", "<b>", "１２", "1\x00", "é1"])
def test_other_signs_in_a_number_are_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(ValidationError, match="digits and letters"):
        number_clean(typed)


@pytest.mark.django_db
def test_a_customer_form_cleans_and_marks_errors() -> None:
    form = CustomerForm({"number": "ab-1", "name": "  José   Müller ", "branch": str(branch().public_id)})
    assert form.is_valid()
    assert form.cleaned_data["number"] == "AB-1"
    assert form.cleaned_data["name"] == "José Müller"
    form = CustomerForm({"number": "?", "name": "", "branch": str(uuid.uuid4())})
    assert set(form.errors) == {"number", "name", "branch"}
    assert 'class="form-control is-invalid"' in str(form["number"])
    assert 'class="form-select is-invalid"' in str(form["branch"])


def days(count: int) -> str:
    return (timezone.localdate() + timedelta(days=count)).isoformat()


@pytest.mark.parametrize(
    ("signed", "expires", "wrong"),
    [
        ("", "", set()),
        (days(0), days(1), set()),
        (days(1), "", {"signed_on"}),
        ("", days(0), {"expires_on"}),
        ("yesterday", "", {"signed_on"}),
        ("0024-03-01", "", {"signed_on"}),
    ],
)
def test_days_must_make_sense(signed: str, expires: str, wrong: set[str]) -> None:
    data = {"enrolment": str(uuid.uuid4()), "source": "card", "signed_on": signed, "expires_on": expires}
    assert set(EnrolForm(data).errors) == wrong


@pytest.mark.django_db
def test_filters_that_do_not_fit_are_left_out() -> None:
    form = ListForm({"q": "x", "status": "nonsense", "branch": "nonsense", "show": "thin"})
    assert not form.is_valid()
    assert form.cleaned_data == {"q": "x", "show": "thin"}
