"""What goes wrong with a promotion ends in a state that says so, and the champion is untouched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.db import OperationalError

from customers.models import Specimen
from mlcore.models import EmbeddingFailure, GateReport, ModelVersion
from mlcore.retraining import advancing, tasks
from mlcore.retraining.advancing import promotion_advance
from mlcore.selectors import bundles_forget
from mlcore.services import model_promote
from sigweb.audit.models import AuditEvent
from tests.mlcore.making import make_customer, make_specimen
from tests.mlcore.retraining.candidates import enrolled, make_candidate, make_gate
from tests.mlcore.retraining.promoting import advance, asked, candidate, champion_now, queue, small_batches, under

__all__ = ["candidate", "queue", "small_batches"]

pytestmark = pytest.mark.django_db


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
