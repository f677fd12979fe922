"""Drift and the exchange of models in a real browser: looked at now, exported, imported; no violation, no overflow."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from mlcore.models import DriftReport, ModelVersion
from mlcore.retraining.drift import drift_look
from sigweb.accounts.models import User
from tests.browser import NARROW, WIDE
from tests.mlcore.retraining.drifting import BEFORE, LATELY, Desk
from tests.test_accessibility import log_in, prefer, violations, violations_by_theme

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

DAYS = reverse("admin:mlcore_driftreport_changelist")
IMPORT = reverse("admin:mlcore_modelversion_import")


@pytest.fixture
def at(page: Page, live_server: Any) -> Any:
    User.objects.create_superuser("root")
    log_in(page, live_server)

    def opened(path: str) -> Page:
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        return page

    return opened


def alarming(champion: ModelVersion) -> DriftReport:
    """Two branches: hands changed at one, the scanner at the other."""
    now = timezone.now()
    here, there = (Desk(code, champion, until=now) for code in ("B1", "B2"))
    for desk in (here, there):
        desk.ask(300, BEFORE, decided="accepted")
    drift_look(until=now - timedelta(days=2))
    here.ask(150, LATELY, score=-0.3, decided="accepted")
    there.ask(150, LATELY, score=-0.8, sharpness=0.25, remark="soft", decided="accepted")
    return drift_look()


def test_looking_now_leads_to_the_report_and_the_alarm_stands_on_the_first_page(
    at: Any, champion: ModelVersion
) -> None:
    desk = Desk("B1", champion, until=timezone.now())
    desk.ask(300, BEFORE, decided="accepted")
    desk.ask(100, LATELY, score=-0.3, decided="accepted")
    page = at(DAYS)
    page.get_by_role("button", name="Look now").click()
    expect(page.locator("#advice")).to_contain_text("Retraining is likely to help.")
    expect(page.get_by_role("img", name="The middle score of each day")).to_be_visible()
    page = at(reverse("admin:index"))
    page.get_by_role("link", name="See what has changed").click()
    expect(page.locator("#drift-head")).to_contain_text("Alarm")
    page.locator("#advice").get_by_role("link", name="Retrain").click()
    page.wait_for_url("**/retrain/")


def test_a_version_is_exported_and_imported(at: Any, champion: ModelVersion, tmp_path: Path) -> None:
    page = at(reverse("admin:mlcore_modelversion_change", args=[champion.public_id]))
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export").click()
    file = tmp_path / downloading.value.suggested_filename
    downloading.value.save_as(file)
    assert file.name == f"tiny-{champion.digest[:12]}.zip"
    at(reverse("admin:mlcore_modelversion_changelist")).get_by_role("link", name="Import").click()
    page.get_by_label("Exported model version").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("tiny was here already; nothing was changed.")).to_be_visible()
    (tmp_path / "cut.zip").write_bytes(file.read_bytes()[:-500])
    page = at(IMPORT)
    page.get_by_label("Exported model version").set_input_files(tmp_path / "cut.zip")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert").first).to_contain_text("damaged or cut short")
    assert violations(page) == []


def test_no_page_has_a_violation_or_is_wider_than_a_phone(at: Any, champion: ModelVersion) -> None:
    page = at(DAYS)
    assert violations_by_theme(page, prefer) == {}
    report = alarming(champion)
    paths = [
        DAYS,
        IMPORT,
        reverse("admin:index"),
        *(reverse("admin:mlcore_driftreport_change", args=[row.day]) for row in DriftReport.objects.all()),
    ]
    assert report.report["suggestion"] == "retrain"
    wrong = {}
    for path in paths:
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        at(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        wrong[path] = violations_by_theme(page, prefer)
    assert {path: found for path, found in wrong.items() if found} == {}
