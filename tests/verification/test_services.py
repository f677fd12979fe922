from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import cv2
import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from customers.blobs import keyed_digest, unseal
from customers.models import Customer
from mlcore.models import Embedding, ModelVersion
from mlcore.scoring import POLICY_VERSION
from mlcore.selectors import bundles_forget
from mlcore.services import model_promote, specimen_embed
from sigweb.accounts.models import User
from sigweb.audit.models import AuditEvent
from tests.mlcore.bundles import make_scorer
from tests.mlcore.making import drawn_page, drawn_png, make_customer, make_specimen, make_user
from tests.mlcore.retraining.candidates import make_candidate
from verification.models import Verification
from verification.questions import VerificationRefused
from verification.services import verification_ready, verification_run

pytestmark = pytest.mark.django_db


def png(page: np.ndarray) -> bytes:
    return cv2.imencode(".png", page)[1].tobytes()


def only_drawing(seed: int, **fields: Any) -> Customer:
    """A customer with one specimen."""
    customer = make_customer(**fields)
    make_specimen(customer, data=drawn_png(seed))
    return customer


def refusal(ask: Any, **fields: Any) -> VerificationRefused:
    """Ask for what must be refused; nothing may be stored."""
    with pytest.raises(VerificationRefused) as caught:
        ask(**fields)
    assert not Verification.objects.exists()
    assert not AuditEvent.objects.filter(action="verification.judged").exists()
    return caught.value


# --- what is judged and kept -----------------------------------------------------------------------------


def test_a_drawing_that_is_drawn_again_matches(ask: Any) -> None:
    made = ask(customer=only_drawing(9), data=drawn_png(9, again=2))
    assert made.verdict == "match"
    assert made.score <= made.t_match
    assert [reason["code"] for reason in made.reasons] == ["within_threshold", "thin_set"]


def test_another_drawing_does_not_match(ask: Any) -> None:
    made = ask(data=drawn_png(99))
    assert made.verdict == "no_match"
    assert made.score > made.t_no_match


def test_everything_that_the_verdict_stands_on_is_kept(
    ask: Any, champion: ModelVersion, customer: Customer, verifier: User
) -> None:
    data = drawn_png(1)
    made = ask(data=data, amount=Decimal("1250.50"), cheque_number="000123")
    kept = Verification.objects.get(pk=made.pk)
    specimens = [str(specimen.public_id) for specimen in customer.specimens.order_by("enrolled_at", "pk")]
    assert [entry["specimen"] for entry in kept.distances] == specimens
    assert kept.distances[0]["vector"] == pytest.approx(0, abs=1e-3)
    assert all(0 <= entry["vector"] <= 2 and 0 <= entry["local"] <= 2 for entry in kept.distances)
    assert all(0 <= entry["hinge"] <= 1 for entry in kept.distances)
    assert kept.distances[1]["vector"] > 0.1
    assert (kept.customer, kept.asked_by, kept.model_version) == (customer, verifier, champion)
    assert (kept.amount, kept.cheque_number) == (Decimal("1250.50"), "000123")
    assert (kept.t_match, kept.t_no_match, kept.policy_version) == (-1.0, 1.0, POLICY_VERSION)
    assert kept.quality["grade"] == "good"
    assert set(kept.box) == {"left", "top", "right", "bottom"}
    assert kept.media_type == "image/png"
    assert 0 <= kept.probability <= 1
    within, beyond = kept.calibration["skilled_within"], kept.calibration["genuine_beyond"]
    assert (within["value"], beyond["value"]) == (kept.far, kept.frr)
    assert within["low"] <= kept.far <= within["high"]
    assert beyond["low"] <= kept.frr <= beyond["high"]
    assert (within["trials"], within["writers"], beyond["trials"]) == (400, 20, 400)
    expected = make_scorer().calibrations[3].likelihood_ratio(kept.score)
    assert kept.calibration["likelihood_ratio"] == pytest.approx(expected)
    assert kept.skipped == []
    assert kept.human_decision == ""


def test_the_image_is_kept_sealed(ask: Any) -> None:
    data = drawn_png(1)
    made = Verification.objects.get(pk=ask(data=data).pk)
    assert data not in bytes(made.image)
    assert unseal(made.image, context=str(made.public_id)) == data
    assert made.digest == keyed_digest(data)


