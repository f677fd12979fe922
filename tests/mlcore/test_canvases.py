from __future__ import annotations

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.blobs import seal
from customers.models import Specimen
from mlcore import canvases, services
from mlcore.canvases import canvases_keep, canvases_kept
from mlcore.imaging import prepare
from mlcore.models import Embedding, ModelVersion, SpecimenCanvas
from mlcore.services import features_for, specimen_embed, specimens_embed
from tests.customers.making import erased
from tests.mlcore.making import drawn_png, make_customer, make_specimen

pytestmark = pytest.mark.django_db


def specimen_of(seed: int = 1) -> Specimen:
    return make_specimen(make_customer(), data=drawn_png(seed))


def test_what_is_kept_is_the_canvas_to_the_bit_and_sealed() -> None:
    specimen, canvas = specimen_of(), prepare(drawn_png(1)).canvas
    canvases_keep({specimen: canvas})
    assert np.array_equal(canvases_kept([specimen])[specimen.pk], canvas)
    sealed = bytes(SpecimenCanvas.objects.get().sealed)
    assert len(sealed) < canvas.size / 4
    assert canvas.tobytes()[5000:5100] not in sealed


def test_keeping_it_again_replaces_it() -> None:
    specimen = specimen_of()
    for seed in (1, 2):
        canvases_keep({specimen: prepare(drawn_png(seed)).canvas})
    assert np.array_equal(canvases_kept([specimen])[specimen.pk], prepare(drawn_png(2)).canvas)


def test_a_canvas_moved_to_another_specimen_does_not_open() -> None:
    specimen, other = specimen_of(), specimen_of(2)
    canvases_keep({specimen: prepare(drawn_png(1)).canvas})
    SpecimenCanvas.objects.update(specimen=other)
    assert canvases_kept([specimen, other]) == {}


def test_a_canvas_of_another_layout_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    specimen = specimen_of()
    canvases_keep({specimen: prepare(drawn_png(1)).canvas})
    monkeypatch.setattr(canvases, "CANVAS_VERSION", canvases.CANVAS_VERSION + 1)
    assert canvases_kept([specimen]) == {}


def test_embedding_keeps_the_canvas_and_the_next_model_uses_it(
    champion: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    specimen = specimen_of()
    first = specimen_embed(specimen=specimen)
    Embedding.objects.all().delete()
    Specimen.objects.update(image=b"not needed any more")
    specimen.refresh_from_db()
    again = specimen_embed(specimen=specimen)
    assert np.array_equal(first.vector, Embedding.objects.get(pk=again.pk).vector)
    assert bytes(first.local) == bytes(again.local)


def test_a_canvas_that_can_not_be_opened_is_made_anew(champion: ModelVersion) -> None:
    specimen = specimen_of()
    for sealed in (b"", b"damaged", seal(b"x", context="another")):
        SpecimenCanvas.objects.update_or_create(specimen=specimen, defaults={"sealed": sealed})
        Embedding.objects.all().delete()
        assert specimen.pk in features_for(specimens=[specimen], version=champion).features
        assert np.array_equal(canvases_kept([specimen])[specimen.pk], prepare(drawn_png(1)).canvas)


def test_erasing_a_specimen_erases_its_canvas(champion: ModelVersion) -> None:
    specimen = specimen_of()
    specimen_embed(specimen=specimen)
    erased(specimen)
    assert not SpecimenCanvas.objects.exists()


def test_a_large_batch_reads_few_images_at_once(champion: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_IMAGES_AT_ONCE", 2)
    for seed in range(5):
        specimen_of(seed)
    loaded = list(Specimen.objects.only("pk", "public_id", "unreadable_at"))
    with CaptureQueriesContext(connection) as queries:
        assert specimens_embed(specimens=loaded, version=champion) == (5, 0)
    reading = [query for query in queries.captured_queries if '"image"' in query["sql"]]
    assert len(reading) == 3
    assert all("image" not in specimen.__dict__ for specimen in loaded)


def test_a_specimen_removed_meanwhile_is_left_out(champion: ModelVersion) -> None:
    gone, there = specimen_of(1), specimen_of(2)
    loaded = list(Specimen.objects.only("pk", "public_id", "unreadable_at"))
    erased(gone)
    assert specimens_embed(specimens=loaded, version=champion) == (1, 0)
    assert Embedding.objects.get().specimen == there
