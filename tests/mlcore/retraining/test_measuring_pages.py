"""A model version that came as a file: measured by a button, watched, cancelled."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mlcore.models import ModelVersion, TrainingRun
from sigweb.accounts.models import User
from tests.mlcore.retraining.candidates import make_candidate
from tests.mlcore.retraining.making import make_run, make_snapshot, model_admin
from tests.mlcore.retraining.reports import make_gate

pytestmark = pytest.mark.django_db


@pytest.fixture
def mona() -> User:
    return model_admin(username="mona")


@pytest.fixture
def as_admin(client: Client, mona: User) -> Client:
    client.force_login(mona)
    return client


@pytest.fixture
def candidate(champion: ModelVersion) -> ModelVersion:
    return make_candidate()


def of(name: str, version: ModelVersion) -> str:
    return reverse(f"admin:mlcore_modelversion_{name}", args=[version.public_id])


def page_of(run: TrainingRun) -> str:
    return reverse("admin:mlcore_trainingrun_change", args=[run.public_id])


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_a_version_from_a_file_is_measured_by_a_button_and_a_second_click_leads_to_the_same_run(
    as_admin: Client, mona: User, champion: ModelVersion, candidate: ModelVersion
) -> None:
    page = text(as_admin.get(of("comparison", candidate)))
    assert "Measure against the champion</button>" in page
    assert "came as a file: whom it has learnt from is not on record here" in page
    first = as_admin.post(of("measure", candidate), follow=True)
    run = TrainingRun.objects.get()
    assert (run.state, run.measured, run.requested_by) == ("queued", candidate, mona)
    assert first.redirect_chain[-1][0] == page_of(run)
    assert "The comparison has been asked for." in text(first)
    again = as_admin.post(of("measure", candidate), follow=True)
    assert again.redirect_chain[-1][0] == page_of(run)
    assert "is being measured already" in text(again)
    page = text(as_admin.get(of("comparison", candidate)))
    assert of("measure", candidate) not in page
    assert f'It is being measured. <a href="{page_of(run)}">' in page
    assert TrainingRun.objects.count() == 1


def test_measured_it_may_be_measured_anew(as_admin: Client, champion: ModelVersion, candidate: ModelVersion) -> None:
    make_gate(candidate, champion)
    page = text(as_admin.get(of("comparison", candidate)))
    assert "Measure anew</button>" in page
    assert "Promote</button>" in page


def test_what_was_trained_here_is_not_said_to_come_from_a_file(
    as_admin: Client, base: ModelVersion, champion: ModelVersion, candidate: ModelVersion
) -> None:
    said = "whom it has learnt from is not on record"
    make_run(state="succeeded", produced=candidate)
    assert said not in text(as_admin.get(of("comparison", candidate)))
    assert said not in text(as_admin.get(of("comparison", base)))
    candidate.parent = champion  # which did
    candidate.save()
    assert said in text(as_admin.get(of("comparison", candidate)))


def test_the_champion_is_not_measured_against_itself(as_admin: Client, champion: ModelVersion) -> None:
    assert of("measure", champion) not in text(as_admin.get(of("comparison", champion)))
    page = text(as_admin.post(of("measure", champion), follow=True))
    assert "This is the champion; there is nothing to compare it with." in page
    assert not TrainingRun.objects.exists()


def test_measuring_takes_the_right_to_start_a_run(client: Client, candidate: ModelVersion) -> None:
    client.force_login(model_admin("mlcore.view_modelversion", "mlcore.promote_modelversion"))
    assert of("measure", candidate) not in text(client.get(of("comparison", candidate)))
    assert client.post(of("measure", candidate)).status_code == 403
    assert not TrainingRun.objects.exists()


def test_a_run_that_measures_shows_no_steps_and_leads_to_the_comparison(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    run = make_run(state="running", phase="measuring", progress=0.5, measured=candidate, snapshot=make_snapshot())
    page = text(as_admin.get(page_of(run)))
    assert "Measuring against the champion" in page
    assert "<dt>Only measures</dt><dd>other</dd>" in page
    assert "What it measures with" in page
    assert "Stop this comparison?" in page
    for of_a_training in ("Step 0 of", "Violating share</dt>", "<dt>Start</dt>", "Stop this training?"):
        assert of_a_training not in page
    make_gate(candidate, champion)
    TrainingRun.objects.filter(pk=run.pk).update(
        state="succeeded", message="The candidate passes the gate and can be promoted."
    )
    page = text(as_admin.get(page_of(run)))
    assert reverse("admin:mlcore_modelversion_comparison", args=[candidate.public_id]) in page
    assert "The gate lets it pass" in page
    assert "other (only measured)" in text(as_admin.get(reverse("admin:mlcore_trainingrun_changelist")))


def test_a_comparison_that_waits_is_cancelled(as_admin: Client, candidate: ModelVersion) -> None:
    run = make_run(measured=candidate)
    page = text(as_admin.post(reverse("admin:mlcore_trainingrun_cancel", args=[run.public_id]), follow=True))
    assert "The comparison was cancelled." in page
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_measuring_is_asked_for_by_post_alone(as_admin: Client, candidate: ModelVersion) -> None:
    assert as_admin.get(of("measure", candidate)).status_code == 405
