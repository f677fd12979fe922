"""What a candidate would have said of the last verifications."""

from __future__ import annotations

import tracemalloc
import uuid
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from customers.models import Customer
from mlcore.models import ModelVersion
from mlcore.selectors import bundles_forget, model_bundle
from mlcore.trainer.shadow import shadow
from sigweb.accounts.models import User
from tests.mlcore.making import VERIFIER, drawn_page, drawn_png, make_customer, make_specimen, make_user
from tests.mlcore.retraining.candidates import make_candidate
from verification.models import Verification
from verification.services import verification_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidate(champion: ModelVersion) -> Iterator[ModelVersion]:
    yield make_candidate()
    bundles_forget()


def asked_about(customer: Customer, actor: User, data: bytes) -> Verification:
    return verification_run(actor=actor, customer=customer, data=data, request_token=uuid.uuid4())


@pytest.fixture
def verifications(champion: ModelVersion) -> list[Verification]:
    """Of one customer: his own signature, those of three others, and a copy of a specimen."""
    actor, customer = make_user(*VERIFIER), make_customer()
    make_specimen(customer, data=drawn_png(1))
    pictures = [drawn_png(1, again=1), *(drawn_png(other) for other in (2, 3, 4)), drawn_png(1)]
    made = [asked_about(customer, actor, data) for data in pictures]
    assert [bool(one.copy_of) for one in made] == [False] * 4 + [True]
    return made


def test_what_changes_is_told_with_before_and_after(
    champion: ModelVersion, candidate: ModelVersion, verifications: list[Verification]
) -> None:
    last = verifications[3]
    opposite = "match" if last.verdict != "match" else "no_match"
    Verification.objects.filter(pk=last.pk).update(verdict=opposite)
    found = shadow(model_bundle(champion), champion)
    assert found["verifications"] == 4, "a copy is not judged again"
    assert found["changed"] == [{"public_id": str(last.public_id), "before": opposite, "after": last.verdict}]
    assert found["counts"] == {f"{opposite}->{last.verdict}": 1}


def test_a_rule_of_the_bank_that_came_later_is_no_change(
    champion: ModelVersion, verifications: list[Verification]
) -> None:
    customer = verifications[0].customer
    assert any(one.verdict != "refer" for one in verifications)
    customer.always_refer = True
    customer.save()
    assert shadow(model_bundle(champion), champion)["changed"] == []
    referred = asked_about(customer, make_user(*VERIFIER), drawn_png(7))
    assert referred.verdict == "refer"
    customer.always_refer = False
    customer.save()
    assert shadow(model_bundle(champion), champion)["changed"] == []


def test_only_the_last_ones_by_the_champion_are_judged_again(
    champion: ModelVersion, candidate: ModelVersion, verifications: list[Verification]
) -> None:
    assert shadow(model_bundle(candidate), champion, last=2)["verifications"] == 2
    assert shadow(model_bundle(candidate), candidate)["verifications"] == 0


def test_a_picture_that_can_not_be_read_is_left_out(
    champion: ModelVersion, candidate: ModelVersion, verifications: list[Verification]
) -> None:
    Verification.objects.filter(pk=verifications[0].pk).update(image=b"damaged")
    assert shadow(model_bundle(candidate), champion)["verifications"] == 3


def test_it_can_be_stopped(champion: ModelVersion, candidate: ModelVersion, verifications: list[Verification]) -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        shadow(model_bundle(candidate), champion, check=stop)


def test_large_pictures_are_read_a_few_at_once(
    champion: ModelVersion, candidate: ModelVersion, verifications: list[Verification]
) -> None:
    noise = np.random.default_rng(1).integers(235, 256, (1400, 1400), dtype=np.uint8)
    noise[500:820, 380:1020] = np.minimum(noise[500:820, 380:1020], drawn_page(5))
    done, data = cv2.imencode(".png", noise)
    assert done
    large = data.tobytes()
    assert len(large) > 900_000
    customer, actor = verifications[0].customer, make_user(*VERIFIER)
    one = asked_about(customer, actor, large)
    assert not one.copy_of
    for _ in range(24):
        again = Verification.objects.get(pk=one.pk)
        again.pk, again.public_id, again.request_token = None, uuid.uuid4(), uuid.uuid4()
        again.save()  # sealed for another row, so that it costs nothing but its size
    Verification.objects.filter(pk=one.pk).update(image=b"")
    tracemalloc.start()
    try:
        shadow(model_bundle(candidate), champion)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * len(large), f"{peak / len(large):.0f} pictures at once"