def test_a_verdict_is_on_the_audit_trail_without_names(ask: Any, customer: Customer, verifier: User) -> None:
    made = ask()
    event = AuditEvent.objects.get(action="verification.judged")
    assert (event.actor, event.object_id) == (verifier, made.public_id)
    assert event.details["verdict"] == made.verdict
    assert event.details["references"] == 3
    assert customer.number not in str(event.details)
    assert customer.name not in str(event.details)


def test_missing_vectors_are_made_on_the_spot(ask: Any, customer: Customer) -> None:
    specimen_embed(specimen=customer.specimens.first())
    first = ask()
    assert Embedding.objects.count() == 3
    second = ask()
    assert (first.score, first.distances) == (second.score, second.distances)


def test_only_approved_specimens_that_have_not_expired_count(ask: Any, customer: Customer) -> None:
    today = timezone.localdate()
    make_specimen(customer, state="pending")
    make_specimen(customer, state="retired")
    make_specimen(customer, expires_on=today - timedelta(days=1))
    last_day = make_specimen(customer, expires_on=today)
    made = ask()
    assert len(made.distances) == 4
    assert made.distances[-1]["specimen"] == str(last_day.public_id)


def test_an_unreadable_specimen_is_left_out_and_named(ask: Any, customer: Customer) -> None:
    bad = make_specimen(customer, data=b"not an image")
    made = ask()
    assert len(made.distances) == 3
    assert made.skipped[0]["specimen"] == str(bad.public_id)
    assert made.skipped[0]["sentence"]
    bad.refresh_from_db()
    assert bad.unreadable_at is not None


def test_always_refer_refers_what_would_match(ask: Any) -> None:
    assert ask(customer=only_drawing(9), data=drawn_png(9, again=2)).verdict == "match"
    made = ask(customer=only_drawing(9, always_refer=True), data=drawn_png(9, again=2))
    assert made.verdict == "refer"
    assert [reason["code"] for reason in made.reasons] == ["within_threshold", "always_refer", "thin_set"]


# --- clicking twice --------------------------------------------------------------------------------------


def test_the_same_question_asked_twice_gives_the_same_verification(ask: Any) -> None:
    token = uuid.uuid4()
    first, second = ask(request_token=token), ask(request_token=token)
    assert first.pk == second.pk
    assert Verification.objects.count() == 1
    assert AuditEvent.objects.filter(action="verification.judged").count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"data": drawn_png(99)}, {"amount": Decimal(2)}, {"cheque_number": "7"}, {"turn": 180}],
    ids=["image", "amount", "cheque", "turn"],
)
def test_another_question_with_an_old_token_is_not_answered_with_the_old_verdict(
    ask: Any, fields: dict[str, Any]
) -> None:
    token = uuid.uuid4()
    first = ask(request_token=token)
    second = ask(request_token=token, **fields)
    assert first.pk != second.pk


@pytest.mark.parametrize("changed", ["a specimen retired", "always referred", "another model"])
def test_the_same_question_is_judged_anew_once_its_grounds_have_changed(
    ask: Any, customer: Customer, changed: str
) -> None:
    token = uuid.uuid4()
    first = ask(request_token=token)
    if changed == "a specimen retired":
        customer.specimens.filter(pk=customer.specimens.latest("pk").pk).update(
            state="retired", retired_at=timezone.now()
        )
    elif changed == "always referred":
        customer.always_refer = True
        customer.save()
    else:
        model_promote(version=make_candidate("second", seed=2))
    second = ask(request_token=token)
    assert second.pk != first.pk
    assert ask(request_token=token).pk == second.pk


def test_a_closed_customer_is_told_even_where_the_question_was_answered_before(ask: Any, customer: Customer) -> None:
    token = uuid.uuid4()
    ask(request_token=token)
    customer.status = Customer.Status.CLOSED
    customer.save()
    with pytest.raises(VerificationRefused) as refused:
        ask(request_token=token)
    assert refused.value.code == "customer_closed"


