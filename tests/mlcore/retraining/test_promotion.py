from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from kombu import Connection
from kombu.pools import producers

from mlcore.models import Embedding, ModelVersion, Promotion
from mlcore.retraining import promotion, tasks
from mlcore.retraining.promotion import (
    model_rollback,
    promotion_approve,
    promotion_cancel,
    promotion_request,
    promotions_resend,
)
from mlcore.selectors import NoChampion
from mlcore.services import features_for, model_promote
from mlcore.tasks import queue_depth
from sigweb.audit.models import AuditEvent
from sigweb.celery import app
from tests.mlcore.making import make_user
from tests.mlcore.retraining.candidates import administrator, at_once, enrolled, make_candidate, make_gate
from tests.mlcore.retraining.promoting import queue, refusal

__all__ = ["queue"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidate(champion: ModelVersion) -> ModelVersion:
    return make_candidate()


def waiting(candidate: ModelVersion, reason: str = "The branch needs it.") -> Promotion:
    return promotion_request(version=candidate, actor=administrator(), override_reason=reason)


# --- asking ----------------------------------------------------------------------------------------------


def test_what_passed_the_gate_is_queued_and_sent(
    champion: ModelVersion, candidate: ModelVersion, django_capture_on_commit_callbacks: Any
) -> None:
    make_gate(candidate, champion)
    actor = administrator()
    with django_capture_on_commit_callbacks(execute=True):
        made = promotion_request(version=candidate, actor=actor)
    assert (made.state, made.champion, made.requested_by, made.override_reason) == ("queued", champion, actor, "")
    assert queue_depth() == 1
    event = AuditEvent.objects.get(action="promotion.requested")
    assert (event.actor, event.object_id) == (actor, made.public_id)
    assert event.details == {
        "version": str(candidate.public_id),
        "champion": str(champion.public_id),
        "override": False,
    }
    champion.refresh_from_db()
    assert champion.state == "champion"


def test_a_reason_that_the_gate_did_not_ask_for_makes_nobody_wait(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion)
    made = promotion_request(version=candidate, actor=administrator(), override_reason="To be sure")
    assert (made.state, made.override_reason) == ("queued", "")


def test_the_champion_is_not_promoted_again(champion: ModelVersion) -> None:
    assert "champion already" in refusal(promotion_request, version=champion, actor=administrator())


def test_a_damaged_artefact_is_refused_though_this_process_has_it_loaded(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion)
    (Path(settings.MODELS_DIR) / candidate.directory / "network.onnx").write_bytes(b"damaged")
    assert "damaged" in refusal(promotion_request, version=candidate, actor=administrator())


@pytest.mark.parametrize("measured", [None, False], ids=["never measured", "found worse"])
def test_without_the_gate_a_reason_is_needed(
    champion: ModelVersion, candidate: ModelVersion, measured: bool | None
) -> None:
    if measured is not None:
        make_gate(candidate, champion, promotable=measured)
    sentence = refusal(promotion_request, version=candidate, actor=administrator(), override_reason="  ")
    assert ("never measured" if measured is None else "did not find") in sentence
    assert candidate.name in sentence
    assert champion.name in sentence


def test_a_gate_against_another_champion_does_not_count(champion: ModelVersion, candidate: ModelVersion) -> None:
    make_gate(candidate, make_candidate("third", seed=3))
    assert "never measured" in refusal(promotion_request, version=candidate, actor=administrator())


def test_overriding_the_gate_waits_for_a_second_person(
    champion: ModelVersion, candidate: ModelVersion, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        made = waiting(candidate)
    assert (made.state, made.override_reason) == ("waiting", "The branch needs it.")
    assert queue_depth() == 0
    assert promotions_resend(late_after=timedelta(0)) == 0
    assert AuditEvent.objects.get(action="promotion.requested").details["override"] is True


def test_nobody_can_not_override(candidate: ModelVersion) -> None:
    assert "person" in refusal(promotion_request, version=candidate, actor=None, override_reason="why not")


def test_one_promotion_is_open_at_a_time(champion: ModelVersion, candidate: ModelVersion) -> None:
    third = make_candidate("third", seed=3)
    make_gate(third, champion)
    make_gate(candidate, champion)
    first = promotion_request(version=candidate, actor=administrator())
    assert "Another promotion" in refusal(promotion_request, version=third, actor=administrator())
    promotion_cancel(promotion=first, actor=None)
    assert promotion_request(version=third, actor=administrator()).state == "queued"


@pytest.mark.django_db(transaction=True)
def test_of_two_administrators_who_press_at_once_one_is_told(champion: ModelVersion, candidate: ModelVersion) -> None:
    third = make_candidate("third", seed=3)
    for version in (candidate, third):
        make_gate(version, champion)
    actors = [administrator(), administrator()]
    results = at_once(
        [
            lambda: promotion_request(version=candidate, actor=actors[0]),
            lambda: promotion_request(version=third, actor=actors[1]),
            lambda: promotion_request(version=candidate, actor=actors[0]),  # a double click
        ]
    )
    assert sorted(type(result).__name__ for result in results) == ["Promotion", "PromotionRefused", "PromotionRefused"]
    assert Promotion.objects.count() == 1
    assert AuditEvent.objects.filter(action="promotion.requested").count() == 1


def test_a_broker_that_is_away_is_no_error(
    champion: ModelVersion,
    candidate: ModelVersion,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    make_gate(candidate, champion)
    nobody = Connection(f"redis+socket://{tmp_path}/nobody.sock", transport_options={"max_retries": 0})
    with monkeypatch.context() as away, django_capture_on_commit_callbacks(execute=True):
        away.setattr(app.amqp, "_producer_pool", producers[nobody])
        made = promotion_request(version=candidate, actor=administrator())
    assert made.state == "queued"
    assert queue_depth() == 0
    assert "the sweep will" in caplog.text
    assert promotions_resend(late_after=timedelta(0)) == 1
    assert queue_depth() == 1


# --- approving and cancelling ------------------------------------------------------------------------------


def test_a_second_administrator_lets_it_begin(candidate: ModelVersion, django_capture_on_commit_callbacks: Any) -> None:
    made, second = waiting(candidate), administrator()
    with django_capture_on_commit_callbacks(execute=True):
        approved = promotion_approve(promotion=made, actor=second)
    assert (approved.state, approved.approved_by) == ("queued", second)
    assert queue_depth() == 1
    assert AuditEvent.objects.get(action="promotion.approved").actor == second


def test_who_asked_does_not_approve(candidate: ModelVersion) -> None:
    made = waiting(candidate)
    assert "Somebody else" in refusal(promotion_approve, promotion=made, actor=made.requested_by)
    made.refresh_from_db()
    assert made.state == "waiting"


def test_who_may_not_promote_does_not_approve(candidate: ModelVersion) -> None:
    assert "may not" in refusal(promotion_approve, promotion=waiting(candidate), actor=make_user())


def test_what_does_not_wait_is_not_approved(candidate: ModelVersion) -> None:
    made = waiting(candidate)
    promotion_cancel(promotion=made, actor=made.requested_by)
    assert "does not wait" in refusal(promotion_approve, promotion=made, actor=administrator())


def test_what_was_asked_for_under_another_champion_is_not_approved(candidate: ModelVersion) -> None:
    made = waiting(candidate)
    third = make_candidate("third", seed=3)
    model_promote(version=third)
    assert third.name in refusal(promotion_approve, promotion=made, actor=administrator())


def test_cancelling_ends_it_once(candidate: ModelVersion) -> None:
    made, actor = waiting(candidate), administrator()
    ended = promotion_cancel(promotion=made, actor=actor)
    assert (ended.state, ended.finished_at is not None) == ("cancelled", True)
    assert AuditEvent.objects.get(action="promotion.cancelled").actor == actor
    assert "ended" in refusal(promotion_cancel, promotion=made, actor=actor)


# --- sending again -----------------------------------------------------------------------------------------


def test_a_promotion_without_a_sign_of_life_is_sent_again(champion: ModelVersion, candidate: ModelVersion) -> None:
    make_gate(candidate, champion)
    made = promotion_request(version=candidate, actor=None)
    assert tasks.promotions_sweep() == 0
    Promotion.objects.update(heartbeat_at=timezone.now() - promotion.LATE_AFTER)
    assert tasks.promotions_sweep() == 1
    with app.connection_for_read() as broker:
        message = broker.SimpleQueue("embed").get(timeout=5)
        message.ack()
        assert message.payload[0] == [str(made.public_id), 0]
    promotion_cancel(promotion=made, actor=None)
    assert tasks.promotions_sweep(late_seconds=0) == 0


def test_the_sweep_is_on_the_clock() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["promotions-sweep"]
    assert entry["task"] == tasks.promotions_sweep.name
    assert entry["schedule"] <= 20


# --- rolling back ------------------------------------------------------------------------------------------


def test_the_champion_steps_back_to_the_one_it_replaced(
    champion: ModelVersion, candidate: ModelVersion, django_capture_on_commit_callbacks: Any
) -> None:
    specimens = enrolled(champion, 3)
    features_for(specimens=specimens, version=candidate)
    model_promote(version=candidate)
    actor = administrator()
    with django_capture_on_commit_callbacks(execute=True):
        back = model_rollback(actor=actor)
    candidate.refresh_from_db()
    assert (back.pk, back.state, candidate.state) == (champion.pk, "champion", "retired")
    assert Embedding.objects.filter(model_version=champion).count() == 3
    event = AuditEvent.objects.get(action="model.rolled_back")
    assert (event.actor, event.details["instead_of"]) == (actor, str(candidate.public_id))
    assert queue_depth() == 1  # the sweep, for what was enrolled since


def test_stepping_back_twice_goes_further_back_not_forth(champion: ModelVersion, candidate: ModelVersion) -> None:
    third = make_candidate("third", seed=3)
    model_promote(version=candidate)
    model_promote(version=third)
    assert [model_rollback(actor=None).pk, model_rollback(actor=None).pk] == [candidate.pk, champion.pk]
    assert "no earlier" in refusal(model_rollback, actor=None)


def test_the_first_champion_has_nothing_to_go_back_to(champion: ModelVersion) -> None:
    assert "no earlier" in refusal(model_rollback, actor=None)


def test_without_a_champion_there_is_no_way_back(db: None) -> None:
    with pytest.raises(NoChampion):
        model_rollback(actor=None)


def test_a_roll_back_to_files_that_are_gone_is_refused(champion: ModelVersion, candidate: ModelVersion) -> None:
    model_promote(version=champion)
    model_promote(version=candidate)
    third = make_candidate("third", seed=3)
    model_promote(version=third)
    shutil.rmtree(Path(settings.MODELS_DIR) / candidate.directory)
    assert candidate.directory in refusal(model_rollback, actor=None)
    third.refresh_from_db()
    assert third.state == "champion"


@pytest.mark.django_db(transaction=True)
def test_a_double_click_on_roll_back_steps_through_the_lock(champion: ModelVersion, candidate: ModelVersion) -> None:
    model_promote(version=candidate)
    results = at_once([lambda: model_rollback(actor=None)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["ModelVersion", "PromotionRefused"]
    champion.refresh_from_db()
    assert champion.state == "champion"


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_roll_back_the_same_champion_go_one_step(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    third = make_candidate("third", seed=3)
    model_promote(version=candidate)
    model_promote(version=third)
    results = at_once([lambda: model_rollback(actor=None, of=third)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["ModelVersion", "PromotionRefused"]
    candidate.refresh_from_db()
    assert candidate.state == "champion"
