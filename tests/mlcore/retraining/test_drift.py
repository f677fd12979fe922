"""The nightly look at real rows: what alarms, what does not, and what it says that would help."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery.schedules import crontab
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Specimen
from mlcore.models import DriftReport, ModelVersion
from mlcore.retraining.drift import drift_look, drift_report
from mlcore.retraining.tasks import drift_nightly
from mlcore.services import model_install, model_promote
from sigweb.audit.models import AuditEvent
from tests.customers.test_races import together
from tests.mlcore.bundles import make_bundle
from tests.mlcore.making import make_specimen, make_user
from tests.mlcore.retraining.drifting import BEFORE, LATELY, Desk

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 20, 2, 30, tzinfo=UTC)


@pytest.fixture
def desk(champion: ModelVersion) -> Desk:
    return Desk("B1", champion, until=NOW)


def found(report: dict[str, Any], measure: str, group: str = "all", name: str = "") -> dict[str, Any]:
    """The one finding of a measure and a group."""
    (finding,) = (
        one
        for one in report["findings"]
        if (one["measure"], one["group"]) == (measure, group) and one["name"].startswith(name)
    )
    return finding


def drifted(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["group"], one["measure"]) for one in report["findings"] if one["drifted"]}


def said(report: dict[str, Any]) -> str:
    return " ".join(report["sentences"])


def test_without_a_change_nothing_alarms(desk: Desk) -> None:
    desk.ask(400, BEFORE, decided="accepted")
    desk.ask(100, LATELY, decided="accepted")
    report = drift_report(NOW)
    assert (report["alarm"], report["suggestion"], report["comparisons"]) == (False, "none", 8)
    assert (report["lately"], report["before"]) == (100, 400)
    assert said(report) == "Nothing has changed beyond what chance explains."


def test_accepted_signatures_that_lie_farther_on_the_same_pictures_suggest_retraining(desk: Desk) -> None:
    desk.ask(400, BEFORE, decided="accepted")
    desk.ask(100, LATELY, score=-0.5, decided="accepted")
    report = drift_report(NOW)
    assert {("all", "score"), ("all", "accepted"), ("all", "refer")} <= drifted(report)
    assert (report["alarm"], report["suggestion"]) == (True, "retrain")
    assert "the score of accepted signatures changed, from −" in said(report)
    assert "Retraining is likely to help." in said(report)
    before, lately = found(report, "accepted")["centre"]
    assert before == pytest.approx(-2, abs=0.3)
    assert lately == pytest.approx(-0.5, abs=0.3)


def test_a_changed_scanner_is_named_and_retraining_is_not_suggested(desk: Desk, champion: ModelVersion) -> None:
    other = Desk("B2", champion, until=NOW)
    for one in (desk, other):
        one.ask(300, BEFORE, decided="accepted")
    desk.ask(120, LATELY, decided="accepted")
    other.ask(120, LATELY, score=-0.5, sharpness=0.25, remark="soft", decided="accepted")
    report = drift_report(NOW)
    assert {("branch", "accepted"), ("branch", "sharpness"), ("branch", "remarks")} <= drifted(report)
    assert not found(report, "sharpness", "branch", "B1")["drifted"]
    assert report["suggestion"] == "scanner"
    assert ["branch", "B2 B2 Street"] in report["scanners"]
    assert "Branch B2 B2 Street: the pictures themselves have changed. Look at the scanner" in said(report)
    assert "Retraining is likely to help" not in said(report)


def test_one_branchs_scanner_does_not_hide_what_hands_do_in_another(desk: Desk, champion: ModelVersion) -> None:
    other = Desk("B2", champion, until=NOW)
    for one in (desk, other):
        one.ask(300, BEFORE, decided="accepted")
    desk.ask(120, LATELY, score=-0.5, decided="accepted")
    other.ask(120, LATELY, sharpness=0.25)
    report = drift_report(NOW)
    assert report["retrain"] == [["branch", "B1 B1 Street"]]
    assert report["suggestion"] == "retrain"


def test_other_scores_without_other_accepted_ones_ask_for_a_person(desk: Desk) -> None:
    """A wave of forgeries is no reason to retrain."""
    desk.ask(400, BEFORE, decided="accepted")
    desk.ask(100, LATELY, decided="accepted")
    desk.ask(100, LATELY, score=4.0, decided="rejected")
    report = drift_report(NOW)
    assert ("all", "score") in drifted(report)
    assert report["suggestion"] == "look"
    assert "retraining would not help" in said(report)


def test_accepted_signatures_that_lie_nearer_are_no_reason_to_retrain(desk: Desk) -> None:
    desk.ask(400, BEFORE, decided="accepted")
    desk.ask(100, LATELY, score=-4, decided="accepted")
    report = drift_report(NOW)
    assert ("all", "accepted") in drifted(report)
    assert report["suggestion"] == "look"


def test_decisions_against_the_verdict_are_counted_among_decided_verdicts_alone(desk: Desk) -> None:
    desk.ask(200, BEFORE, verdict="match", decided="accepted")
    desk.ask(100, BEFORE, verdict="no_match", decided="rejected")
    desk.ask(300, BEFORE, verdict="refer", decided="rejected")
    desk.ask(60, LATELY, verdict="match", decided="rejected")
    desk.ask(60, LATELY, verdict="match", decided="accepted")
    desk.ask(60, LATELY, verdict="match")
    finding = found(drift_report(NOW), "override")
    assert (finding["before"], finding["lately"], finding["drifted"]) == (300, 120, True)
    assert [rate["value"] for rate in finding["rate"]] == [0.0, 0.5]
    assert found(drift_report(NOW), "refer")["rate"][0]["value"] == 0.5


def test_scores_of_another_model_version_are_never_compared(desk: Desk, tiny: Path) -> None:
    directory = make_bundle(Path(settings.MODELS_DIR) / "later", name="later", seed=21)
    later = model_promote(version=model_install(directory=directory.name)[0])
    desk.ask(400, BEFORE, decided="accepted")
    desk.ask(100, LATELY, score=3.0, decided="accepted", version=later)
    report = drift_report(NOW)
    assert not report["alarm"]
    assert {one["version"] for one in report["findings"] if one["measure"] == "score"} == {"later"}
    assert found(report, "score")["too_few"]
    assert found(report, "sharpness")["before"] == 400
    assert "4 comparisons had too few signatures to say anything." in said(report)


def test_of_two_versions_in_use_each_is_compared_with_itself(desk: Desk, tiny: Path) -> None:
    directory = make_bundle(Path(settings.MODELS_DIR) / "beside", name="beside", seed=22)
    beside = model_install(directory=directory.name)[0]
    for version, score in ((desk.version, -2.0), (beside, 3.0)):
        desk.ask(200, BEFORE, score=score, version=version)
        desk.ask(100, LATELY, score=score, version=version)
    report = drift_report(NOW)
    assert not report["alarm"]
    scores = {one["version"]: one["centre"] for one in report["findings"] if one["measure"] == "score"}
    assert scores["tiny"] == pytest.approx([-2, -2], abs=0.4)
    assert scores["beside"] == pytest.approx([3, 3], abs=0.4)


def test_too_few_signatures_say_so(desk: Desk) -> None:
    desk.ask(80, BEFORE)
    desk.ask(20, LATELY, score=4)
    report = drift_report(NOW)
    assert (report["alarm"], report["comparisons"]) == (False, 0)
    assert "Too few signatures to say anything: 20 in the last 7 days, 80 in the month before." in said(report)


def test_where_a_week_is_too_short_a_month_is_compared_with_the_month_before(desk: Desk) -> None:
    desk.ask(120, (60, 30))
    desk.ask(90, (30, 0), score=2.0)
    finding = found(drift_report(NOW), "score")
    assert (finding["days"], finding["before"], finding["lately"], finding["drifted"]) == (30, 120, 90, True)


def test_what_is_older_or_later_than_the_look_does_not_count(desk: Desk) -> None:
    desk.ask(400, (100, 61))
    desk.ask(100, (-1, -5))
    report = drift_report(NOW)
    assert (report["lately"], report["before"], report["findings"][0]["before"]) == (0, 0, 0)


def test_sources_of_specimens_are_compared_apart(desk: Desk) -> None:
    half = len(desk.customers) // 2
    for index, customer in enumerate(desk.customers):
        make_specimen(customer, source=Specimen.Source.CARD if index < half else Specimen.Source.CHEQUE)
    make_specimen(desk.customers[0], source=Specimen.Source.CHEQUE)
    everybody = desk.customers
    desk.ask(600, BEFORE)
    desk.customers = everybody[:half]
    desk.ask(120, LATELY)
    desk.customers = everybody[half:]
    desk.ask(120, LATELY, score=0.0)
    report = drift_report(NOW)
    assert found(report, "score", "source", "cheque")["drifted"]
    assert not found(report, "score", "source", "card")["drifted"]
    assert found(report, "score", "source", "several")["too_few"]
    assert "Specimens from: Paid cheque, model tiny: the score changed" in said(report)


def test_a_teller_without_a_branch_counts_for_the_customers(desk: Desk, champion: ModelVersion) -> None:
    other = Desk("B2", champion, until=NOW)
    type(other.teller).objects.filter(pk=other.teller.pk).update(branch=None)
    for days in (BEFORE, LATELY):
        desk.ask(200, days)
        other.ask(150, days)
    report = drift_report(NOW)
    assert found(report, "sharpness", "branch", "B2")["before"] == 150


def test_the_days_are_told_one_by_one(desk: Desk) -> None:
    desk.ask(74, (37, 0), score=-3.0, spread=0.1)
    desk.ask(20, (2, 1), score=0.0, spread=0.1)
    days = drift_report(NOW)["days"]
    assert len(days) == 37
    assert [day["day"] for day in days[-2:]] == ["2026-05-18", "2026-05-19"]
    assert (days[-2]["asked"], days[-1]["asked"]) == (22, 2)
    assert days[-2]["referred"] == pytest.approx(20 / 22, abs=1e-3)
    assert days[-2]["scores"]["tiny"][1] == pytest.approx(0, abs=0.2)
    assert days[-1]["scores"] == {}


def test_a_day_has_one_report_and_a_second_look_renews_it(desk: Desk) -> None:
    first = drift_look(until=NOW)
    desk.ask(400, BEFORE)
    desk.ask(100, LATELY, score=3)
    assert drift_look(until=NOW + timedelta(hours=1)).report == first.report
    actor = make_user()
    again = drift_look(until=NOW, again=True, actor=actor)
    assert (again.pk, again.alarm) == (first.pk, True)
    assert DriftReport.objects.count() == 1
    assert drift_look(until=NOW + timedelta(days=1)).pk != first.pk
    event = AuditEvent.objects.filter(action="drift.looked", actor=actor).get()
    assert event.details == {"day": "2026-05-20", "alarm": True, "suggestion": "look"}


def test_the_same_rows_give_the_same_report(desk: Desk) -> None:
    desk.ask(300, BEFORE, decided="accepted")
    desk.ask(100, LATELY, score=-1.5, decided="accepted")
    assert drift_report(NOW) == drift_report(NOW)


def test_neither_images_nor_sketches_are_read(desk: Desk) -> None:
    desk.ask(10, LATELY)
    with CaptureQueriesContext(connection) as queries:
        drift_report(NOW)
    read = " ".join(query["sql"] for query in queries)
    assert '"verification_verification"."score"' in read
    assert '"image"' not in read
    assert '"sketch"' not in read


@pytest.mark.django_db(transaction=True)
def test_two_looks_at_once_make_one_report(champion: ModelVersion) -> None:
    days = together(*[lambda: drift_look(until=NOW).pk for _ in range(4)])
    assert len(set(days)) == 1
    assert DriftReport.objects.count() == 1


def test_beat_looks_every_night_and_the_task_does_it(champion: ModelVersion) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["drift"]
    assert entry["task"] == drift_nightly.name
    assert entry["schedule"] == crontab(hour="2", minute="30")
    assert drift_nightly() == str(DriftReport.objects.get().day)
    drift_nightly()
    assert DriftReport.objects.count() == 1
