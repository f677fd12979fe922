"""Who may decide what: the asker confirms, a referral and an override need another person, once."""

from __future__ import annotations

from typing import Any

import pytest

from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.customers.test_races import together
from tests.mlcore.making import VERIFIER, make_user
from verification.decisions import DecisionRefused, decision_options, verification_decide
from verification.models import Verification

pytestmark = pytest.mark.django_db
REVIEWER = (*VERIFIER, "verification.review_verification")


@pytest.fixture
def reviewer() -> User:
    return make_user(*REVIEWER, username="rita", first_name="Rita", last_name="Reviewer")


def judged(ask: Any, verdict: str) -> Verification:
    made: Verification = ask()
    made.verdict = verdict
    made.save(update_fields=["verdict"])
    return made


@pytest.mark.parametrize(
    ("verdict", "own", "other"),
    [
        ("match", (True, False), (True, True)),
        ("no_match", (False, True), (True, True)),
        ("refer", (False, False), (True, True)),
    ],
)
def test_what_the_asker_and_what_a_reviewer_may_decide(
    ask: Any, reviewer: User, verdict: str, own: tuple[bool, bool], other: tuple[bool, bool]
) -> None:
    made = judged(ask, verdict)
    mine, theirs = (decision_options(actor=actor, verification=made) for actor in (made.asked_by, reviewer))
    assert (mine.accept, mine.reject) == own
    assert mine.barred
    assert (theirs.accept, theirs.reject) == other


def test_even_a_reviewer_decides_no_referral_of_his_own(ask: Any, reviewer: User) -> None:
    made = judged(lambda: ask(actor=reviewer), "refer")
    assert not decision_options(actor=reviewer, verification=made).any
    with pytest.raises(DecisionRefused, match="another person decides"):
        verification_decide(actor=reviewer, verification=made, decision="accepted")
    made.refresh_from_db()
    assert made.human_decision == ""


def test_somebody_without_the_right_decides_nothing(ask: Any) -> None:
    made = judged(ask, "refer")
    with pytest.raises(DecisionRefused, match="Your role does not decide"):
        verification_decide(actor=make_user(*VERIFIER), verification=made, decision="accepted")


def test_a_decision_is_recorded_whole_and_audited(ask: Any, reviewer: User) -> None:
    made = judged(ask, "match")
    verification_decide(
        actor=reviewer, verification=made, decision="rejected", reason_code="other", note="  Signed by his wife. "
    )
    made.refresh_from_db()
    assert (made.human_decision, made.reason_code, made.reason_note) == ("rejected", "other", "Signed by his wife.")
    assert made.decided_by == reviewer
    assert made.decided_at is not None
    event = AuditEvent.objects.get(action="verification.decided")
    assert event.details["override"] is True
    assert event.details["verdict"] == "match"


def test_confirming_is_no_override_and_an_acceptance_keeps_no_reason(ask: Any) -> None:
    made = judged(ask, "match")
    verification_decide(actor=made.asked_by, verification=made, decision="accepted", reason_code="differs")
    made.refresh_from_db()
    assert (made.human_decision, made.reason_code) == ("accepted", "")
    assert AuditEvent.objects.get(action="verification.decided").details["override"] is False


@pytest.mark.parametrize(
    ("decision", "reason", "field"),
    [
        ("maybe", "", "decision"),
        ("rejected", "", "reason_code"),
        ("rejected", "x", "reason_code"),
        ("rejected", "other", "note"),
    ],
)
def test_an_incomplete_decision_is_refused(ask: Any, reviewer: User, decision: str, reason: str, field: str) -> None:
    made = judged(ask, "refer")
    with pytest.raises(DecisionRefused) as refusal:
        verification_decide(actor=reviewer, verification=made, decision=decision, reason_code=reason)
    assert refusal.value.field == field
    made.refresh_from_db()
    assert made.human_decision == ""


@pytest.mark.parametrize("note", ["x" * 501, "a\0b"])
def test_a_note_that_can_not_be_kept_whole_is_refused(ask: Any, reviewer: User, note: str) -> None:
    made = judged(ask, "refer")
    with pytest.raises(DecisionRefused, match="at most 500 characters") as refusal:
        verification_decide(actor=reviewer, verification=made, decision="accepted", note=note)
    assert refusal.value.field == "note"


def test_a_double_click_is_one_decision_and_a_second_opinion_is_refused(ask: Any, reviewer: User) -> None:
    made = judged(ask, "refer")
    for _ in range(2):
        verification_decide(actor=reviewer, verification=made, decision="rejected", reason_code="differs")
    assert AuditEvent.objects.filter(action="verification.decided").count() == 1
    second = make_user(*REVIEWER)
    with pytest.raises(DecisionRefused, match="Rita Reviewer has decided this already: Rejected"):
        verification_decide(actor=second, verification=made, decision="accepted")
    with pytest.raises(DecisionRefused, match="already"):
        verification_decide(actor=reviewer, verification=made, decision="accepted")
    with pytest.raises(DecisionRefused, match="already"):
        verification_decide(actor=reviewer, verification=made, decision="rejected", reason_code="differs", note="More.")
    made.refresh_from_db()
    assert (made.human_decision, made.decided_by, made.reason_note) == ("rejected", reviewer, "")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_decides_and_the_other_hears_of_it(ask: Any, reviewer: User) -> None:
    made, second = judged(ask, "refer"), make_user(*REVIEWER)
    results = together(
        lambda: verification_decide(actor=reviewer, verification=made, decision="accepted"),
        lambda: verification_decide(actor=second, verification=made, decision="rejected", reason_code="differs"),
    )
    (refusal,) = [result for result in results if isinstance(result, DecisionRefused)]
    (kept,) = [result for result in results if isinstance(result, Verification)]
    assert refusal.code == "decided", results
    assert kept.decided_by is not None
    assert kept.decided_by.display_name in refusal.sentence
    assert AuditEvent.objects.filter(action="verification.decided").count() == 1
