"""Promotions with real workers: killed in the middle, the broker emptied, and enrolment that gets its turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from customers.models import Specimen
from mlcore.models import Embedding, ModelVersion, Promotion
from mlcore.retraining.promotion import LATE_AFTER, promotion_request
from mlcore.retraining.tasks import promotions_sweep
from sigweb.celery import app
from tests.mlcore.making import drawn_png, make_customer, make_specimen
from tests.mlcore.retraining.candidates import administrator, make_candidate, make_gate
from tests.mlcore.test_workers import Worker, start_worker, wait_for

__all__ = ["start_worker"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

COUNT = 240


@pytest.fixture
def promotion(champion: ModelVersion) -> Promotion:
    """One with work for a few seconds; nothing has a vector or a canvas yet."""
    candidate = make_candidate()
    make_gate(candidate, champion)
    pictures = [drawn_png(seed) for seed in range(20)]
    for _ in range(COUNT // len(pictures)):
        customer = make_customer()
        for picture in pictures:
            make_specimen(customer, data=picture)
    return promotion_request(version=candidate, actor=administrator())


def under(version: ModelVersion) -> int:
    return Embedding.objects.filter(model_version=version).count()


def ended(promotion: Promotion) -> bool:
    promotion.refresh_from_db()
    return not promotion.is_open


def whole(promotion: Promotion) -> None:
    """Done, with one vector for each specimen."""
    assert (promotion.state, promotion.done, promotion.total) == ("done", COUNT, COUNT), promotion.message
    assert set(Embedding.objects.filter(model_version=promotion.version).values_list("specimen_id", flat=True)) == set(
        Specimen.objects.values_list("pk", flat=True)
    )
    assert ModelVersion.objects.get(state="champion") == promotion.version


def test_a_worker_killed_in_the_middle_goes_on_where_it_was(
    promotion: Promotion, start_worker: Callable[[], Worker], tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    worker = start_worker()
    wait_for(lambda: under(promotion.version) > 0, 90, log)
    worker.kill()
    promotion.refresh_from_db()
    made = under(promotion.version)
    assert 0 < made < COUNT
    assert (promotion.state, promotion.done) == ("running", made)
    assert ModelVersion.objects.get(state="champion") != promotion.version
    # Its message is in no queue: the broker gives it back after hours only.
    app.control.purge()
    start_worker()
    wait_for(lambda: ended(promotion), 120, log)
    whole(promotion)


def test_a_broker_that_lost_everything_is_sent_it_again(
    promotion: Promotion, start_worker: Callable[[], Worker], tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    start_worker()
    wait_for(lambda: log.exists() and " ready." in log.read_text(), 90, log)
    wait_for(lambda: under(promotion.version) > 0, 60, log)
    with app.connection_for_write() as broker:
        broker.default_channel.client.flushdb()
    # Until the end, or until the next turn's message was lost: then the clock's sweep finds it.
    late = timezone.now() + timedelta(seconds=60)
    while not ended(promotion) and timezone.now() < late:
        if promotion.heartbeat_at is not None and promotion.heartbeat_at < timezone.now() - LATE_AFTER / 5:
            promotions_sweep(late_seconds=2)
        time.sleep(0.2)
    wait_for(lambda: ended(promotion), 60, log)
    whole(promotion)
