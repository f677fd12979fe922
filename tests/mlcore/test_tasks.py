from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from mlcore import services, tasks
from mlcore.models import Embedding, EmbeddingFailure, ModelVersion
from mlcore.selectors import bundles_forget
from sigweb.celery import app
from tests.mlcore.making import make_customer, make_specimen

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queue(servers: Any) -> Iterator[None]:
    """The real queue, empty before and after."""
    app.control.purge()
    yield
    app.control.purge()


def old_specimens(count: int, **fields: Any) -> list[Any]:
    customer = make_customer()
    long_ago = timezone.now() - timedelta(minutes=5)
    return [make_specimen(customer, enrolled_at=long_ago, **fields) for _ in range(count)]


# --- specimen_embed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["pending", "approved"])
def test_a_stored_specimen_gets_its_vector_however_often_it_is_delivered(champion: ModelVersion, state: str) -> None:
    specimen = make_specimen(make_customer(), state=state)
    for _ in range(3):
        tasks.specimen_embed(str(specimen.public_id))
    assert Embedding.objects.get().specimen == specimen


def test_a_specimen_that_was_retired_or_removed_meanwhile_is_left_alone(champion: ModelVersion) -> None:
    retired = make_specimen(make_customer(), state="retired")
    tasks.specimen_embed(str(retired.public_id))
    tasks.specimen_embed(str(uuid.uuid4()))
    assert not Embedding.objects.exists()


def test_a_damaged_specimen_is_recorded_and_not_retried(
    champion: ModelVersion, caplog: pytest.LogCaptureFixture
) -> None:
    specimen = make_specimen(make_customer(), data=b"damaged")
    tasks.specimen_embed(str(specimen.public_id))
    assert EmbeddingFailure.objects.get().specimen == specimen
    assert str(specimen.public_id) in caplog.text


def test_without_a_usable_model_the_specimen_waits(caplog: pytest.LogCaptureFixture) -> None:
    specimen = make_specimen(make_customer())
    tasks.specimen_embed(str(specimen.public_id))
    assert "waits for a usable model" in caplog.text
    assert not EmbeddingFailure.objects.exists()


def test_a_database_that_is_away_is_tried_again_later(champion: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, calls = services.specimen_embed, []

    def away_twice(**fields: Any) -> object:
        calls.append(fields)
        if len(calls) < 3:
            raise OperationalError("the server closed the connection")
        return whole(**fields)

    monkeypatch.setattr(services, "specimen_embed", away_twice)
    specimen = make_specimen(make_customer())
    tasks.specimen_embed.apply(args=[str(specimen.public_id)])
    assert len(calls) == 3
    assert Embedding.objects.get().specimen == specimen


def test_retries_back_off_with_jitter_and_end() -> None:
    task = tasks.specimen_embed
    assert task.acks_late
    assert not task.reject_on_worker_lost
    assert (task.retry_backoff, task.retry_jitter, task.max_retries) == (1, True, 10)


# --- embedding_sweep -------------------------------------------------------------------------------------


def test_the_sweep_queues_what_has_no_vector(champion: ModelVersion) -> None:
    specimens = old_specimens(3)
    services.specimen_embed(specimen=specimens[0])
    assert tasks.embedding_sweep() == 2
    assert tasks.queue_depth() == 2


def test_the_sweep_does_not_pile_up_duplicates(champion: ModelVersion) -> None:
    old_specimens(3)
    assert [tasks.embedding_sweep() for _ in range(4)] == [3, 0, 0, 0]
    assert tasks.queue_depth() == 3


def test_the_turn_of_a_promotion_does_not_hold_up_the_sweep(champion: ModelVersion) -> None:
    old_specimens(1)
    app.send_task("mlcore.retraining.tasks.promotion_advance", args=(str(uuid.uuid4()), 1), queue=tasks.QUEUE)
    app.send_task("mlcore.retraining.tasks.promotions_sweep", queue=tasks.QUEUE)
    assert [tasks.embedding_sweep() for _ in range(3)] == [1, 0, 0]


def test_the_sweep_queues_a_bounded_batch(champion: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SWEEP_BATCH", 2)
    old_specimens(5)
    assert tasks.embedding_sweep() == 2


def test_the_sweep_leaves_to_the_dispatch_what_was_just_stored(champion: ModelVersion) -> None:
    make_specimen(make_customer())
    assert tasks.embedding_sweep() == 0
    assert tasks.embedding_sweep(grace_seconds=0) == 1


def test_the_sweep_does_not_try_failures_for_ever(champion: ModelVersion) -> None:
    specimen = old_specimens(1, data=b"damaged")[0]
    assert tasks.embedding_sweep() == 1
    tasks.specimen_embed(str(specimen.public_id))
    app.control.purge()
    assert tasks.embedding_sweep() == 0
    EmbeddingFailure.objects.all().delete()
    assert tasks.embedding_sweep() == 1


def test_the_sweep_queues_nothing_that_could_only_fail(
    champion: ModelVersion, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old_specimens(1)
    bundles_forget()
    ModelVersion.objects.update(directory="gone")
    assert tasks.embedding_sweep() == 0
    ModelVersion.objects.update(state="retired")
    with caplog.at_level(logging.ERROR):
        assert tasks.embedding_sweep() == 0
    assert caplog.text.count("Nothing can be embedded") == 2


# --- start of a worker -----------------------------------------------------------------------------------


def worker(*queues: str) -> Any:
    consumed = dict.fromkeys(queues)
    return SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from=consumed))))


def test_a_starting_embed_worker_sweeps_first() -> None:
    tasks._sweep_at_start(worker("embed"))
    assert tasks.queue_depth() == 1


def test_a_starting_train_worker_does_not_sweep() -> None:
    tasks._sweep_at_start(worker("train"))
    assert tasks.queue_depth() == 0
