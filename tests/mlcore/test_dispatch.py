from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from customers.models import Specimen
from customers.signals import specimens_stored
from mlcore import dispatch, tasks
from sigweb.celery import app


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    dispatch._paused_until = 0.0
    yield
    dispatch._paused_until = 0.0


@pytest.fixture
def queue(servers: Any) -> Iterator[None]:
    """The real queue, empty before and after."""
    app.control.purge()
    yield
    app.control.purge()


@pytest.mark.usefixtures("queue")
def test_stored_specimens_are_queued_once_each() -> None:
    ids = [uuid.uuid4() for _ in range(3)]
    specimens_stored.send(sender=Specimen, public_ids=ids)
    assert tasks.queue_depth() == 3


@pytest.mark.usefixtures("queue")
def test_a_message_carries_the_public_id_alone() -> None:
    public_id = uuid.uuid4()
    dispatch.specimens_dispatch([public_id])
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue(tasks.QUEUE).get(timeout=5)
        message.ack()
        assert message.payload[:2] == [[str(public_id)], {}]


def test_a_broker_that_is_not_there_neither_fails_nor_delays_the_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app.conf, "broker_write_url", f"redis+socket://{tmp_path}/nobody.sock")
    start = time.monotonic()
    assert dispatch.specimens_dispatch([uuid.uuid4() for _ in range(7)]) == 0
    assert time.monotonic() - start < 1
    assert "sweep" in caplog.text


def test_a_broker_that_hangs_delays_the_request_by_less_than_a_second(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(f"{tmp_path}/silent.sock")
        silent.listen()
        monkeypatch.setattr(app.conf, "broker_write_url", f"redis+socket://{tmp_path}/silent.sock")
        start = time.monotonic()
        assert dispatch.specimens_dispatch([uuid.uuid4() for _ in range(7)]) == 0
        first = time.monotonic() - start
        assert dispatch.specimens_dispatch([uuid.uuid4()]) == 0
        assert first < 1
        assert time.monotonic() - start - first < 0.1


def test_after_a_failure_the_broker_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def fail(**options: object) -> None:
        calls.append(options)
        raise OperationalError

    monkeypatch.setattr(tasks.specimen_embed, "apply_async", fail)
    dispatch.specimens_dispatch([uuid.uuid4(), uuid.uuid4()])
    dispatch.specimens_dispatch([uuid.uuid4()])
    assert len(calls) == 1
    monkeypatch.setattr(dispatch, "PAUSE_SECONDS", 0.0)
    dispatch._paused_until = 0.0
    dispatch.specimens_dispatch([uuid.uuid4()])
    assert len(calls) == 2