def test_another_customer_or_person_with_an_old_token_is_another_question(ask: Any) -> None:
    token = uuid.uuid4()
    other = make_customer()
    make_specimen(other)
    assert len({ask(request_token=token).pk, ask(request_token=token, customer=other).pk}) == 2
    ask(request_token=token, actor=make_user())
    assert Verification.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_five_clicks_at_once_make_one_verification(champion: ModelVersion, customer: Customer, verifier: User) -> None:
    token, start, found = uuid.uuid4(), threading.Barrier(5), []

    def click() -> None:
        try:
            start.wait()
            made = verification_run(
                actor=verifier, customer=customer, data=drawn_png(1), request_token=token, cheque_number="1"
            )
            found.append(made.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 5
    assert len(set(found)) == 1


# --- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"no image", "unknown_format"),
        (drawn_png(1)[:500], "damaged"),
        (png(np.full((300, 600), 255, np.uint8)), "quality_refused"),
        (png(np.zeros((300, 600), np.uint8)), "quality_refused"),
    ],
    ids=["empty", "text", "cut off", "blank", "black"],
)
def test_an_image_that_can_not_be_judged_is_refused_with_a_sentence(ask: Any, data: bytes, code: str) -> None:
    refused = refusal(ask, data=data)
    assert refused.code == code
    assert refused.field == "image"
    assert refused.sentence.endswith(".")


def test_a_poor_image_is_judged_but_referred(ask: Any) -> None:
    pale = (250 - (250 - drawn_page(1).astype(np.int16)) * 0.22).clip(0, 255).astype(np.uint8)
    made = ask(data=png(pale))
    assert made.quality["grade"] == "usable"
    assert made.verdict == "refer"
    assert "poor_image" in [reason["code"] for reason in made.reasons]


def test_a_closed_customer_is_not_verified(ask: Any, customer: Customer) -> None:
    customer.status = Customer.Status.CLOSED
    customer.save()
    assert "closed" in refusal(ask).sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "retired"}, "no approved specimens"),
        ({"state": "pending", "approved_by": None, "approved_at": None}, "wait for approval"),
        ({"expires_on": timezone.localdate() - timedelta(days=1)}, "expired"),
    ],
)
def test_a_customer_without_usable_specimens_is_not_verified(
    ask: Any, customer: Customer, changes: dict[str, Any], words: str
) -> None:
    customer.specimens.update(**changes)
    refused = refusal(ask)
    assert refused.code == "no_specimens"
    assert words in refused.sentence


def test_a_customer_whose_specimens_are_all_unreadable_is_not_verified(ask: Any, customer: Customer) -> None:
    customer.specimens.update(image=b"damaged")
    assert refusal(ask).code == "specimens_unusable"


def test_nothing_is_judged_without_a_champion(ask: Any, champion: ModelVersion) -> None:
    ModelVersion.objects.update(state="retired")
    assert refusal(ask).code == "no_champion"


def test_nothing_is_judged_with_a_damaged_model(ask: Any, champion: ModelVersion) -> None:
    bundles_forget()
    ModelVersion.objects.update(digest="0" * 64)
    refused = refusal(ask)
    assert refused.code == "artefact"
    assert "administrator" in refused.sentence


def test_whether_a_customer_can_be_verified_is_known_before(champion: ModelVersion, customer: Customer) -> None:
    assert len(verification_ready(customer=customer)) == 3
    with pytest.raises(VerificationRefused):
        verification_ready(customer=make_customer())


@pytest.mark.django_db(transaction=True)
def test_many_threads_judge_at_once_as_one_does_alone(ask: Any, customer: Customer, verifier: User) -> None:
    alone = {seed: ask(data=drawn_png(seed)).score for seed in range(1, 5)}
    together: dict[int, set[float]] = {seed: set() for seed in alone}

    def judge(seed: int) -> None:
        try:
            for _ in range(3):
                made = verification_run(
                    actor=verifier, customer=customer, data=drawn_png(seed), request_token=uuid.uuid4()
                )
                together[seed].add(made.score)
        finally:
            connection.close()

    threads = [threading.Thread(target=judge, args=[seed]) for seed in alone for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == {seed: {score} for seed, score in alone.items()}
