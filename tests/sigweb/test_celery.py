"""The Celery application: queues, and how quickly a dead broker is given up."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app, shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from sigweb.celery import app
from sigweb.embedded.processes import stop_all
from sigweb.embedded.redis import Redis
from sigweb.environment import broker_url
from sigweb.tasks import sessions_purge


def test_json_only_late_acknowledgement_one_at_a_time() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_ignore_result
    assert app.conf.result_backend is None


def test_training_goes_to_its_own_queue() -> None:
    def queue(task: str) -> str:
        return str(app.amqp.router.route({}, task)["queue"].name)

    assert queue("mlcore.trainer.tasks.training_run") == "train"
    assert queue("mlcore.tasks.embedding_sweep") == "embed"
    assert queue("customers.tasks.drafts_purge") == "embed"


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks


@pytest.mark.django_db
def test_expired_sessions_are_forgotten_and_live_ones_kept() -> None:
    now = timezone.now()
    for key, days in (("old", -1), ("live", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(days=days))
    sessions_purge()
    assert [session.session_key for session in Session.objects.all()] == ["live"]


def test_the_application_is_the_default_one_in_every_thread() -> None:
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(current_app.main))
    thread.start()
    thread.join()
    assert seen == ["sigweb"]


@shared_task(name="tests.nothing")
def nothing() -> None:
    """A task that nobody runs."""


def seconds_to_fail(url: str) -> float:
    began = time.monotonic()
    with app.connection_for_write(broker_url(url)) as connection, pytest.raises(Exception, match=".*"):
        with app.amqp.Producer(connection) as producer:
            nothing.apply_async(producer=producer, retry=False)
    return time.monotonic() - began


def test_a_dead_broker_is_given_up_at_once(tmp_path: Path) -> None:
    assert seconds_to_fail(f"unix://{tmp_path}/nothing.sock") < 1
    assert seconds_to_fail("redis://127.0.0.1:1/0") < 3


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path / "data", tmp_path / "r.sock", tmp_path / "log", durable=False)
    child = server.start()
    server.wait(child)
    os.kill(child.pid, signal.SIGSTOP)
    yield server
    os.kill(child.pid, signal.SIGCONT)
    stop_all([child])


def test_a_hanging_broker_is_given_up_within_seconds(hanging: Redis) -> None:
    assert seconds_to_fail(hanging.url()) < 7
