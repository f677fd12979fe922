"""From the form to a run that is watched and cancelled, in a real browser; the worker's part is written to the row."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mlcore.models import ModelVersion, Promotion, TrainingRun
from mlcore.retraining.runs import run_claim, run_report
from tests.mlcore.retraining.making import bank, make_run, model_admin
from tests.mlcore.retraining.reports import make_gate
from tests.mlcore.retraining.test_version_pages import candidate

__all__ = ["candidate"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery"
POINT = {"step": 10, "loss": 0.91, "spread": 1.1, "violating": 0.4, "images_per_second": 150.0}


def log_in(context: BrowserContext, address: str) -> None:
    person = Client()
    user = model_admin(username="mona")
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    person.force_login(user)
    value = person.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": address}])


@pytest.fixture
def at(page: Page, live_server: Any) -> Any:
    """Open an admin page as somebody who may do everything with models."""
    log_in(page.context, live_server.url)

    def opened(path: str) -> Page:
        page.goto(live_server.url + path)
        return page

    return opened


def drawn(page: Page, name: str) -> list[Any]:
    """What the chart of a curve holds."""
    return list(
        page.evaluate(f"Chart.getChart(document.querySelector('[data-curve={name}]'))?.data.datasets[0].data ?? []")
    )


def radius(page: Page, name: str) -> float:
    """Of the points on the chart of a curve."""
    chart = f"Chart.getChart(document.querySelector('[data-curve={name}]'))"
    return float(page.evaluate(f"{chart}.data.datasets[0].pointRadius"))


def test_a_training_is_chosen_started_watched_and_cancelled(at: Any, champion: ModelVersion) -> None:
    bank(able=21, thin=2)
    page = at(reverse("admin:mlcore_trainingrun_changelist"))
    page.get_by_role("link", name="Retrain").first.click()

    dry = page.locator("#dry-run")
    expect(dry).to_contain_text("Worth it.")
    expect(dry).not_to_contain_text("Decided verifications")
    before = dry.inner_text()
    page.get_by_label("Also learn from decided verifications").check()
    expect(dry).to_contain_text("Decided verifications")
    page.get_by_text("Advanced").click()
    page.get_by_label("Training steps").fill("12000")
    expect(dry).to_contain_text("hours")
    assert "hours" not in before
    page.get_by_label("Training steps").fill("0")
    expect(dry).to_contain_text("greater than or equal to 1")
    page.get_by_label("Training steps").fill("100")
    expect(dry).to_contain_text("about")
    page.get_by_role("button", name="Start training").click()

    expect(page.locator("#run-headline")).to_contain_text("Queued")
    run = TrainingRun.objects.get()
    assert (run.steps, run.with_decisions) == (100, True)
    _watch_and_cancel(page, run)


def _watch_and_cancel(page: Page, run: TrainingRun) -> None:
    claimed = run_claim(run.public_id)
    assert claimed is not None
    run_report(claimed, phase="training", step=10, progress=0.18, point=POINT, line="Training on 63 signatures.")
    live = page.locator("#run-live")
    expect(live).to_contain_text("Step 10 of 100")
    expect(page.locator("#run-said")).to_have_text("Training")
    expect(page.locator("#run-log")).to_contain_text("Training on 63 signatures.")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "18")
    assert drawn(page, "loss") == [{"x": 10, "y": 0.91}]
    assert radius(page, "loss") > 0, "one point alone is no line"
    run_report(claimed, step=20, progress=0.25, point={**POINT, "step": 20, "loss": 0.8})
    expect(live).to_contain_text("0.800")
    assert drawn(page, "loss") == [{"x": 10, "y": 0.91}, {"x": 20, "y": 0.8}]
    assert radius(page, "loss") == 0

    TrainingRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=40))
    expect(live).to_contain_text("The worker has not been heard of for")
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Leave it as it is").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Stop it").click()
    expect(page.locator("#run-headline")).to_contain_text("Stopping")
    expect(page.get_by_role("button", name="Cancel…")).to_have_count(0)


def test_polling_stops_when_the_run_has_ended(at: Any) -> None:
    run = make_run(state="running", phase="training", steps=100)
    page = at(reverse("admin:mlcore_trainingrun_change", args=[run.public_id]))
    TrainingRun.objects.filter(pk=run.pk).update(
        state="failed", claim=None, message="The disk is full. The champion is untouched."
    )
    expect(page.locator("#run-live")).to_contain_text("The disk is full.")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4500)
    assert asked == []


@pytest.mark.parametrize("lost", [True, False], ids=["no answer", "an error"])
def test_figures_that_can_not_be_renewed_say_so_until_they_can(browser: Browser, live_server: Any, lost: bool) -> None:
    run = make_run(state="running", phase="training", steps=100)
    context = browser.new_context()  # not `page`, which fails of the error that the browser logs
    log_in(context, live_server.url)
    page = context.new_page()
    page.goto(live_server.url + reverse("admin:mlcore_trainingrun_change", args=[run.public_id]))
    live = re.compile("/live/$")
    page.route(live, lambda route: route.abort() if lost else route.fulfill(status=500, body="oh"))
    trouble = page.locator("#connection")
    expect(trouble).to_contain_text("The connection to the server is lost." if lost else "answered with an error")
    expect(trouble).to_contain_text(re.compile(r"What you see is from \d"))
    expect(page.locator("#run-headline")).to_contain_text("Training")
    page.unroute(live)
    expect(trouble).to_be_hidden()
    context.close()


def test_after_a_log_out_no_log_in_page_appears_inside(at: Any) -> None:
    run = make_run(state="running", phase="training", steps=100)
    page = at(reverse("admin:mlcore_trainingrun_change", args=[run.public_id]))
    Session.objects.all().delete()
    expect(page.locator("#connection")).to_contain_text("You have been logged out")
    expect(page.locator("#id_username")).to_have_count(0)
    expect(page.locator("#run-headline")).to_contain_text("Training")


def test_a_candidate_is_compared_and_promoted_and_the_page_follows(
    at: Any, champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion)
    page = at(reverse("admin:mlcore_modelversion_comparison", args=[candidate.public_id]))
    charts = page.evaluate("[...document.querySelectorAll('canvas')].map(c => Chart.getChart(c)?.data.datasets.length)")
    assert charts == [2, 2, 2]
    page.get_by_role("button", name="Promote", exact=True).click()
    expect(page.locator("#promotion")).to_contain_text("Queued")
    Promotion.objects.update(state="running", done=30, total=120)
    expect(page.locator("#promotion")).to_contain_text("30 of 120 vectors")
    Promotion.objects.update(state="failed", message="The disk is full.", finished_at=timezone.now())
    expect(page.locator("#promotion")).to_contain_text("The disk is full.")
    expect(page.get_by_role("button", name="Promote", exact=True)).to_be_visible()


def test_a_promotion_against_the_gate_asks_why(at: Any, champion: ModelVersion, candidate: ModelVersion) -> None:
    make_gate(candidate, champion, promotable=False)
    page = at(reverse("admin:mlcore_modelversion_comparison", args=[candidate.public_id]))
    page.get_by_text("Promote all the same…").click()
    page.get_by_label("Reason").fill("The branch in Hill Street has waited for it.")
    page.get_by_role("button", name="Ask for it all the same").click()
    expect(page.locator("#promotion")).to_contain_text("Waiting for a second administrator")
    assert Promotion.objects.get().override_reason == "The branch in Hill Street has waited for it."


def test_a_log_in_that_ran_out_keeps_the_reason_of_a_promotion(
    at: Any, champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion, promotable=False)
    page = at(reverse("admin:mlcore_modelversion_comparison", args=[candidate.public_id]))
    here = page.url
    page.get_by_text("Promote all the same…").click()
    page.get_by_label("Reason").fill("The branch in Hill Street has waited for it.")
    Session.objects.all().delete()
    page.get_by_role("button", name="Ask for it all the same").click()
    page.fill("#id_username", "mona")
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(here)
    expect(page.get_by_text("Nothing was asked for. What you wrote is here again.")).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("The branch in Hill Street has waited for it.")
    assert not Promotion.objects.exists()
    page.get_by_role("button", name="Ask for it all the same").click()
    expect(page.locator("#promotion")).to_contain_text("Waiting for a second administrator")
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('sigweb:'))") == []
