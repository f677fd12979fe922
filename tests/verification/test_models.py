from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from sigweb.accounts.models import User
from verification.models import Verification

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"verdict": "maybe"}, "verdict_known"),
        ({"digest": "abc"}, "digest_sha256"),
        ({"probability": 1.1}, "shares_in_range"),
        ({"far": -0.1}, "shares_in_range"),
        ({"frr": float("nan")}, "shares_in_range"),
        ({"t_match": 5.0}, "thresholds_in_order"),
        ({"amount": -1}, "amount_not_negative"),
        ({"human_decision": "accepted"}, "decision_whole"),
        ({"decided_at": timezone.now()}, "decision_whole"),
        ({"human_decision": "maybe", "decided_at": timezone.now()}, "decision_whole"),
    ],
)
def test_the_database_refuses_what_makes_no_sense(ask: Any, fields: dict[str, Any], constraint: str) -> None:
    ask()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Verification.objects.update(**fields)


def test_a_request_is_answered_once(ask: Any) -> None:
    first, second = ask(), ask()
    with pytest.raises(IntegrityError, match="request_token"), transaction.atomic():
        Verification.objects.filter(pk=second.pk).update(request_token=first.request_token)


def test_a_whole_decision_is_accepted(ask: Any, verifier: User) -> None:
    made = ask()
    Verification.objects.update(human_decision="accepted", decided_by=verifier, decided_at=timezone.now())
    made.refresh_from_db()
    assert made.get_human_decision_display() == "Accepted"
    assert str(made) == f"{made.get_verdict_display()} {made.public_id}"


def test_the_application_can_not_delete_what_was_judged(ask: Any) -> None:
    made = ask()
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        made.delete()
