"""A promotion makes the vectors of all specimens first, then switches; with few queries and little memory."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from customers.models import Specimen
from mlcore import services
from mlcore.models import Embedding, GateReport, ModelVersion
from mlcore.retraining import advancing, tasks
from mlcore.retraining.advancing import promotion_advance
from mlcore.retraining.promotion import model_rollback, promotion_approve, promotion_cancel, promotion_request
from mlcore.selectors import model_bundle
from mlcore.services import features_for
from mlcore.tasks import queue_depth
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import make_customer, make_specimen
from tests.mlcore.retraining.candidates import administrator, enrolled
from tests.mlcore.retraining.promoting import advance, asked, candidate, champion_now, queue, small_batches, under

__all__ = ["candidate", "queue", "small_batches"]

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("small_batches")
def test_every_specimen_in_use_has_its_vector_before_the_switch(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    specimens = enrolled(champion, 3) + enrolled(champion, 2, first=10, state="pending")
    retired = make_specimen(make_customer(), state="retired")
    promotion = asked(candidate)
    assert promotion_advance(public_id=promotion.public_id) is False
    promotion.refresh_from_db()
    assert (promotion.state, promotion.total, promotion.done) == ("done", 5, 5)
    assert promotion.message == "other is the champion now."
    assert promotion.finished_at is not None
    assert champion_now() == candidate
    assert under(candidate) == {specimen.pk for specimen in specimens}
    assert retired.pk not in under(candidate)
    assert under(champion) == under(candidate)  # the old ones stay
    promoted = AuditEvent.objects.filter(action="model.promoted").latest("at")
    assert promoted.actor == promotion.requested_by
    assert AuditEvent.objects.filter(action="promotion.done").count() == 1


def test_the_vectors_are_those_that_a_verification_would_have_made(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    specimen = enrolled(champion, 1)[0]
    advance(asked(candidate))
    kept = Embedding.objects.get(specimen=specimen, model_version=candidate)
    kept.delete()
    specimen.kept_canvas.delete()
    made = features_for(specimens=[specimen], version=candidate).features[specimen.pk]
    assert np.array_equal(np.asarray(kept.vector, dtype=np.float32), made.vector)


def test_a_bank_without_specimens_switches_at_once(champion: ModelVersion, candidate: ModelVersion) -> None:
    assert advance(asked(candidate)).state == "done"
    assert champion_now() == candidate


def test_a_retired_version_that_kept_its_vectors_comes_back_without_work(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    enrolled(champion, 3)
    advance(asked(candidate))
    model_rollback(actor=None)
    again = advance(asked(candidate))
    assert (again.state, again.total) == ("done", 0)
    assert champion_now() == candidate


@pytest.mark.usefixtures("small_batches")
def test_a_turn_ends_in_time_and_sends_the_next_one(
    champion: ModelVersion, candidate: ModelVersion, django_capture_on_commit_callbacks: Any
) -> None:
    enrolled(champion, 5)
    promotion = asked(candidate)
    for turn in (1, 2):
        with django_capture_on_commit_callbacks(execute=True):
            assert promotion_advance(public_id=promotion.public_id, turn=turn - 1, seconds=0) is True
        promotion.refresh_from_db()
        assert (promotion.state, promotion.turn, promotion.done, promotion.total) == ("running", turn, 2 * turn, 5)
        assert champion_now() == champion
        assert queue_depth() == turn
    assert tasks.promotion_advance(str(promotion.public_id), 2) is False
    promotion.refresh_from_db()
    assert (promotion.state, promotion.done) == ("done", 5)


def test_the_second_of_two_equal_messages_is_dropped(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advancing, "BATCH", 1)
    enrolled(champion, 3)
    promotion = asked(candidate)
    assert promotion_advance(public_id=promotion.public_id, turn=0, seconds=0) is True
    assert promotion_advance(public_id=promotion.public_id, turn=0, seconds=0) is False
    promotion.refresh_from_db()
    assert (promotion.turn, promotion.done) == (1, 1)


def test_messages_for_what_is_unknown_waits_or_has_ended_do_nothing(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    enrolled(champion, 1)
    assert promotion_advance(public_id=uuid.uuid4()) is False
    GateReport.objects.all().delete()
    promotion = promotion_request(version=candidate, actor=administrator(), override_reason="It is urgent.")
    assert advance(promotion).state == "waiting"
    promotion_cancel(promotion=promotion, actor=None)
    assert advance(promotion).state == "cancelled"
    assert not under(candidate)


def test_what_a_second_administrator_approved_needs_no_gate(champion: ModelVersion, candidate: ModelVersion) -> None:
    enrolled(champion, 1)
    GateReport.objects.update(promotable=False)
    promotion = promotion_request(version=candidate, actor=administrator(), override_reason="It is urgent.")
    assert advance(promotion_approve(promotion=promotion, actor=administrator())).state == "done"
    assert champion_now() == candidate


@pytest.mark.usefixtures("small_batches")
def test_cancelled_in_the_middle_the_champion_stays(champion: ModelVersion, candidate: ModelVersion) -> None:
    enrolled(champion, 5)
    promotion = asked(candidate)
    advance(promotion, seconds=0)
    promotion_cancel(promotion=promotion, actor=None)
    assert advance(promotion).state == "cancelled"
    assert champion_now() == champion
    assert len(under(candidate)) == 2
    assert advance(asked(candidate)).state == "done"  # and goes on from there
    assert len(under(candidate)) == 5


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("count", [1, 5], ids=["one", "more than a batch"])
def test_what_is_enrolled_just_before_the_switch_is_embedded_first(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    enrolled(champion, 2)
    whole, late = advancing.artefact_check, []

    def enrol_meanwhile(version: ModelVersion) -> None:
        """Between the last batch and the switch."""
        if not late:
            late.extend(enrolled(champion, count, first=50))
        whole(version)

    monkeypatch.setattr(advancing, "artefact_check", enrol_meanwhile)
    promotion = advance(asked(candidate))
    assert (promotion.state, promotion.done, promotion.total) == ("done", 2 + count, 2 + count)
    assert {specimen.pk for specimen in late} < under(candidate)
    assert len(late) == count


def test_a_batch_reads_no_image_whose_canvas_is_kept(
    champion: ModelVersion, candidate: ModelVersion, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    enrolled(champion, 20)
    promotion = asked(candidate)
    model_bundle(candidate)
    with django_assert_max_num_queries(60) as queries:
        promotion_advance(public_id=promotion.public_id)
    assert not [query for query in queries.captured_queries if '"image"' in query["sql"]]


def test_without_kept_canvases_one_image_is_read_at_a_time(champion: ModelVersion, candidate: ModelVersion) -> None:
    specimens = enrolled(champion, 3)
    for specimen in specimens:
        specimen.kept_canvas.delete()
    loaded = list(Specimen.objects.only("pk", "public_id", "unreadable_at"))
    services.specimens_embed(specimens=loaded, version=candidate)
    assert len(under(candidate)) == 3
    assert all("image" not in specimen.__dict__ for specimen in loaded)
