"""What the tests of promotions going forward share: a measured candidate, small batches, and steps of a promotion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mlcore.models import Embedding, ModelVersion, Promotion
from mlcore.retraining import advancing
from mlcore.retraining.advancing import promotion_advance
from mlcore.retraining.promotion import PromotionRefused, promotion_request
from mlcore.selectors import bundles_forget
from sigweb.audit.models import AuditEvent
from sigweb.celery import app
from tests.mlcore.retraining.candidates import administrator, make_candidate, make_gate


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


def refusal(work: Any, **fields: Any) -> str:
    """The one sentence of a refusal that stores nothing."""
    before = Promotion.objects.count(), AuditEvent.objects.count()
    with pytest.raises(PromotionRefused) as caught:
        work(**fields)
    assert (Promotion.objects.count(), AuditEvent.objects.count()) == before
    sentence = str(caught.value)
    assert sentence.endswith(".")
    return sentence


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
