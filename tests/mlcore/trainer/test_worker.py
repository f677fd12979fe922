"""A real train worker, killed in the middle: the run resumes from its checkpoint. Without a worker it only waits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from mlcore.models import ModelVersion, TrainingRun
from mlcore.retraining import runs
from mlcore.retraining.runs import run_cancel, run_start, runs_watch
from sigweb.celery import app
from sigweb.embedded.services import TRAIN
from tests.mlcore.trainer.enrolled import enrol_bank

ROOT = Path(__file__).resolve().parents[3]
State = TrainingRun.State

# Minutes of real training; how a run is taken back is tried in every run of the suite (test_runs).
pytestmark = [pytest.mark.soak, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Worker:
    """The train worker as the demo starts it, in a process group of its own."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *TRAIN],
                cwd=ROOT,
                env={**environment, "REHEARSAL_SIGNERS": "16", "COMPARED_SIGNERS": "10", "LOG_LEVEL": "INFO"},
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def kill(self) -> None:
        """kill -9 of the worker and all of its children at once: nobody can tidy up."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)


@pytest.fixture
def start_worker(server_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    app.control.purge()
    with app.connection_for_write() as connection:
        connection.default_channel.client.delete("train")
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker(server_environment, tmp_path / "train.log"))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


def wait_until(what: Callable[[TrainingRun], bool], run: TrainingRun, worker: Worker, seconds: float = 240) -> None:
    start = time.monotonic()
    while True:
        run.refresh_from_db()
        if what(run):
            return
        if time.monotonic() - start > seconds:
            pytest.fail(f"Not within {seconds} s: {run.log}\n{worker.log.read_text()[-3000:]}")
        time.sleep(0.1)


def test_a_killed_run_resumes_from_its_checkpoint_and_ends(
    base: ModelVersion, start_worker: Callable[[], Worker]
) -> None:
    enrol_bank(9, 2)
    run = run_start(actor=None, steps=20)
    worker = start_worker()
    wait_until(lambda found: found.step >= 10, run, worker)
    worker.kill()
    run.refresh_from_db()
    assert run.state == State.RUNNING, "nobody has noticed yet"
    reached, snapshot = run.step, run.snapshot
    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - runs.LATE_AFTER - timedelta(seconds=1))
    assert runs_watch()["resumed"] == 1
    worker = start_worker()
    wait_until(lambda found: found.state != State.RUNNING and found.state != State.QUEUED, run, worker)
    assert run.state == State.SUCCEEDED, run.log
    assert (run.attempts, run.snapshot) == (2, snapshot)
    steps = run.curves["step"]
    assert steps == sorted(steps)
    assert steps[-1] == 20
    # From a checkpoint, not from the beginning: the second attempt never reported a step of the first quarter again.
    begun_again = run.log.split("Attempt 2 begins.")[1]
    assert "Training on" in begun_again
    log = worker.log.read_text()
    assert "Attempt 1" in run.log
    assert reached >= 8, log


def test_a_worker_that_is_stopped_gives_its_run_back_and_the_next_one_goes_on(
    base: ModelVersion, start_worker: Callable[[], Worker]
) -> None:
    enrol_bank(9, 2)
    run = run_start(actor=None, steps=20)
    worker = start_worker()
    wait_until(lambda found: found.step >= 8, run, worker)
    worker.process.send_signal(signal.SIGQUIT)  # as the launcher stops it
    wait_until(lambda found: found.state == State.QUEUED, run, worker, 8)
    worker.process.wait(timeout=10)
    assert (run.attempts, run.given_back) == (1, 1)
    assert runs_watch() == {"resumed": 0, "failed": 0, "sent": 1}
    worker = start_worker()
    wait_until(lambda found: not found.is_open, run, worker)
    assert (run.state, run.attempts) == (State.SUCCEEDED, 2), run.log


def test_a_run_waits_while_there_is_no_worker_and_is_cancelled_from_a_running_one(
    base: ModelVersion, start_worker: Callable[[], Worker]
) -> None:
    enrol_bank(9, 2)
    run = run_start(actor=None, steps=5000)
    app.control.purge()  # as if Redis had lost everything
    with app.connection_for_write() as connection:
        connection.default_channel.client.delete("train")
    run.refresh_from_db()
    assert run.state == State.QUEUED
    assert runs_watch()["sent"] == 1
    worker = start_worker()
    wait_until(lambda found: found.phase == TrainingRun.Phase.TRAINING, run, worker)
    asked = time.monotonic()
    run_cancel(run=run, actor=None)
    wait_until(lambda found: found.state == State.CANCELLED, run, worker, 90)
    assert time.monotonic() - asked < 90
    assert not ModelVersion.objects.exclude(pk=base.pk).exists()
