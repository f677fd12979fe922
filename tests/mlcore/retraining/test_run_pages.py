from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mlcore.models import ModelVersion, TrainingRun
from tests.mlcore.making import make_user
from tests.mlcore.retraining.candidates import make_candidate, make_gate
from tests.mlcore.retraining.making import CURVES, bank, make_run, make_snapshot, model_admin, succeeded

pytestmark = pytest.mark.django_db

LIST = reverse("admin:mlcore_trainingrun_changelist")
FORM = reverse("admin:mlcore_trainingrun_retrain")
DRY_RUN = reverse("admin:mlcore_trainingrun_dry_run")
DEFAULTS = {"start": "champion", "steps": 600, "seed": 1}


@pytest.fixture
def as_admin(client: Client) -> Client:
    client.force_login(model_admin(username="mona", first_name="Mona", last_name="Model"))
    return client


def page_of(run: TrainingRun) -> str:
    return reverse("admin:mlcore_trainingrun_change", args=[run.public_id])


def live(run: TrainingRun) -> str:
    return reverse("admin:mlcore_trainingrun_live", args=[run.public_id])


def cancel(run: TrainingRun) -> str:
    return reverse("admin:mlcore_trainingrun_cancel", args=[run.public_id])


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_an_empty_list_says_what_retraining_does_and_offers_it(as_admin: Client) -> None:
    page = text(as_admin.get(LIST))
    assert "No training yet" in page
    assert "nothing changes until an administrator promotes it" in page
    assert f'href="{FORM}"' in page


def test_who_may_not_start_is_offered_nothing(client: Client) -> None:
    client.force_login(model_admin("mlcore.view_trainingrun"))
    assert FORM not in text(client.get(LIST))
    make_run()
    assert FORM not in text(client.get(LIST))


def test_the_list_leads_to_the_runs_by_their_random_ids(as_admin: Client) -> None:
    run = make_run(state="running", progress=0.42)
    page = text(as_admin.get(LIST))
    assert f"{page_of(run)}?" in page or f'"{page_of(run)}"' in page
    assert "42%" in page
    assert f'href="{FORM}"' in page


def test_the_form_shows_its_dry_run_at_once(as_admin: Client, champion: ModelVersion) -> None:
    bank(able=10, thin=3)
    page = text(as_admin.get(FORM))
    assert "Not worth it now." in page
    assert "10 of the 20" in page
    assert "<dt>Customers trained on</dt><dd>11</dd>" in page
    assert "<dt>Held out to measure with</dt><dd>2</dd>" in page
    assert "<dt>Specimens</dt><dd>33</dd>" in page
    assert "No training has ended here yet." in page


def test_the_form_begins_with_the_start_that_its_address_names(as_admin: Client) -> None:
    """And its dry run is of that one: only a training from the champion needs one."""
    page = text(as_admin.get(FORM, {"start": "base"}))
    assert re.findall(r'value="(\w+)" [^>]*checked', page) == ["base"]
    assert "No model version is in use" not in page
    for odd in ("", "?start=elsewhere"):
        page = text(as_admin.get(FORM + odd))
        assert re.findall(r'value="(\w+)" [^>]*checked', page) == ["champion"]
        assert "No model version is in use" in page


def test_the_dry_run_follows_the_options(as_admin: Client, champion: ModelVersion) -> None:
    bank(able=20)
    succeeded(seconds=100)
    short = text(as_admin.get(DRY_RUN, {**DEFAULTS, "steps": 600}))
    long = text(as_admin.get(DRY_RUN, {**DEFAULTS, "steps": 6000, "with_decisions": "on"}))
    assert "Worth it." in short
    assert "about 6 minutes" in short
    assert "about 53 minutes" in long
    assert "Decided verifications" in long
    assert "Decided verifications" not in short
    assert "Time from the last training here: 190 images a second." in short


def test_a_dry_run_of_impossible_options_says_so(as_admin: Client) -> None:
    assert "greater than or equal to 1" in text(as_admin.get(DRY_RUN, {**DEFAULTS, "steps": 0}))
    assert "Steps: " in text(as_admin.get(DRY_RUN, {**DEFAULTS, "steps": "many"}))


