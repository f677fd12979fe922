"""Promotions while others work, cancel, verify and enrol at the same moment."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from customers.models import Specimen
from mlcore.models import ModelVersion
from mlcore.retraining import advancing, tasks
from mlcore.retraining.advancing import promotion_advance
from mlcore.retraining.promotion import model_rollback, promotion_cancel
from mlcore.selectors import specimens_without_embedding
from mlcore.services import specimen_embed
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import VERIFIER, drawn_png, make_customer, make_specimen, make_user
from tests.mlcore.retraining.candidates import at_once, enrolled
from tests.mlcore.retraining.promoting import advance, asked, candidate, champion_now, queue, small_batches, under
from tests.waiting import wait_for
from verification.models import Verification
from verification.services import verification_run

__all__ = ["candidate", "queue", "small_batches"]

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_batches")
def test_two_workers_at_once_do_the_work_once(champion: ModelVersion, candidate: ModelVersion) -> None:
    specimens = enrolled(champion, 12)
    promotion = asked(candidate)
    results = at_once([lambda: promotion_advance(public_id=promotion.public_id, turn=0)] * 3)
    assert results == [False, False, False]
    promotion.refresh_from_db()
    assert (promotion.state, promotion.done, promotion.total) == ("done", 12, 12)
    assert under(candidate) == {specimen.pk for specimen in specimens}
    assert AuditEvent.objects.filter(action="promotion.done").count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_cancels_waits_for_the_batch_and_no_longer(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advancing, "BATCH", 1)
    enrolled(champion, 4)
    whole, begun = advancing.specimens_embed, threading.Event()

    def slow(**fields: Any) -> tuple[int, int]:
        begun.set()
        time.sleep(0.3)
        return whole(**fields)

    monkeypatch.setattr(advancing, "specimens_embed", slow)
    promotion = asked(candidate)

    def cancel() -> float:
        begun.wait(10)
        started = time.monotonic()
        promotion_cancel(promotion=promotion, actor=None)
        return time.monotonic() - started

    _, waited = at_once([lambda: promotion_advance(public_id=promotion.public_id), cancel])
    promotion.refresh_from_db()
    assert promotion.state == "cancelled"
    assert isinstance(waited, float)
    assert len(under(candidate)) < 4
    assert champion_now() == champion


@pytest.mark.django_db(transaction=True)
def test_verifications_during_switches_use_one_model_throughout(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    """Four people verify while the champion changes back and forth; each verdict is one of the two models' own."""
    customer, actor = make_customer(), make_user(*VERIFIER)
    for seed in (1, 2, 3):
        make_specimen(customer, data=drawn_png(seed))
    data = drawn_png(1, again=1)

    def verify() -> Verification:
        return verification_run(actor=actor, customer=customer, data=data, request_token=uuid.uuid4())

    alone = {champion.pk: verify()}
    advance(asked(candidate))
    alone[candidate.pk] = verify()
    assert alone[champion.pk].distances != alone[candidate.pk].distances
    stop, made = threading.Event(), []

    def verifying() -> None:
        while not stop.is_set():
            made.append(verify())

    def switching() -> None:
        try:
            for _ in range(6):
                time.sleep(0.3)
                model_rollback(actor=None)
                time.sleep(0.3)
                advance(asked(candidate))
        finally:
            stop.set()

    assert at_once([switching, *[verifying] * 4]) == [None] * 5
    assert {verification.model_version_id for verification in made} == set(alone)
    assert len(made) > 12
    for verification in made:
        expected = alone[verification.model_version_id]
        assert (verification.distances, verification.score) == (expected.distances, expected.score)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_enrolled_past_the_switch_without_its_vector_soon(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Enrolment goes on all the while; what the switch did not see is found by the sweep that enrolment relies on."""
    enrolled(champion, 6)
    promotion, numbers, stop = asked(candidate), itertools.count(100), threading.Event()
    enrolled_after: list[int] = []
    switched = threading.Event()
    whole, looks = advancing.specimens_without_embedding, []

    def looking(**fields: Any) -> QuerySet[Specimen]:
        looks.append(timezone.now())
        return whole(**fields)

    monkeypatch.setattr(advancing, "specimens_without_embedding", looking)

    def enrolling() -> None:
        while not stop.is_set():
            after = switched.is_set()
            specimen = make_specimen(make_customer(), data=drawn_png(next(numbers)))
            specimen_embed(specimen=specimen)
            if after:
                enrolled_after.append(specimen.pk)

    def promoting() -> None:
        try:
            time.sleep(0.2)
            ended = promotion_advance(public_id=promotion.public_id, seconds=60)
            switched.set()
            assert ended is False
            wait_for(lambda: len(enrolled_after) >= 4, 30)
        finally:
            stop.set()

    assert at_once([promoting, enrolling, enrolling]) == [None] * 3
    promotion.refresh_from_db()
    assert promotion.state == "done"
    assert promotion.total > 6
    assert len(enrolled_after) >= 4
    left = specimens_without_embedding(version=candidate)
    assert not set(enrolled_after) & set(left.values_list("pk", flat=True))
    # What the last look could see has its vector; each that enrols may have been about to store one.
    assert left.filter(enrolled_at__lt=looks[-1]).count() <= 2
    assert tasks.promotions_sweep(late_seconds=0) == 0
