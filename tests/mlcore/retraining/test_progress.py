from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from mlcore.retraining.progress import MOST_POINTS, run_progress
from mlcore.retraining.rates import IMAGES_PER_STEP
from tests.mlcore.retraining.making import CURVES, make_run, succeeded

pytestmark = pytest.mark.django_db


def test_a_running_run_tells_its_last_figures_and_the_time_left() -> None:
    made = run_progress(make_run(state="running", phase="training", steps=100, step=40, progress=0.409, curves=CURVES))
    assert (made.loss, made.spread, made.violating, made.images_per_second) == (0.58, 1.27, 0.24, 190.0)
    assert made.left == pytest.approx(60 * IMAGES_PER_STEP / 190)
    assert (made.headline, made.note, made.silent_for, made.percent) == ("Training", "", None, 40)


def test_an_epoch_is_as_many_images_drawn_as_there_are_to_train_on() -> None:
    images = 7 * IMAGES_PER_STEP
    made = run_progress(make_run(state="running", phase="training", steps=140, step=35, images=images))
    assert (made.epoch, made.epochs) == (5.0, 20.0)
    finished = run_progress(succeeded(steps=40, step=40, images=16 * IMAGES_PER_STEP))
    assert (finished.epoch, finished.epochs) == (2.5, 2.5)


def test_before_the_training_set_is_put_together_there_are_no_epochs() -> None:
    made = run_progress(make_run(state="running", phase="preparing"))
    assert (made.epoch, made.epochs) == (None, None)


def test_time_left_is_of_training_only() -> None:
    assert run_progress(make_run(state="running", phase="measuring", curves=CURVES)).left is None


def test_before_the_first_figure_there_is_none() -> None:
    made = run_progress(make_run(state="running", phase="preparing"))
    assert (made.loss, made.left, made.curves["step"]) == (None, None, [])


def test_a_worker_that_is_late_is_told_of_in_seconds() -> None:
    run, now = make_run(state="running", phase="training"), timezone.now()
    run.heartbeat_at = now - timedelta(seconds=14)
    assert run_progress(run, now=now).silent_for is None
    run.heartbeat_at = now - timedelta(seconds=33)
    assert run_progress(run, now=now).silent_for == 33
    run.state = "failed"
    assert run_progress(run, now=now).silent_for is None


def test_a_queued_run_says_what_it_waits_for() -> None:
    queued = make_run()
    assert "worker of the queue" in run_progress(queued).note
    queued.attempts = 1
    assert "last checkpoint" in run_progress(queued).note
    make_run(state="running")
    assert "begins after it" in run_progress(queued).note


def test_a_run_that_was_asked_to_stop_says_so() -> None:
    made = run_progress(make_run(state="running", cancel_requested_at=timezone.now()))
    assert made.is_stopping
    assert made.headline == "Stopping"
    assert "Nothing is changed" in made.note


def test_long_curves_are_thinned_and_keep_their_end() -> None:
    steps = list(range(10, 20_001, 10))
    made = run_progress(make_run(curves=dict.fromkeys(("step", "loss"), steps)))
    assert 100 < len(made.curves["step"]) <= MOST_POINTS
    assert made.curves["step"][-1] == made.curves["loss"][-1] == 20_000
    assert made.curves["step"] == sorted(made.curves["step"])
