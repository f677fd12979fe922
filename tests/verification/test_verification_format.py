"""How figures are written on the pages."""

from __future__ import annotations

import pytest
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import translation

from verification.selectors import likelihood_in_words
from verification.templatetags.verification_format import gain, interval, of_hundred, share, times


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "< 0.1"), (0.0004, "< 0.1"), (0.0312, "3.1"), (0.2049, "20"), (0.905, "90.5"), (1.0, "> 99.9")],
)
def test_a_share_is_so_many_of_a_hundred_but_never_none_or_all(value: float, text: str) -> None:
    assert of_hundred(value) == text
    assert share(value) == f"{text}\u00a0%"


@pytest.mark.parametrize(
    ("low", "high", "text"), [(0.0, 0.012, "0–1.2"), (0.156, 0.253, "16–25"), (0.95, 1.0, "95–100")]
)
def test_the_ends_of_an_interval_may_be_none_and_all(low: float, high: float, text: str) -> None:
    assert interval({"low": low, "high": high}) == text


def test_a_gain_is_whole_and_may_be_none() -> None:
    assert (gain(0.0), gain(0.034), gain(0.126)) == ("0", "3", "13")


@pytest.mark.parametrize(
    ("ratio", "text"), [(1.0, "1.0"), (0.4, "2.5"), (38.4, "38"), (1 / 384, "380"), (1234.0, "1,200"), (9.96, "10")]
)
def test_a_ratio_or_its_inverse_has_two_digits(ratio: float, text: str) -> None:
    assert times(ratio) == text


def test_a_ratio_has_the_same_commas_as_a_count() -> None:
    for language, text in (("en", "1,200"), ("de", "1.200")):
        with translation.override(language):
            assert times(1234.0) == intcomma(1200) == text


@pytest.mark.parametrize(
    ("ratio", "side", "strength"),
    [
        (1.5, "genuine signature as", "no support for either"),
        (0.6, "skilled forgery as", "no support for either"),
        (5, "genuine signature as", "weak support for genuine"),
        (0.2, "skilled forgery as", "weak support for a forgery"),
        (50, "genuine signature as", "moderate support for genuine"),
        (0.002, "skilled forgery as", "moderately strong support for a forgery"),
        (5000, "genuine signature as", "strong support for genuine"),
    ],
)
def test_a_ratio_speaks_for_the_side_that_explains_the_score_better(ratio: float, side: str, strength: str) -> None:
    words = likelihood_in_words(ratio)
    assert words.startswith(f"as likely from a {side}")
    assert words.endswith(f": {strength}")
