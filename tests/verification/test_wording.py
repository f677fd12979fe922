from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from django.utils import translation

from mlcore.scoring.decision import BETWEEN, _thin
from verification.models import Verification
from verification.wording import entry_in_words, reason_copied

ASKED = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("count", [1, 2])
def test_a_thin_set_is_told_in_english_as_it_was_stored_and_in_hindi_with_its_number(count: int) -> None:
    reason = _thin(count)
    assert entry_in_words(asdict(reason)) == reason.sentence
    with translation.override("hi"):
        told = entry_in_words(asdict(reason))
    assert told.startswith(f"केवल {count} नमून")
    assert ("नमूने से" in told) == (count == 1)


def test_a_reason_without_values_is_translated_as_it_stands() -> None:
    with translation.override("hi"):
        assert entry_in_words(asdict(BETWEEN)).startswith("हस्ताक्षर वहाँ पड़ता है")


def test_what_a_hindi_teller_asked_is_stored_in_english_and_read_in_both() -> None:
    earlier = Verification(asked_at=ASKED, cheque_number="000121")
    with translation.override("hi"):
        reason = reason_copied("same_picture", earlier)
        hindi = entry_in_words(asdict(reason))
    assert reason.sentence.startswith("The same picture was verified before, on March 4, 2026")
    assert reason.sentence == entry_in_words(asdict(reason))
    assert "for cheque 000121" in reason.sentence
    assert "4 मार्च 2026, 09:30 को, चेक 000121 के लिए" in hindi


def test_without_a_cheque_only_the_day_is_told() -> None:
    reason = reason_copied("copy_of_earlier", Verification(asked_at=ASKED))
    assert "cheque" not in reason.sentence
    assert "on March 4, 2026" in reason.sentence


@pytest.mark.parametrize("code", ["same_picture", "copy_of_earlier"])
@pytest.mark.parametrize("number", ["", "000121"])
def test_a_time_that_ends_with_a_full_stop_ends_no_sentence(code: str, number: str) -> None:
    reason = reason_copied(code, Verification(asked_at=ASKED, cheque_number=number))
    assert "a.m." in reason.sentence
    assert ".." not in reason.sentence
    assert "a.m. " not in reason.sentence


def test_a_copy_of_a_specimen_has_no_values() -> None:
    reason = reason_copied("copy_of_specimen")
    assert reason.values == {}
    with translation.override("hi"):
        assert entry_in_words(asdict(reason)).startswith("हस्ताक्षर एक नमूने से लगभग रेखा-दर-रेखा मिलता है")


def test_what_was_stored_before_there_were_values_is_told_as_it_was_stored() -> None:
    stored = {"code": "same_picture", "sentence": "The same picture was verified before, on March 4."}
    with translation.override("hi"):
        assert entry_in_words(stored) == stored["sentence"]
    assert entry_in_words({}) == ""
