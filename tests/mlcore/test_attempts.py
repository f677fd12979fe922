"""An image that ends the process at enrolment is given up; no sweep sends it for ever, no verification tries it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Specimen
from mlcore import attempts as attempts_module
from mlcore import services, tasks
from mlcore.attempts import DEAD_AFTER, GIVE_UP_AFTER, MOST_GIVEN_UP
from mlcore.models import Embedding, EmbeddingAttempt, EmbeddingFailure, ModelVersion, SpecimenCanvas
from mlcore.services import (
    WORKER_DIED,
    SpecimenUnusable,
    features_for,
    specimen_embed,
    specimen_give_up,
)
from sigweb.audit.models import AuditEvent
from sigweb.celery import app
from tests.mlcore.dying import DEATH
from tests.mlcore.forks import Forks
from tests.mlcore.making import VERIFIER, drawn_png, make_customer, make_specimen, make_user
from verification.services import verification_run

pytestmark = pytest.mark.django_db

# Runs the task of a worker, and dies at one image.
WORKER = """
from mlcore import tasks
from tests.mlcore.dying import die_at
def turn(fatal, *specimens):
    die_at([fatal])
    for public_id in specimens:
        tasks.specimen_embed(public_id)
"""


class Died(BaseException):
    """Stands for the end of the process at an image."""


def long_ago() -> None:
    """As long after a death as it takes until the sweep sends the specimen again."""
    EmbeddingAttempt.objects.update(begun_at=timezone.now() - DEAD_AFTER - timedelta(seconds=1))


def attempts(specimen: Specimen, version: ModelVersion, times: int) -> None:
    """What that many processes have left behind that ended at the specimen, the last one some time ago."""
    EmbeddingAttempt.objects.create(specimen=specimen, model_version=version, times=times, begun_at=timezone.now())
    long_ago()


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[Specimen]:
    """The specimens whose images are opened."""
    opened: list[Specimen] = []
    whole = services._image_prepare

    def prepare(specimen: Specimen, image: bytes) -> object:
        opened.append(specimen)
        return whole(specimen, image)

    monkeypatch.setattr(services, "_image_prepare", prepare)
    return opened


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_image_that_ends_real_processes_is_given_up_by_the_fourth_and_the_customer_is_verified_without_it(
    champion: ModelVersion, server_environment: dict[str, str], servers: Any, client: Client
) -> None:
    enrolled_at = timezone.now() - timedelta(minutes=5)
    customer = make_customer()
    fatal, *good = (make_specimen(customer, data=drawn_png(seed), enrolled_at=enrolled_at) for seed in range(3))
    asked_by = make_user(*VERIFIER)

    def verified() -> list[dict[str, str]]:
        data = drawn_png(1, again=1)
        made = verification_run(actor=asked_by, customer=customer, data=data, request_token=uuid.uuid4())
        assert len(made.distances) == 2
        return made.skipped

    ends, left = [], []
    arguments = [specimen.public_id for specimen in (fatal, fatal, *good, fatal)]
    with Forks(WORKER, server_environment) as workers:
        for _ in range(GIVE_UP_AFTER + 1):
            app.control.purge()
            assert tasks.embedding_sweep() == (3 if not ends else 1)  # the sweep does not leave it alone
            ends.append(workers.run(*arguments))
            left.extend(EmbeddingAttempt.objects.values_list("specimen", "times"))
            long_ago()
            # Here the web process is this one, which would read the image without harm. It does not.
            assert [row["code"] for row in verified()] == [WORKER_DIED]
            assert not Embedding.objects.filter(specimen=fatal).exists()
    assert ends == [DEATH] * GIVE_UP_AFTER + [0]
    assert left == [(fatal.pk, times) for times in range(1, GIVE_UP_AFTER + 1)]
    failure = EmbeddingFailure.objects.get()
    assert (failure.specimen, failure.model_version, failure.code) == (fatal, champion, WORKER_DIED)
    assert set(Embedding.objects.values_list("specimen", flat=True)) == {specimen.pk for specimen in good}
    app.control.purge()
    assert tasks.embedding_sweep() == 0

    assert AuditEvent.objects.get(action="specimen.unreadable").object_id == fatal.public_id
    client.force_login(asked_by)
    page = client.get(reverse("customers:detail", args=[customer.public_id])).content.decode()
    assert page.count("The stored picture can not be read any more.") == 1
    assert {row["sentence"] for row in verified()} == {"The program ended while it read the stored image."}


def test_an_attempt_that_ends_well_or_in_a_refusal_leaves_nothing(champion: ModelVersion) -> None:
    specimen_embed(specimen=make_specimen(make_customer()))
    with pytest.raises(SpecimenUnusable):
        specimen_embed(specimen=make_specimen(make_customer(), data=b"damaged"))
    assert not EmbeddingAttempt.objects.exists()


def test_the_attempt_is_on_record_while_the_image_is_tried(
    champion: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    specimen, seen = make_specimen(make_customer()), []
    whole = services._image_prepare

    def prepare(specimen: Specimen, image: bytes) -> object:
        seen.extend(EmbeddingAttempt.objects.values_list("specimen", "model_version", "times"))
        return whole(specimen, image)

    monkeypatch.setattr(services, "_image_prepare", prepare)
    specimen_embed(specimen=specimen)
    assert seen == [(specimen.pk, champion.pk, 1)]


def test_errors_of_the_database_are_no_deaths(champion: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    specimen = make_specimen(make_customer())

    def away(*_args: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as broken:
        broken.setattr(services, "_embeddings_make", away)
        for _ in range(GIVE_UP_AFTER + 1):
            with pytest.raises(OperationalError):
                specimen_embed(specimen=specimen)
    assert not EmbeddingAttempt.objects.exists()
    assert specimen_embed(specimen=specimen).specimen == specimen


def test_a_process_that_ends_while_it_loads_the_network_says_nothing_of_the_specimen(
    champion: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    specimen = make_specimen(make_customer())

    def load(version: ModelVersion) -> object:
        assert not EmbeddingAttempt.objects.exists()
        raise Died

    monkeypatch.setattr(services, "model_bundle", load)
    with pytest.raises(Died):
        specimen_embed(specimen=specimen)


def test_a_specimen_at_which_workers_were_killed_by_chance_gets_its_vector(champion: ModelVersion) -> None:
    specimen = make_specimen(make_customer())
    attempts(specimen, champion, GIVE_UP_AFTER - 1)
    assert specimen_embed(specimen=specimen).specimen == specimen
    assert not EmbeddingAttempt.objects.exists()


def test_attempts_within_seconds_of_each_other_count_as_one_and_nobody_gives_up_meanwhile(
    champion: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several workers may be at it, or one that starts again every few seconds."""
    specimen = make_specimen(make_customer())

    def died(*_args: Any) -> None:
        raise Died

    def left_behind() -> tuple[int, bool]:
        note = EmbeddingAttempt.objects.get()
        return note.times, note.begun_at > timezone.now() - timedelta(seconds=10)

    with monkeypatch.context() as broken:
        broken.setattr(services, "_embeddings_make", died)
        broken.setattr(attempts_module, "attempt_forget", lambda **_fields: None)  # no process tidies up that has ended
        for times in range(1, GIVE_UP_AFTER + 1):
            for _ in range(3):
                with pytest.raises(Died):
                    specimen_embed(specimen=specimen)
                assert left_behind() == (times, True)
            assert not EmbeddingFailure.objects.exists()
            long_ago()
        with pytest.raises(SpecimenUnusable, match="ended while it read"):
            specimen_embed(specimen=specimen)
    assert EmbeddingFailure.objects.get().specimen == specimen
    assert not EmbeddingAttempt.objects.exists()


