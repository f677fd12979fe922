from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from verification.forms import ReviewFilterForm, VerifyForm


def filled(**fields: Any) -> VerifyForm:
    data = {"token": str(uuid.uuid4()), **fields}
    return VerifyForm(data, {"image": SimpleUploadedFile("x.png", b"anything")})


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("", None),
        ("0", Decimal(0)),
        ("1250.5", Decimal("1250.50")),
        (" 1 250.50 ", Decimal("1250.50")),
        ("1\u202f250\u00a0000", Decimal(1250000)),
        ("1,250", Decimal(1250)),
        ("12,345,678.90", Decimal("12345678.90")),
        ("1,25,000", Decimal(125000)),
        ("12,34,56,789.50", Decimal("123456789.50")),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, amount: Decimal | None) -> None:
    form = filled(amount=text)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["amount"] == amount


@pytest.mark.parametrize(
    "text", ["1,50", "1,2345", "1,25,00", "12,34", "1.234,50", "12.345", "1e400", "٣x", "-5", "Infinity"]
)
def test_amounts_that_could_mean_two_things_are_asked_again(text: str) -> None:
    assert "amount" in filled(amount=text).errors


@pytest.mark.parametrize("text", ["1e9", "1E+2", "nan", "sNaN", "inf", "-Infinity", "1_000", "0x10", "12 €", "a lot"])
def test_what_only_a_program_writes_is_no_amount(text: str) -> None:
    form = filled(amount=text)
    assert form.errors["amount"] == ["Write the amount in digits, for example 1250.50."]
    assert form["amount"].value() == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1234567890123", "This amount is too large."),
        ("123456789012345678", "This amount is too large."),
        ("9" * 200, "This amount is too large."),
        ("0.001", "at most two digits after the point"),
        ("123456789012.345", "too large"),
        ("-0.01", "can not be negative"),
    ],
)
def test_an_amount_beyond_the_limits_says_which(text: str, told: str) -> None:
    (sentence,) = filled(amount=text).errors["amount"]
    assert told in sentence


def test_the_review_s_amounts_are_plain_as_well() -> None:
    form = ReviewFilterForm({"amount_from": "1e9", "amount_to": "1,250.50"})
    assert "amount_from" in form.errors
    assert form.cleaned_data["amount_to"] == Decimal("1250.50")


@pytest.mark.parametrize("text", ["000123", "A-12/7", "K 4.711", ""])
def test_cheque_numbers_of_many_kinds_are_taken(text: str) -> None:
    form = filled(cheque_number=text)
    assert form.is_valid()
    assert form.cleaned_data["cheque_number"] == text


def test_an_empty_file_is_left_to_imaging_to_refuse() -> None:
    form = VerifyForm({"token": str(uuid.uuid4())}, {"image": SimpleUploadedFile("x.png", b"")})
    assert form.is_valid()


def test_a_new_form_has_a_random_token() -> None:
    assert VerifyForm()["token"].value() != VerifyForm()["token"].value()