def test_a_dry_run_changes_nothing(as_admin: Client, champion: ModelVersion) -> None:
    as_admin.get(DRY_RUN, DEFAULTS)
    assert not TrainingRun.objects.exists()


def test_starting_queues_a_run_and_leads_to_its_page(as_admin: Client, champion: ModelVersion) -> None:
    options = {"start": "base", "with_decisions": "on", "steps": 321, "seed": 7}
    response = as_admin.post(FORM, options)
    run = TrainingRun.objects.get()
    assert response.headers["Location"] == page_of(run)
    assert (run.start, run.with_decisions, run.steps, run.seed) == ("base", True, 321, 7)
    assert run.state == "queued"
    assert run.requested_by is not None and run.requested_by.username == "mona"
    assert "Mona Model" in text(as_admin.get(page_of(run)))


def test_a_second_click_makes_no_second_run_and_leads_to_the_first(as_admin: Client, champion: ModelVersion) -> None:
    as_admin.post(FORM, DEFAULTS)
    again = as_admin.post(FORM, DEFAULTS, follow=True)
    assert again.redirect_chain[-1][0] == page_of(TrainingRun.objects.get())
    assert "is queued already" in text(again)


def test_another_training_queues_behind_the_first(as_admin: Client, champion: ModelVersion) -> None:
    as_admin.post(FORM, DEFAULTS)
    as_admin.post(FORM, {**DEFAULTS, "seed": 2})
    assert list(TrainingRun.objects.values_list("state", flat=True)) == ["queued", "queued"]


def test_wrong_options_start_nothing_and_are_shown_again(as_admin: Client) -> None:
    response = as_admin.post(FORM, {**DEFAULTS, "steps": 100_000})
    assert not TrainingRun.objects.exists()
    assert "less than or equal to 20000" in text(response)


def test_a_running_run_is_shown_with_its_figures_and_renews_itself(as_admin: Client) -> None:
    run = make_run(
        state="running",
        phase="training",
        step=40,
        steps=100,
        images=7840,  # of 98 a step
        progress=0.4,
        curves=CURVES,
        log="a first\nb second",
        snapshot=make_snapshot(),
    )
    for address in (page_of(run), live(run)):
        page = text(as_admin.get(address))
        assert f'hx-get="{live(run)}" hx-trigger="every 2s"' in page
        assert "Step 40 of 100 · epoch 0.5 of 1.3 · less than a minute" in page
        assert "rehearsal</dt><dd>7,840</dd>" in page
        assert "less than a minute of training left" in page
        assert "<dt>Loss</dt><dd>0.580</dd>" in page
        assert "<dt>Spread of vectors</dt><dd>1.27</dd>" in page
        assert "<dt>Violating share</dt><dd>24 %</dd>" in page
        assert "<dt>Images a second</dt><dd>190</dd>" in page
        assert "b second a first" in page
        assert '"loss": [0.9, 0.7, 0.62, 0.58]' in page


def test_polling_ends_with_the_run(as_admin: Client) -> None:
    run = make_run(state="failed", message="The loss is not a number; nothing was changed.")
    page = text(as_admin.get(live(run)))
    assert "every 2s" not in page
    assert "The loss is not a number" in page
    assert "Cancel…" not in page


def test_a_silent_worker_is_told_of(as_admin: Client) -> None:
    run = make_run(state="running", heartbeat_at=timezone.now() - timedelta(seconds=40))
    assert "The worker has not been heard of for 40 s; the run will be resumed." in text(as_admin.get(live(run)))


def test_a_run_that_succeeded_leads_to_what_it_made(as_admin: Client, champion: ModelVersion) -> None:
    run = succeeded(champion, message="A candidate was made.")
    page = text(as_admin.get(page_of(run)))
    assert reverse("admin:mlcore_modelversion_comparison", args=[champion.public_id]) in page
    assert reverse("admin:mlcore_modelversion_change", args=[champion.public_id]) in page
    assert run.snapshot is not None and run.snapshot.digest in page
    assert "<dt>Images</dt><dd>160</dd>" in page


def test_what_is_still_being_measured_is_not_offered_for_comparison(as_admin: Client, champion: ModelVersion) -> None:
    run = make_run(state="running", phase="measuring", steps=10, produced=champion)
    page = as_admin.get(reverse("admin:mlcore_trainingrun_change", args=[run.public_id])).text
    assert "Compare with the champion" not in page


