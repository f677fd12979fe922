"""A run is claimed once, lives by its heartbeat and always ends in a state that says why."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from mlcore.models import ModelVersion, TrainingRun
from mlcore.retraining import runs
from mlcore.retraining.progress import run_progress
from mlcore.retraining.runs import (
    ClaimLost,
    RunRefused,
    run_cancel,
    run_claim,
    run_fail,
    run_give_back,
    run_heartbeat,
    run_install,
    run_measure,
    run_measuring,
    run_report,
    run_start,
    run_stop,
    runs_watch,
)
from sigweb.audit.models import AuditEvent
from tests.customers.making import user
from tests.mlcore.retraining.candidates import at_once, make_candidate

pytestmark = pytest.mark.django_db
State = TrainingRun.State


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was told the train worker; the queue itself is tried in test_trainer_worker."""
    told: list[Any] = []
    monkeypatch.setattr(runs, "run_send", lambda public_id: bool(told.append(public_id)) or True)
    return told


def claimed(run: TrainingRun) -> TrainingRun:
    found = run_claim(run.public_id)
    assert found is not None
    return found


def silent(run: TrainingRun, seconds: float = 120) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=seconds))


def test_a_request_is_queued_and_on_record() -> None:
    admin = user("model-admin")
    run = run_start(actor=admin, steps=50)
    assert (run.state, run.steps, run.requested_by) == (State.QUEUED, 50, admin)
    assert AuditEvent.objects.get(action="training.requested").object_id == run.public_id


def test_the_same_request_twice_is_one_run() -> None:
    run_start(actor=None, steps=50)
    with pytest.raises(RunRefused, match="queued already"):
        run_start(actor=None, steps=50)
    assert TrainingRun.objects.count() == 1


def test_another_request_waits_for_the_first(sent: list[Any]) -> None:
    first, second = run_start(actor=None, steps=50), run_start(actor=None, steps=60)
    held = claimed(first)
    assert run_claim(second.public_id) is None
    assert runs_watch() == {"resumed": 0, "failed": 0, "sent": 0}
    run_fail(held, "x")
    assert runs_watch()["sent"] == 1
    assert sent[-1] == second.public_id
    assert run_claim(second.public_id) is not None


@pytest.mark.parametrize("steps", [0, -1, 20_001])
def test_an_impossible_number_of_steps_is_refused(steps: int) -> None:
    with pytest.raises(RunRefused, match="from 1 to 20000"):
        run_start(actor=None, steps=steps)


def test_a_silent_run_is_queued_again_and_its_old_worker_is_out() -> None:
    run = run_start(actor=None)
    old = claimed(run)
    silent(run)
    assert runs_watch() == {"resumed": 1, "failed": 0, "sent": 1}
    for late in (run_heartbeat, run_report, lambda held: run_fail(held, "x"), run_stop):
        with pytest.raises(ClaimLost):
            late(old)
    again = claimed(run)
    assert again.attempts == 2
    with pytest.raises(ClaimLost):
        run_heartbeat(old)
    assert run_heartbeat(again) is False


def test_a_run_with_a_pulse_is_left_alone() -> None:
    run = claimed(run_start(actor=None))
    silent(run, 50)
    assert runs_watch()["resumed"] == 0
    run.refresh_from_db()
    assert run.state == State.RUNNING


def test_after_three_silent_attempts_it_fails_with_its_reason() -> None:
    run = run_start(actor=None)
    for _ in range(3):
        claimed(run)
        silent(run)
        runs_watch()
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.message.startswith("The train worker stopped answering 3 times.")
    assert run.finished_at is not None


def test_attempts_that_ended_since_the_worker_was_stopped_are_no_sign_of_a_fault() -> None:
    run = run_start(actor=None)
    for _ in range(5):
        given = run_give_back(claimed(run))
        assert (given.state, given.claim) == (State.QUEUED, None)
    for _ in range(2):
        claimed(run)
        silent(run)
        assert runs_watch()["resumed"] == 1
    held = claimed(run)
    assert (held.attempts, held.given_back) == (8, 5)
    silent(run)
    assert runs_watch()["failed"] == 1
    run.refresh_from_db()
    assert run.message.startswith("The train worker stopped answering 3 times.")


def test_a_cancelled_run_is_not_given_back_but_ended() -> None:
    run = claimed(run_start(actor=None))
    run_cancel(run=run, actor=None)
    assert run_give_back(run).state == State.CANCELLED


def test_a_queued_run_is_cancelled_at_once_a_running_one_is_asked() -> None:
    queued, running = run_start(actor=None, steps=1), run_start(actor=None, steps=2)
    run_cancel(run=queued, actor=None)
    held = claimed(running)
    assert run_heartbeat(held) is False
    run_cancel(run=running, actor=None)
    assert run_heartbeat(held) is True
    run_stop(held)
    for run in (queued, running):
        run.refresh_from_db()
        assert run.state == State.CANCELLED
    with pytest.raises(RunRefused, match="ended already"):
        run_cancel(run=running, actor=None)