def test_a_verification_waits_for_no_attempt_that_is_under_way(champion: ModelVersion) -> None:
    """The first one, a moment ago: most likely a worker is just making the vector. Later ones are at a suspect."""
    specimen = make_specimen(make_customer())
    attempts(specimen, champion, 1)
    EmbeddingAttempt.objects.update(begun_at=timezone.now())
    assert set(features_for(specimens=[specimen], version=champion).features) == {specimen.pk}
    assert not EmbeddingAttempt.objects.exists()  # whatever was against it: it has a vector now
    Embedding.objects.all().delete()
    attempts(specimen, champion, 2)
    EmbeddingAttempt.objects.update(begun_at=timezone.now())
    found = features_for(specimens=[specimen], version=champion)
    assert (found.features, found.unusable[specimen.pk].code) == ({}, WORKER_DIED)
    assert not EmbeddingFailure.objects.exists()


def test_under_another_version_nothing_is_held_against_it(champion: ModelVersion) -> None:
    specimen = make_specimen(make_customer())
    retired = ModelVersion.objects.create(name="before", directory="before", digest="0" * 64, state="retired")
    attempts(specimen, retired, GIVE_UP_AFTER)
    assert set(features_for(specimens=[specimen], version=champion).features) == {specimen.pk}


def test_deleting_the_failure_has_it_tried_again_from_its_image(
    champion: ModelVersion, watched: list[Specimen]
) -> None:
    """It may have been the network that died, with the canvas made and kept before."""
    specimen = make_specimen(make_customer())
    specimen_embed(specimen=specimen)
    Embedding.objects.all().delete()
    attempts(specimen, champion, 1)
    specimen_give_up(specimen=specimen, version=champion)
    assert not SpecimenCanvas.objects.exists()
    watched.clear()
    EmbeddingFailure.objects.all().delete()
    specimen.refresh_from_db()
    assert specimen.unreadable_at is not None
    specimen_embed(specimen=specimen)
    specimen.refresh_from_db()
    assert (watched, specimen.unreadable_at) == ([specimen], None)


def test_a_worker_that_dies_at_specimen_after_specimen_is_what_is_wrong(
    champion: ModelVersion, watched: list[Specimen], caplog: pytest.LogCaptureFixture
) -> None:
    customer = make_customer()
    specimens = [make_specimen(customer) for _ in range(MOST_GIVEN_UP + 1)]
    for specimen in specimens:
        attempts(specimen, champion, GIVE_UP_AFTER)
    for specimen in specimens[:-1]:
        with pytest.raises(SpecimenUnusable):
            specimen_embed(specimen=specimen)
    assert (EmbeddingFailure.objects.count(), watched) == (MOST_GIVEN_UP, [])
    # The next is tried on, and counted anew: with the worker mended it is not given up before it has been tried.
    assert specimen_embed(specimen=specimens[-1]).specimen == specimens[-1]
    assert "something is wrong" in caplog.text
    # A day later one more can be given up.
    EmbeddingFailure.objects.update(failed_at=timezone.now() - timedelta(days=1, seconds=1))
    Embedding.objects.all().delete()
    attempts(specimens[-1], champion, GIVE_UP_AFTER)
    with pytest.raises(SpecimenUnusable):
        specimen_embed(specimen=specimens[-1])
    assert EmbeddingFailure.objects.count() == MOST_GIVEN_UP + 1
