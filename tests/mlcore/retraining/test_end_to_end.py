"""From enrolled customers to a new champion and back, in a browser, with real workers and a real (small) training."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from mlcore.models import Embedding, GateReport, ModelVersion, TrainingRun
from sigweb.accounts.models import User
from sigweb.celery import app
from sigweb.embedded.services import EMBED, TRAIN
from tests.browser import WIDE, OpenPage
from tests.customers.making import signature, user
from tests.mlcore.retraining.making import model_admin
from tests.mlcore.trainer.enrolled import FIRST_SIGNER, enrol_bank
from verification.models import Verification

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 300_000  # milliseconds: training on a busy machine

pytestmark = [pytest.mark.soak, pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def workers(server_environment: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    """Both workers as the demo starts them; yields the folder of their logs."""
    app.control.purge()
    with app.connection_for_write() as connection:
        connection.default_channel.client.delete("train")
    few = {"REHEARSAL_SIGNERS": "10", "COMPARED_SIGNERS": "10", "LOG_LEVEL": "INFO"}
    started = []
    for name, command in (("embed", EMBED), ("train", TRAIN)):
        with (tmp_path / f"{name}.log").open("ab") as out:
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", *command],
                    cwd=ROOT,
                    env={**server_environment, **few},
                    stdout=out,
                    stderr=out,
                )
            )
    yield tmp_path
    for process in started:
        process.kill()
        process.wait(timeout=20)


def as_person(page: Page, address: str, person: User) -> Page:
    client = Client()
    client.force_login(person)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": address}])
    return page


def until(what: Callable[[], Any], logs: Path, seconds: float = 240) -> None:
    start = time.monotonic()
    while not what():
        if time.monotonic() - start > seconds:
            pytest.fail("\n".join(log.read_text()[-2000:] for log in logs.glob("*.log")))
        time.sleep(0.2)


def verify(open_page: OpenPage, address: str, customer: Any) -> Verification:
    """A verification in the browser, of a genuine signature of the first signer."""
    with open_page(WIDE) as page:
        as_person(page, address, user("verifier"))
        page.goto(address + reverse("verification:verify_customer", args=[customer.public_id]))
        picture = {"name": "cheque.png", "mimeType": "image/png", "buffer": signature(7, FIRST_SIGNER)}
        page.set_input_files("input[type=file]", picture)
        page.locator("#vf-submit").press("Enter")
        page.wait_for_selector("h1.word")
    return Verification.objects.order_by("-pk")[0]


def test_enrol_retrain_watch_gate_promote_verify_and_roll_back(
    base: ModelVersion, workers: Path, open_page: OpenPage, live_server: Any
) -> None:
    customers = enrol_bank(12)
    before = verify(open_page, live_server.url, customers[0])
    assert before.model_version == base

    with open_page(WIDE) as page:
        as_person(page, live_server.url, model_admin(username="mona"))
        made = _retrain(page, live_server.url)
        _ask_against_the_gate(page, live_server.url, made)
        with open_page(WIDE) as second:
            as_person(second, live_server.url, model_admin(username="max"))
            second.goto(live_server.url + reverse("admin:mlcore_modelversion_comparison", args=[made.public_id]))
            second.get_by_role("button", name="Approve").click()
        until(lambda: ModelVersion.objects.get(pk=made.pk).state == ModelVersion.State.CHAMPION, workers)

        assert Embedding.objects.filter(model_version=made).count() == 36
        after = verify(open_page, live_server.url, customers[0])
        assert after.model_version == made
        before.refresh_from_db()
        assert before.model_version == base, "what was decided stays explainable"

        page.goto(live_server.url + reverse("admin:mlcore_modelversion_change", args=[made.public_id]))
        page.get_by_role("button", name=f"Roll back to {base.name}…").click()
        page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
        expect(page.locator(".messagelist")).to_contain_text("is the champion again")
    base.refresh_from_db()
    assert base.state == ModelVersion.State.CHAMPION
    assert verify(open_page, live_server.url, customers[1]).model_version == base
    assert Embedding.objects.filter(model_version=made).count() == 36, "old vectors stay until they are pruned"


def _retrain(page: Page, address: str) -> ModelVersion:
    """Through the form to the end of the run, which the page shows without being loaded anew."""
    page.goto(address + reverse("admin:mlcore_trainingrun_changelist"))
    page.get_by_role("link", name="Retrain").first.click()
    page.get_by_text("Advanced").click()
    page.get_by_label("Training steps").fill("3")
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("#run-said")).to_have_text("Training", timeout=PATIENCE)
    expect(page.locator("#run-headline")).to_contain_text("Succeeded", timeout=PATIENCE)
    run = TrainingRun.objects.get()
    assert run.state == TrainingRun.State.SUCCEEDED, run.log
    assert run.produced is not None
    return run.produced


def _ask_against_the_gate(page: Page, address: str, made: ModelVersion) -> None:
    """Two customers held out are too few to tell, so the gate holds it back; a reason and a second person are asked."""
    gate = GateReport.objects.get(candidate=made)
    assert not gate.promotable
    page.goto(address + reverse("admin:mlcore_modelversion_comparison", args=[made.public_id]))
    expect(page.get_by_text("It does not pass.")).to_be_visible()
    page.get_by_text("Promote all the same…").click()
    page.get_by_label("Reason").fill("A trial of the way, on a bank of twelve.")
    page.get_by_role("button", name="Ask for it all the same").click()
    expect(page.locator("#promotion")).to_contain_text("Waiting for a second administrator")