def test_a_cancelled_run_whose_worker_died_is_cancelled_not_resumed() -> None:
    run = run_start(actor=None)
    claimed(run)
    run_cancel(run=run, actor=None)
    silent(run)
    runs_watch()
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_points_that_a_resumed_run_says_again_replace_the_old_ones() -> None:
    run = claimed(run_start(actor=None))
    for step, loss in ((10, 0.5), (20, 0.4), (30, 0.3), (20, 0.45)):
        run_report(run, point={"step": step, "loss": loss})
    run.refresh_from_db()
    assert run.curves == {"step": [10, 20], "loss": [0.5, 0.45]}


def test_the_log_keeps_its_last_lines() -> None:
    run = claimed(run_start(actor=None))
    for number in range(runs.LOG_LINES + 20):
        run_report(run, line=f"line {number}")
    run.refresh_from_db()
    lines = run.log.splitlines()
    assert len(lines) == runs.LOG_LINES
    assert lines[-1].endswith(f"line {runs.LOG_LINES + 19}")


def test_a_figure_that_is_no_number_is_kept_as_none() -> None:
    run = claimed(run_start(actor=None))
    run_report(run, point={"step": 10, "loss": float("nan"), "spread": float("inf")})
    run.refresh_from_db()
    assert run.curves == {"step": [10], "loss": [None], "spread": [None]}


def test_whoever_has_lost_the_claim_puts_nothing_in_place() -> None:
    run = claimed(run_start(actor=None))
    silent(run)
    runs_watch()
    with pytest.raises(ClaimLost), run_install(run):
        pytest.fail("the claim was lost")


@pytest.mark.django_db(transaction=True)
def test_a_run_is_not_taken_back_while_its_candidate_is_put_in_place(champion: ModelVersion) -> None:
    run = claimed(run_start(actor=None))
    silent(run)
    held, order = threading.Event(), []

    def install() -> None:
        with run_install(run) as row:
            held.set()
            time.sleep(0.5)  # the watch has begun by then
            row.produced = champion
            order.append("installed")

    def watch() -> None:
        assert held.wait(10)
        assert runs_watch()["resumed"] == 1
        order.append("taken back")

    assert at_once([install, watch]) == [None, None]
    assert order == ["installed", "taken back"]
    run.refresh_from_db()
    assert (run.state, run.produced) == (State.QUEUED, champion)


def test_a_run_cancelled_after_its_candidate_was_made_says_that_it_stays(champion: ModelVersion) -> None:
    run = claimed(run_start(actor=None))
    with run_install(run) as row:
        row.produced = champion
    run_cancel(run=run, actor=None)
    run_stop(run)
    run.refresh_from_db()
    assert (run.state, run.produced) == (State.CANCELLED, champion)
    assert "Its candidate stays" in run.message


def test_a_version_is_measured_by_one_run_at_a_time(champion: ModelVersion) -> None:
    admin, candidate = user("model-admin"), make_candidate()
    run = run_measure(version=candidate, actor=admin)
    assert (run.state, run.measured, run.candidate, run.produced) == (State.QUEUED, candidate, candidate, None)
    assert AuditEvent.objects.get(action="measuring.requested").details["version"] == str(candidate.public_id)
    assert run_measuring(candidate) == run
    with pytest.raises(RunRefused, match="being measured already"):
        run_measure(version=candidate, actor=admin)
    run_start(actor=None)  # a training with the same seed and steps is another thing
    run_cancel(run=run, actor=None)
    assert run_measuring(candidate) is None
    assert run_measure(version=candidate, actor=admin) != run


def test_a_version_that_a_training_is_measuring_waits_for_that(champion: ModelVersion) -> None:
    candidate, run = make_candidate(), claimed(run_start(actor=None))
    with run_install(run) as row:
        row.produced = candidate
    with pytest.raises(RunRefused, match="being measured already"):
        run_measure(version=candidate, actor=None)


def test_there_must_be_another_champion_to_measure_against(champion: ModelVersion) -> None:
    with pytest.raises(RunRefused, match="This is the champion"):
        run_measure(version=champion, actor=None)
    ModelVersion.objects.update(state="retired")
    with pytest.raises(RunRefused, match="No model version is in use"):
        run_measure(version=champion, actor=None)
    assert not TrainingRun.objects.exists()


def test_a_run_that_measures_is_taken_back_and_begins_anew(champion: ModelVersion) -> None:
    run = claimed(run_measure(version=make_candidate(), actor=None))
    silent(run)
    assert runs_watch()["resumed"] == 1
    run.refresh_from_db()
    assert run.log.endswith("The worker stopped answering; the measuring begins anew.")
    assert run_progress(run).note == "Its worker stopped; the next one begins anew."
    run_give_back(claimed(run))
    run.refresh_from_db()
    assert run.log.endswith("The worker was told to stop; the measuring begins anew.")


def test_a_run_either_trains_or_measures(champion: ModelVersion) -> None:
    with pytest.raises(IntegrityError, match="trains_or_measures"):
        TrainingRun.objects.create(measured=champion, parent=champion)
