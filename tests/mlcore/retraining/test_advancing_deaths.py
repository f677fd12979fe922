"""An image that ends the worker's process is found and given up; a promotion never dies at it for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from customers.models import Specimen
from mlcore import attempts as attempts_module
from mlcore.attempts import DEAD_AFTER, GIVE_UP_AFTER
from mlcore.models import EmbeddingAttempt, EmbeddingFailure, ModelVersion, Promotion
from mlcore.retraining import advancing
from mlcore.retraining.advancing import CAREFUL_AFTER, MOST_DEAD_TURNS, promotion_advance
from mlcore.retraining.promotion import LATE_AFTER, promotions_resend
from mlcore.services import WORKER_DIED
from sigweb.audit.models import AuditEvent
from tests.mlcore.dying import DEATH
from tests.mlcore.forks import Forks
from tests.mlcore.making import drawn_png, make_customer, make_specimen
from tests.mlcore.retraining.candidates import enrolled
from tests.mlcore.retraining.promoting import advance, asked, candidate, champion_now, queue, small_batches, under

__all__ = ["candidate", "queue", "small_batches"]

pytestmark = pytest.mark.django_db

# Goes forward with a promotion, and dies at some images.
WORKER = """
from mlcore.retraining.advancing import promotion_advance
from tests.mlcore.dying import die_at
def turn(promotion, *fatal):
    die_at(fatal)
    promotion_advance(public_id=promotion, seconds=60)
"""


class Died(BaseException):
    """Stands for the end of the process: nothing of the product catches it, the transaction is rolled back.

    A process that has ended tidies nothing up either: `turns` leaves the notes of attempts as they are.
    """


def dying(at: Callable[[list[Specimen]], bool], whole: Any = advancing.specimens_embed) -> Any:
    """Embeds as the product does, but dies at some batches."""

    def embed(*, specimens: list[Specimen], version: ModelVersion) -> tuple[int, int]:
        if at(specimens):
            raise Died
        made: tuple[int, int] = whole(specimens=specimens, version=version)
        return made

    return embed


def silent(promotion: Promotion) -> None:
    """As long after a death as it takes until the sweep sends the promotion again."""
    Promotion.objects.filter(pk=promotion.pk).update(heartbeat_at=timezone.now() - LATE_AFTER - timedelta(seconds=1))
    EmbeddingAttempt.objects.update(begun_at=timezone.now() - DEAD_AFTER - timedelta(seconds=1))


def turns(promotion: Promotion, most: int) -> int:
    """Turn after turn, as the sweep sends them, until it has ended; how many of them died."""
    died = 0
    for _ in range(most):
        silent(promotion)
        try:
            with pytest.MonkeyPatch.context() as gone:
                gone.setattr(attempts_module, "attempt_forget", lambda **_fields: None)
                promotion_advance(public_id=promotion.public_id)
        except Died:
            died += 1
        promotion.refresh_from_db()
        if not promotion.is_open:
            break
    return died


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_images_that_end_real_processes_are_given_up_and_the_rest_is_promoted(
    champion: ModelVersion, candidate: ModelVersion, server_environment: dict[str, str]
) -> None:
    customer = make_customer()
    specimens = [make_specimen(customer, data=drawn_png(seed)) for seed in range(5)]
    fatal = [specimens[1], specimens[3]]
    promotion = asked(candidate)
    ends = []
    with Forks(WORKER, server_environment) as workers:
        while promotion.is_open and len(ends) < 12:
            silent(promotion)
            assert promotions_resend() == 1  # the sweep never leaves it alone
            ends.append(workers.run(promotion.public_id, *(specimen.public_id for specimen in fatal)))
            promotion.refresh_from_db()
            if promotion.is_open:
                assert champion_now() == champion
    # Three turns in vain, three that die at each of the two, one that ends.
    assert ends == [DEATH] * (CAREFUL_AFTER + 2 * GIVE_UP_AFTER) + [0]
    assert (promotion.state, promotion.done, promotion.total) == ("done", 5, 5)
    assert promotion.message.endswith("2 specimens have no vector, since their images can not be used.")
    assert under(candidate) == {specimen.pk for specimen in specimens} - {specimen.pk for specimen in fatal}
    failures = EmbeddingFailure.objects.filter(model_version=candidate)
    assert {(row.specimen_id, row.code) for row in failures} == {(specimen.pk, WORKER_DIED) for specimen in fatal}
    assert {row.sentence for row in failures} == {"The program ended while it read the stored image."}
    # It may have been the candidate's network that died, so they are not said to be unreadable.
    assert not AuditEvent.objects.filter(action="specimen.unreadable").exists()
    assert not Specimen.objects.exclude(unreadable_at=None).exists()
    assert champion_now() == candidate


@pytest.mark.usefixtures("small_batches")
def test_with_vectors_in_between_a_death_is_forgotten(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is restarted often is no sign against a specimen."""
    enrolled(champion, 12)
    promotion, calls = asked(candidate), iter(range(100))
    monkeypatch.setattr(advancing, "specimens_embed", dying(lambda specimens: next(calls) % 2 == 1))
    assert turns(promotion, 20) == 5
    assert promotion.state == "done"
    assert not EmbeddingFailure.objects.exists()


