"""The pages of drift: who may look, what they show, and the notice on the first page of the administration."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from mlcore.models import DriftReport, ModelVersion
from mlcore.retraining import drift, drift_chart
from mlcore.retraining.drift import drift_look
from mlcore.retraining.tasks import drift_nightly
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import make_user
from tests.mlcore.retraining.drifting import BEFORE, LATELY, Desk

pytestmark = pytest.mark.django_db

DAYS = reverse("admin:mlcore_driftreport_changelist")
LOOK = reverse("admin:mlcore_driftreport_look")
INDEX = reverse("admin:index")
SEES, STARTS = "mlcore.view_driftreport", "mlcore.start_trainingrun"


@pytest.fixture
def desk(champion: ModelVersion) -> Desk:
    return Desk("B1", champion, until=timezone.now())


def logged_in(*permissions: str) -> Client:
    client = Client()
    client.force_login(make_user(*permissions, is_staff=True))
    return client


def alarming(desk: Desk) -> DriftReport:
    desk.ask(400, BEFORE, decided="accepted")
    desk.ask(100, LATELY, score=-0.5, decided="accepted")
    return drift_look()


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def page_of(report: DriftReport) -> str:
    return reverse("admin:mlcore_driftreport_change", args=[report.day])


def test_before_the_first_look_the_list_says_what_will_be_there() -> None:
    assert "Nobody has looked yet" in text(logged_in(SEES, STARTS).get(DAYS))
    assert LOOK in text(logged_in(SEES, STARTS).get(DAYS))
    assert LOOK not in text(logged_in(SEES).get(DAYS))


def test_looking_now_makes_todays_report_and_shows_it(desk: Desk) -> None:
    desk.ask(400, BEFORE)
    desk.ask(100, LATELY)
    client = logged_in(SEES, STARTS)
    shown = text(client.post(LOOK, follow=True))
    assert "Looked; there is no alarm." in shown
    assert "Nothing has changed beyond what chance explains." in shown
    desk.ask(300, LATELY, score=4)
    assert "There is an alarm" in text(client.post(LOOK, follow=True))
    assert DriftReport.objects.get().alarm


@pytest.mark.parametrize("permissions", [(), (SEES,), ("mlcore.view_trainingrun",)])
def test_looking_takes_the_right_to_start_a_training(permissions: tuple[str, ...]) -> None:
    assert logged_in(*permissions).post(LOOK).status_code == 403
    assert not DriftReport.objects.exists()


def test_looking_is_asked_for_by_post_alone_and_not_by_strangers() -> None:
    assert logged_in(SEES, STARTS).get(LOOK).status_code == 405
    assert Client().post(LOOK).status_code == 302
    assert not DriftReport.objects.exists()


def test_who_may_look_but_not_see_is_sent_to_the_first_page(champion: ModelVersion) -> None:
    assert logged_in(STARTS).post(LOOK).url == INDEX  # type: ignore[attr-defined]


def test_a_large_bank_is_looked_at_by_a_worker(champion: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "MOST_AT_ONCE", -1)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(drift.current_app, "send_task", lambda name, **fields: sent.append({"name": name, **fields}))
    assert "A worker looks now" in text(logged_in(SEES, STARTS).post(LOOK, follow=True))
    assert not DriftReport.objects.exists()
    (message,) = sent
    assert (message["name"], message["queue"]) == (drift_nightly.name, "embed")
    drift_nightly(**message["kwargs"])
    event = AuditEvent.objects.get(action="drift.looked")
    assert str(event.actor.public_id) == message["kwargs"]["actor"]  # type: ignore[union-attr]


def test_a_broker_that_does_not_answer_is_said(champion: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*args: Any, **fields: Any) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(drift, "MOST_AT_ONCE", -1)
    monkeypatch.setattr(drift.current_app, "send_task", silent)
    assert "No worker can be reached now." in text(logged_in(SEES, STARTS).post(LOOK, follow=True))


def test_an_alarm_is_told_in_words_with_what_helps(desk: Desk) -> None:
    shown = text(logged_in(SEES, STARTS).get(page_of(alarming(desk))))
    assert "the score of accepted signatures changed, from −" in shown
    assert "Retraining is likely to help." in shown
    assert reverse("admin:mlcore_trainingrun_retrain") in shown
    assert shown.count('class="dr-trend"') == 2
    assert "too few to say" in shown
    assert "style=" not in shown.split("<main", 1)[-1]


def test_who_may_not_start_is_not_offered_to(desk: Desk) -> None:
    shown = text(logged_in(SEES).get(page_of(alarming(desk))))
    assert reverse("admin:mlcore_trainingrun_retrain") not in shown
    assert LOOK not in shown


def test_a_scanner_is_shown_without_the_button_to_retrain(desk: Desk) -> None:
    desk.ask(400, BEFORE, decided="accepted")
    desk.ask(100, LATELY, score=-0.5, sharpness=0.25, remark="soft", decided="accepted")
    shown = text(logged_in(SEES, STARTS).get(page_of(drift_look())))
    assert "the pictures themselves have changed. Look at the scanner" in shown
    assert reverse("admin:mlcore_trainingrun_retrain") not in shown
    assert "a little blurred" in shown


def test_a_report_without_any_verification_has_a_page(champion: ModelVersion) -> None:
    shown = text(logged_in(SEES).get(page_of(drift_look())))
    assert "Too few signatures to say anything: 0 in the last 7 days" in shown
    assert "Day by day" not in shown


def test_the_list_tells_what_changed_each_day_and_leads_there(desk: Desk) -> None:
    report = alarming(desk)
    drift_look(until=timezone.now() - timedelta(days=60))
    shown = text(logged_in(SEES).get(DAYS))
    assert page_of(report) in shown
    assert "Retrain" in shown
    assert "too few signatures" in shown


def test_reports_are_not_edited_and_only_seen_by_those_who_may(desk: Desk) -> None:
    report = alarming(desk)
    assert logged_in().get(page_of(report)).status_code == 403
    assert logged_in().get(DAYS).status_code == 403
    assert logged_in(SEES).post(page_of(report)).status_code == 405
    assert logged_in(SEES).get(reverse("admin:mlcore_driftreport_add")).status_code == 403
    for day in ("2020-01-01", "x"):
        assert logged_in(SEES).get(reverse("admin:mlcore_driftreport_change", args=[day])).status_code == 404


def test_the_first_page_tells_of_the_last_alarm_to_those_who_may_see_it(desk: Desk) -> None:
    assert "Drift alarm" not in text(logged_in(SEES).get(INDEX))
    report = alarming(desk)
    shown = text(logged_in(SEES).get(INDEX))
    assert "Drift alarm of" in shown
    assert page_of(report) in shown
    assert "Drift alarm" not in text(logged_in("mlcore.view_trainingrun").get(INDEX))


def test_an_alarm_that_is_over_is_not_told_any_more(desk: Desk) -> None:
    alarming(desk)
    drift_look(until=timezone.now() + timedelta(days=90))
    assert "Drift alarm" not in text(logged_in(SEES).get(INDEX))


def test_bars_and_lines_stand_where_they_should() -> None:
    drawn = drift_chart.bars({"edges": [0.0], "before": [0.5, 0.5], "lately": [0.25, 0.75]})
    assert [(bar.before, bar.lately) for bar in drawn.bars] == [(66.67, 33.33), (66.67, 100.0)]
    assert [bar.label for bar in drawn.bars] == ["≤ 0.00", "> 0.00"]
    assert (drawn.marks[0].at, drawn.bars[1].second, drawn.bars[1].top_lately) == (50.0, 75.0, 0.0)
    days = [
        {"day": "2026-05-01", "asked": 9, "referred": 0.5, "scores": {"one": [-1, 0, 1]}},
        {"day": "2026-05-02", "asked": 9, "referred": 0.0, "scores": {"two": [1, 2, 3]}},
    ]
    trend = drift_chart.trend(days)
    assert trend is not None
    assert [line.name for line in trend.lines] == ["one", "two"]
    # From -1, 8 % above the lower edge, to 3: a quarter of the way up is at 92 - 21.
    assert trend.lines[0].median == "M24.30 71.00L25.70 71.00"
    assert trend.referred == "M25.00 8.00L75.00 92.00"
    assert drift_chart.trend([{**days[0], "asked": 0}]) is None
