from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.db import OperationalError

from customers.models import Specimen
from mlcore import services
from mlcore.models import Embedding, EmbeddingFailure, GateReport, ModelVersion, Promotion
from mlcore.retraining import advancing, tasks
from mlcore.retraining.advancing import promotion_advance
from mlcore.retraining.promotion import model_rollback, promotion_approve, promotion_cancel, promotion_request
from mlcore.selectors import bundles_forget, model_bundle, specimens_without_embedding
from mlcore.services import features_for, model_promote, specimen_embed
from mlcore.tasks import queue_depth
from sigweb.audit.models import AuditEvent
from sigweb.celery import app
from tests.mlcore.making import VERIFIER, drawn_png, make_customer, make_specimen, make_user
from tests.mlcore.retraining.candidates import administrator, at_once, enrolled, make_candidate, make_gate
from verification.models import Verification
from verification.services import verification_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queue(servers: Any) -> Iterator[None]:
    """The real queue, empty before and after."""
    app.control.purge()
    yield
    app.control.purge()
    bundles_forget()


@pytest.fixture
def candidate(champion: ModelVersion) -> ModelVersion:
    """Measured as better than the champion."""
    made = make_candidate()
    make_gate(made, champion)
    return made


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advancing, "BATCH", 2)


def asked(candidate: ModelVersion) -> Promotion:
    return promotion_request(version=candidate, actor=administrator())


def advance(promotion: Promotion, **fields: Any) -> Promotion:
    promotion_advance(public_id=promotion.public_id, **fields)
    promotion.refresh_from_db()
    return promotion


def champion_now() -> ModelVersion:
    return ModelVersion.objects.get(state="champion")


def under(version: ModelVersion) -> set[int]:
    return set(Embedding.objects.filter(model_version=version).values_list("specimen_id", flat=True))


# --- vectors, then the switch ------------------------------------------------------------------------------


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


# --- what goes wrong ---------------------------------------------------------------------------------------