@pytest.mark.usefixtures("small_batches")
def test_after_the_careful_batch_vectors_are_made_in_batches_again(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(champion, 6)
    promotion, sizes = asked(candidate), []
    monkeypatch.setattr(
        advancing, "specimens_embed", dying(lambda specimens: sizes.append(len(specimens)) or len(sizes) < 4)
    )
    assert turns(promotion, 10) == CAREFUL_AFTER
    assert sizes == [2, 2, 2, 1, 1, 2, 2]
    assert (promotion.state, promotion.dead_turns, promotion.suspect_id) == ("done", 0, None)


def test_a_specimen_at_which_the_worker_was_killed_by_chance_is_not_lost(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something else takes all memory for as long as the batches die, and for some deaths at a specimen alone."""
    specimens = enrolled(champion, 3)
    promotion, calls = asked(candidate), iter(range(100))
    killed = CAREFUL_AFTER + GIVE_UP_AFTER - 1
    monkeypatch.setattr(advancing, "specimens_embed", dying(lambda _specimens: next(calls) < killed))
    assert turns(promotion, 20) == killed
    assert promotion.state == "done"
    assert under(candidate) == {specimen.pk for specimen in specimens}
    assert not EmbeddingFailure.objects.exists()
    assert not EmbeddingAttempt.objects.exists()


def test_a_suspect_is_tried_again_after_all_others(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While others get their vectors the worker lives; who dies at the suspect then dies of it."""
    first, *others = enrolled(champion, 4)
    promotion, tried = asked(candidate), []
    monkeypatch.setattr(
        advancing, "specimens_embed", dying(lambda specimens: tried.append(specimens) or first in specimens)
    )
    assert turns(promotion, 20) == CAREFUL_AFTER + GIVE_UP_AFTER
    alone = [specimen for specimens in tried if len(specimens) == 1 for specimen in specimens]
    assert alone == [first, *others, first, first]
    assert [row.specimen for row in EmbeddingFailure.objects.all()] == [first]
    assert promotion.state == "done"


def test_a_new_promotion_counts_deaths_anew(champion: ModelVersion, candidate: ModelVersion) -> None:
    specimen = enrolled(champion, 1)[0]
    EmbeddingAttempt.objects.create(
        specimen=specimen, model_version=candidate, times=GIVE_UP_AFTER, begun_at=timezone.now() - timedelta(days=1)
    )
    assert advance(asked(candidate)).state == "done"
    assert under(candidate) == {specimen.pk}


def test_an_image_that_is_refused_while_it_is_tried_alone_leaves_no_note(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    enrolled(champion, 1)
    promotion = asked(candidate)
    promotion_advance(public_id=promotion.public_id, seconds=0)
    Promotion.objects.filter(pk=promotion.pk).update(dead_turns=CAREFUL_AFTER)
    make_specimen(make_customer(), data=b"damaged")
    assert advance(promotion).state == "done"
    assert EmbeddingFailure.objects.exists()
    assert not EmbeddingAttempt.objects.exists()


def test_nobody_is_suspected_while_another_worker_may_be_at_it(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named a moment ago: a worker that starts now leaves, and comes back when nothing has been heard for long."""
    first = enrolled(champion, 2)[0]
    promotion = asked(candidate)
    monkeypatch.setattr(advancing, "specimens_embed", dying(lambda specimens: first in specimens))
    assert turns(promotion, CAREFUL_AFTER + GIVE_UP_AFTER) == CAREFUL_AFTER + GIVE_UP_AFTER
    assert promotion.suspect_id == first.pk
    assert promotion_advance(public_id=promotion.public_id) is False
    promotion.refresh_from_db()
    assert (promotion.state, promotion.suspect_id) == ("running", first.pk)
    assert not EmbeddingFailure.objects.exists()
    silent(promotion)
    assert advance(promotion).state == "done"
    assert EmbeddingFailure.objects.get().specimen == first


def test_errors_of_the_database_are_no_deaths(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(champion, 2)
    promotion = asked(candidate)

    def away(**fields: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as broken:
        broken.setattr(advancing, "specimens_embed", away)
        for _ in range(MOST_DEAD_TURNS + 2):
            with pytest.raises(OperationalError):
                promotion_advance(public_id=promotion.public_id)
    promotion.refresh_from_db()
    assert (promotion.state, promotion.dead_turns) == ("running", 0)
    assert advance(promotion).state == "done"


def test_a_worker_that_dies_at_too_many_specimens_is_what_is_wrong(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advancing, "MOST_GIVEN_UP", 2)
    enrolled(champion, 9)
    promotion = asked(candidate)
    monkeypatch.setattr(advancing, "specimens_embed", dying(lambda specimens: True))
    assert turns(promotion, 20) == CAREFUL_AFTER + 3
    assert promotion.state == "failed"
    assert promotion.message.startswith("The worker died at 3 specimens")
    assert not EmbeddingFailure.objects.exists()  # no specimen is to blame
    assert champion_now() == champion


def test_a_worker_that_dies_at_no_specimen_ends_it_too(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the network itself can not be loaded."""
    enrolled(champion, 2)
    promotion = asked(candidate)

    def dead(*_args: Any) -> None:
        raise Died

    monkeypatch.setattr(advancing, "model_bundle", dead)
    assert turns(promotion, 20) == MOST_DEAD_TURNS
    assert promotion.state == "failed"
    assert promotion.message.startswith(f"The worker stopped {MOST_DEAD_TURNS} times without a single vector")
    assert champion_now() == champion


def test_what_was_given_up_is_tried_again_by_the_next_promotion(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    specimen = enrolled(champion, 1)[0]
    EmbeddingFailure.objects.create(specimen=specimen, model_version=candidate, code=WORKER_DIED, sentence="Was.")
    assert advance(asked(candidate)).message == "other is the champion now."
    assert under(candidate) == {specimen.pk}


@pytest.mark.usefixtures("small_batches")
def test_whoever_is_cancelled_in_the_careful_batch_suspects_nobody(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(champion, 2)
    promotion = asked(candidate)
    promotion_advance(public_id=promotion.public_id, seconds=0)
    Promotion.objects.filter(pk=promotion.pk).update(dead_turns=CAREFUL_AFTER)
    enrolled(champion, 2, first=10)
    monkeypatch.setattr(advancing, "_batch", lambda *_args: False)  # held by somebody else just then
    promotion = advance(promotion)
    assert (promotion.state, promotion.suspect_id) == ("running", None)