def test_a_queued_run_is_cancelled_at_once_and_a_second_click_does_no_harm(as_admin: Client) -> None:
    run = make_run()
    assert "was cancelled" in text(as_admin.post(cancel(run), follow=True))
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert "has ended already" in text(as_admin.post(cancel(run), follow=True))


def test_a_running_run_is_asked_to_stop(as_admin: Client) -> None:
    run = make_run(state="running", phase="training")
    assert cancel(run) in text(as_admin.get(page_of(run)))
    page = text(as_admin.post(cancel(run), follow=True))
    assert "asked to stop" in page
    assert "Stopping" in page
    assert "Cancel…" not in page
    run.refresh_from_db()
    assert run.state == "running"
    assert run.cancel_requested_at is not None


def test_staff_without_the_rights_are_refused(client: Client) -> None:
    run = make_run()
    client.force_login(make_user(is_staff=True))
    for address in (LIST, FORM, DRY_RUN, page_of(run), live(run)):
        assert client.get(address).status_code == 403
    for address in (FORM, cancel(run)):
        assert client.post(address, DEFAULTS).status_code == 403
    run.refresh_from_db()
    assert run.state == "queued"


def test_who_may_only_look_can_neither_start_nor_cancel(client: Client) -> None:
    run = make_run()
    client.force_login(model_admin("mlcore.view_trainingrun"))
    page = text(client.get(page_of(run)))
    assert cancel(run) not in page
    assert client.post(cancel(run)).status_code == 403
    assert client.post(FORM, DEFAULTS).status_code == 403


def test_strangers_are_sent_to_the_log_in_page(client: Client) -> None:
    run = make_run()
    for address in (LIST, FORM, DRY_RUN, page_of(run), live(run), cancel(run)):
        assert client.get(address).status_code == 302


def test_wrong_verbs_are_refused(as_admin: Client) -> None:
    run = make_run()
    assert as_admin.get(cancel(run)).status_code == 405
    assert as_admin.put(FORM).status_code == 405
    for address in (DRY_RUN, page_of(run), live(run)):
        assert as_admin.post(address).status_code == 405


def test_an_unknown_run_is_not_found(as_admin: Client) -> None:
    gone = "00000000-0000-4000-8000-000000000000"
    for name in ("change", "live"):
        assert as_admin.get(reverse(f"admin:mlcore_trainingrun_{name}", args=[gone])).status_code == 404
    assert as_admin.get(reverse("admin:mlcore_trainingrun_change", args=["1"])).status_code == 404


@pytest.mark.parametrize(("promotable", "tone"), [(False, "rt-warn"), (True, "rt-good")])
def test_what_the_gate_stops_is_no_good_news(
    as_admin: Client, champion: ModelVersion, promotable: bool, tone: str
) -> None:
    candidate = make_candidate()
    make_gate(candidate, champion, promotable=promotable)
    run = succeeded(candidate, message="It was measured.")
    told = as_admin.get(live(run)).content.decode()
    assert f'<div class="rt-note {tone}">' in told
    assert ("The gate lets it pass" in told) == promotable


def test_a_later_comparison_says_nothing_about_an_earlier_run(as_admin: Client, champion: ModelVersion) -> None:
    candidate = make_candidate()
    run = succeeded(candidate, message="The candidate does not pass the gate: worse.")
    make_gate(candidate, champion, promotable=True)
    told = as_admin.get(live(run)).content.decode()
    assert "The gate lets it pass" not in told
    assert '<div class="rt-note rt-info">' in told, "neither good news nor bad"


def test_measured_anew_an_earlier_run_goes_on_telling_what_it_found(as_admin: Client, champion: ModelVersion) -> None:
    candidate = make_candidate()
    make_gate(candidate, champion, promotable=False)
    run = succeeded(candidate, message="The candidate does not pass the gate: worse.")
    make_gate(candidate, champion, promotable=True)
    told = as_admin.get(live(run)).content.decode()
    assert '<div class="rt-note rt-warn">' in told
    assert "The gate lets it pass" not in told
    page = as_admin.get(reverse("admin:mlcore_modelversion_comparison", args=[candidate.public_id])).content.decode()
    assert "It passes." in page, "the latest counts"