def test_a_damaged_image_does_not_block_the_switch_and_is_counted(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    enrolled(champion, 2)
    make_specimen(make_customer(), data=b"damaged")
    promotion = advance(asked(candidate))
    assert (promotion.state, promotion.done, promotion.total) == ("done", 3, 3)
    assert promotion.message.endswith("1 specimen has no vector, since its image can not be used.")
    assert EmbeddingFailure.objects.filter(model_version=candidate).count() == 1


def unreadable(specimens: list[Specimen]) -> None:
    """As where the worker lacks the key: nothing of them can be opened."""
    Specimen.objects.filter(pk__in=[specimen.pk for specimen in specimens]).update(image=b"sealed elsewhere")
    for specimen in specimens:
        specimen.kept_canvas.delete()


def test_a_worker_that_can_read_nothing_switches_nothing(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advancing, "FEW_UNREADABLE", 1)
    specimens = enrolled(champion, 3)
    unreadable(specimens[:2])
    promotion = advance(asked(candidate))
    assert promotion.state == "failed"
    assert promotion.message.startswith("2 specimens that the champion knows could not be read")
    assert champion_now() == champion


def test_what_could_not_be_read_is_tried_again_by_the_next_promotion(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    specimen = enrolled(champion, 1)[0]
    EmbeddingFailure.objects.create(specimen=specimen, model_version=candidate, code="blob_damaged", sentence="Was.")
    assert advance(asked(candidate)).message == "other is the champion now."
    assert under(candidate) == {specimen.pk}


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("loaded", [True, False], ids=["loaded before", "not loaded"])
def test_an_artefact_damaged_in_between_ends_it(champion: ModelVersion, candidate: ModelVersion, loaded: bool) -> None:
    enrolled(champion, 3)
    promotion = asked(candidate)
    advance(promotion, seconds=0)
    (Path(settings.MODELS_DIR) / candidate.directory / "network.onnx").write_bytes(b"damaged")
    if not loaded:
        bundles_forget()
    advance(promotion)
    assert promotion.state == "failed"
    assert "network.onnx is damaged" in promotion.message
    assert champion_now() == champion
    assert AuditEvent.objects.filter(action="promotion.failed").count() == 1


def test_another_champion_in_between_ends_it(champion: ModelVersion, candidate: ModelVersion) -> None:
    promotion = asked(candidate)
    third = make_candidate("third", seed=3)
    model_promote(version=third)
    advance(promotion)
    assert promotion.state == "failed"
    assert "measured against tiny, but third is the champion now" in promotion.message
    assert champion_now() == third


def test_another_champion_at_the_last_moment_ends_it_too(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = make_candidate("third", seed=3)
    monkeypatch.setattr(advancing, "artefact_check", lambda version: model_promote(version=third))
    promotion = advance(asked(candidate))
    assert promotion.state == "failed"
    assert champion_now() == third


def test_a_gate_that_was_measured_anew_and_does_not_pass_ends_it(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    promotion = asked(candidate)
    GateReport.objects.update(promotable=False)
    advance(promotion)
    assert promotion.state == "failed"
    assert "gate did not find" in promotion.message


def test_an_error_of_the_database_leaves_it_to_the_sweep(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(champion, 1)
    promotion = asked(candidate)

    def away(**fields: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as broken:
        broken.setattr(advancing, "specimens_embed", away)
        with pytest.raises(OperationalError):
            promotion_advance(public_id=promotion.public_id)
    promotion.refresh_from_db()
    assert promotion.state == "running"
    assert tasks.promotions_sweep(late_seconds=0) == 1
    assert advance(promotion).state == "done"


def test_vectors_that_are_no_numbers_end_it_instead_of_coming_back_for_ever(champion: ModelVersion) -> None:
    enrolled(champion, 1)
    broken = make_candidate("broken", 3, projection=np.nan)
    make_gate(broken, champion)
    promotion = advance(asked(broken))
    assert promotion.state == "failed"
    assert promotion.message.endswith("The champion is unchanged.")
    assert tasks.promotions_sweep(late_seconds=0) == 0
    assert champion_now() == champion


def test_what_nobody_foresaw_ends_it_with_a_sentence(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    enrolled(champion, 1)

    def broken(**fields: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(advancing, "specimens_embed", broken)
    promotion = advance(asked(candidate))
    assert (promotion.state, champion_now()) == ("failed", champion)
    assert "unforeseen" in promotion.message
    assert "MemoryError" in caplog.text


# --- several at once ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_batches")
def test_two_workers_at_once_do_the_work_once(champion: ModelVersion, candidate: ModelVersion) -> None:
    specimens = enrolled(champion, 12)
    promotion = asked(candidate)
    results = at_once([lambda: promotion_advance(public_id=promotion.public_id, turn=0)] * 3)
    assert results == [False, False, False]
    promotion.refresh_from_db()
    assert (promotion.state, promotion.done, promotion.total) == ("done", 12, 12)
    assert under(candidate) == {specimen.pk for specimen in specimens}
    assert AuditEvent.objects.filter(action="promotion.done").count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_cancels_waits_for_the_batch_and_no_longer(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advancing, "BATCH", 1)
    enrolled(champion, 4)
    whole, begun = advancing.specimens_embed, threading.Event()

    def slow(**fields: Any) -> tuple[int, int]:
        begun.set()
        time.sleep(0.3)
        return whole(**fields)

    monkeypatch.setattr(advancing, "specimens_embed", slow)
    promotion = asked(candidate)

    def cancel() -> float:
        begun.wait(10)
        started = time.monotonic()
        promotion_cancel(promotion=promotion, actor=None)
        return time.monotonic() - started

    _, waited = at_once([lambda: promotion_advance(public_id=promotion.public_id), cancel])
    promotion.refresh_from_db()
    assert promotion.state == "cancelled"
    assert isinstance(waited, float)
    assert len(under(candidate)) < 4
    assert champion_now() == champion


@pytest.mark.django_db(transaction=True)
def test_verifications_during_switches_use_one_model_throughout(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    """Four people verify while the champion changes back and forth; each verdict is one of the two models' own."""
    customer, actor = make_customer(), make_user(*VERIFIER)
    for seed in (1, 2, 3):
        make_specimen(customer, data=drawn_png(seed))
    data = drawn_png(1, again=1)

    def verify() -> Verification:
        return verification_run(actor=actor, customer=customer, data=data, request_token=uuid.uuid4())

    alone = {champion.pk: verify()}
    advance(asked(candidate))
    alone[candidate.pk] = verify()
    assert alone[champion.pk].distances != alone[candidate.pk].distances
    stop, made = threading.Event(), []

    def verifying() -> None:
        while not stop.is_set():
            made.append(verify())

    def switching() -> None:
        try:
            for _ in range(6):
                time.sleep(0.3)
                model_rollback(actor=None)
                time.sleep(0.3)
                advance(asked(candidate))
        finally:
            stop.set()

    assert at_once([switching, *[verifying] * 4]) == [None] * 5
    assert {verification.model_version_id for verification in made} == set(alone)
    assert len(made) > 12
    for verification in made:
        expected = alone[verification.model_version_id]
        assert (verification.distances, verification.score) == (expected.distances, expected.score)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_enrolled_past_the_switch_without_its_vector_soon(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    """Enrolment goes on all the while; what the switch did not see is found by the sweep that enrolment relies on."""
    enrolled(champion, 6)
    promotion, numbers, stop = asked(candidate), itertools.count(100), threading.Event()

    def enrolling() -> None:
        while not stop.is_set():
            specimen_embed(specimen=make_specimen(make_customer(), data=drawn_png(next(numbers))))

    def promoting() -> None:
        try:
            time.sleep(0.2)
            ended = promotion_advance(public_id=promotion.public_id, seconds=60)
            assert ended is False
            time.sleep(0.2)
        finally:
            stop.set()

    assert at_once([promoting, enrolling, enrolling]) == [None] * 3
    promotion.refresh_from_db()
    assert promotion.state == "done"
    assert promotion.total > 6
    left = specimens_without_embedding(version=candidate).count()
    assert left <= 2  # one for each that enrolled, at the very moment
    assert tasks.promotions_sweep(late_seconds=0) == 0


# --- memory ------------------------------------------------------------------------------------------------


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
