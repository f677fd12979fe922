"""Which vectors of a model version that is not in use are removed, and which stay."""

from __future__ import annotations

import pytest
from django.utils import timezone

from customers.models import Specimen
from mlcore.models import Embedding, EmbeddingFailure, GateReport, ModelVersion, Promotion
from mlcore.retraining import promotion
from mlcore.retraining.promotion import embeddings_prune, model_rollback, promotion_cancel, promotion_request
from mlcore.services import features_for, model_promote, sketches_stored
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import make_user
from tests.mlcore.retraining.candidates import administrator, enrolled, make_candidate
from tests.mlcore.retraining.promoting import candidate, queue, refusal, under

__all__ = ["candidate", "queue"]

pytestmark = pytest.mark.django_db


def test_the_vectors_of_a_retired_version_are_removed(
    champion: ModelVersion, candidate: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotion, "PRUNED_AT_ONCE", 2)
    specimens = enrolled(champion, 5)
    third = make_candidate("third", seed=3)
    for version in (candidate, third):
        features_for(specimens=specimens, version=version)
        model_promote(version=version)
    EmbeddingFailure.objects.create(specimen=specimens[0], model_version=champion, code="c", sentence="s")
    actor = administrator()
    assert embeddings_prune(version=champion, actor=actor) == 5
    assert set(Embedding.objects.values_list("model_version", flat=True)) == {candidate.pk, third.pk}
    assert not EmbeddingFailure.objects.exists()
    event = AuditEvent.objects.get(action="model.pruned")
    assert (event.actor, event.details) == (actor, {"embeddings": 5})
    assert embeddings_prune(version=champion, actor=actor) == 0


def test_the_last_vector_of_a_specimen_out_of_use_stays_since_its_sketch_tells_copies(
    champion: ModelVersion, candidate: ModelVersion
) -> None:
    first, second, third = enrolled(champion, 3)
    features_for(specimens=[first, second], version=candidate)
    Specimen.objects.filter(pk__in=[second.pk, third.pk]).update(state="retired", retired_at=timezone.now())
    model_promote(version=candidate)
    model_promote(version=make_candidate("third", seed=3))
    features_for(specimens=[first], version=ModelVersion.objects.get(state="champion"))
    assert embeddings_prune(version=champion, actor=None) == 2
    assert under(champion) == {third.pk}
    assert sketches_stored(specimens=[second, third]).keys() == {second.pk, third.pk}


def test_nobody_steps_back_to_a_version_without_vectors(champion: ModelVersion, candidate: ModelVersion) -> None:
    third = make_candidate("third", seed=3)
    model_promote(version=candidate)
    model_promote(version=third)
    embeddings_prune(version=champion, actor=None)
    assert model_rollback(actor=None).pk == candidate.pk
    assert "no earlier" in refusal(model_rollback, actor=None)


@pytest.mark.parametrize("how", ["cancelled", "failed"])
def test_vectors_of_a_candidate_whose_promotion_came_to_nothing_are_pruned(
    champion: ModelVersion, candidate: ModelVersion, how: str
) -> None:
    specimens = enrolled(champion, 3)
    features_for(specimens=specimens[:2], version=candidate)
    EmbeddingFailure.objects.create(specimen=specimens[2], model_version=candidate, code="x", sentence="Was.")
    Promotion.objects.create(version=candidate, champion=champion, state=how)
    actor = make_user()
    assert embeddings_prune(version=candidate, actor=actor) == 2
    assert set(Embedding.objects.values_list("model_version_id", flat=True)) == {champion.pk}
    assert not EmbeddingFailure.objects.exists()
    event = AuditEvent.objects.get(action="model.pruned")
    assert (event.object_id, event.actor, event.details) == (candidate.public_id, actor, {"embeddings": 2})
    candidate.refresh_from_db()
    assert candidate.state == "candidate"


def test_what_is_or_may_be_needed_is_not_pruned(champion: ModelVersion, candidate: ModelVersion) -> None:
    specimens = enrolled(champion, 2)
    features_for(specimens=specimens, version=candidate)
    assert "champion" in refusal(embeddings_prune, version=champion, actor=None)
    opened = promotion_request(version=candidate, actor=None)
    assert "being promoted" in refusal(embeddings_prune, version=candidate, actor=None)
    promotion_cancel(promotion=opened, actor=None)
    model_promote(version=candidate)
    assert "roll back" in refusal(embeddings_prune, version=champion, actor=None)
    model_promote(version=make_candidate("third", seed=3))
    GateReport.objects.create(
        candidate=champion, champion=ModelVersion.objects.get(name="third"), promotable=True, report={}
    )
    promotion_request(version=champion, actor=None)
    assert "being promoted" in refusal(embeddings_prune, version=champion, actor=None)
    assert Embedding.objects.count() == 4
