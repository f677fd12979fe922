from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection

from customers.models import Specimen
from mlcore import services
from mlcore.bundle import ArtefactError
from mlcore.imaging.hinge import HINGE_SIZE
from mlcore.models import Embedding, EmbeddingFailure, ModelVersion
from mlcore.selectors import NoChampion, bundles_forget
from mlcore.services import (
    WORKER_DIED,
    PromotionRefused,
    SpecimenUnusable,
    features_for,
    model_install,
    model_promote,
    specimen_embed,
    specimen_give_up,
)
from sigweb.audit.models import AuditEvent
from tests.mlcore.bundles import make_bundle
from tests.mlcore.making import drawn_png, make_customer, make_specimen, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(tiny: Path) -> Path:
    return make_bundle(Path(settings.MODELS_DIR) / "other", seed=2)


def blank_png() -> bytes:
    import cv2

    return cv2.imencode(".png", np.full((200, 400), 255, np.uint8))[1].tobytes()


# --- model_install ---------------------------------------------------------------------------------------


def test_installing_records_what_the_artefact_says_of_itself(tiny: Path) -> None:
    version, created = model_install(directory="tiny")
    assert created
    assert (version.name, version.directory, version.state) == ("tiny", "tiny", "candidate")
    assert version.figures == {"all": {"writers": 20}}
    assert version.data_snapshot == {"datasets": ["drawn"]}
    assert version.thresholds["5"] == {"t_match": -1.0, "t_no_match": 1.0}
    assert AuditEvent.objects.get().action == "model.installed"


def test_installing_again_changes_nothing(tiny: Path) -> None:
    first, _ = model_install(directory="tiny")
    second, created = model_install(directory="tiny")
    assert (second.pk, created) == (first.pk, False)
    assert AuditEvent.objects.count() == 1


def test_two_artefacts_of_one_name_are_told_apart_by_their_digests(tiny: Path, other: Path) -> None:
    shutil.rmtree(Path(settings.MODELS_DIR) / "again", ignore_errors=True)
    again = make_bundle(Path(settings.MODELS_DIR) / "again", name="tiny", seed=3)
    first, _ = model_install(directory="tiny")
    second, _ = model_install(directory=again.name)
    assert second.name == f"tiny-{second.digest[:8]}" != first.name


def test_an_artefact_outside_of_the_models_is_refused() -> None:
    with pytest.raises(ValidationError):
        model_install(directory="../tiny")


def test_a_missing_artefact_is_refused_in_a_sentence(tiny: Path) -> None:
    with pytest.raises(ArtefactError, match="absent"):
        model_install(directory="absent")


def test_a_damaged_artefact_is_refused(tiny: Path, other: Path) -> None:
    (other / "network.onnx").write_bytes(b"damaged")
    with pytest.raises(ArtefactError):
        model_install(directory="other")
    assert not ModelVersion.objects.exists()


def test_the_base_becomes_champion_where_there_is_none(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.selectors.BASE_DIRECTORY", tiny)
    version, created = model_install()
    assert (created, version.directory, version.state) == (True, "base", "champion")
    again, created = model_install()
    assert (created, again.pk, again.state) == (False, version.pk, "champion")


def test_the_base_of_a_new_release_follows_the_one_before(
    tiny: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlcore.selectors.BASE_DIRECTORY", tiny)
    old, _ = model_install()
    monkeypatch.setattr("mlcore.selectors.BASE_DIRECTORY", other)
    new, created = model_install()
    old.refresh_from_db()
    assert (created, new.state, old.state) == (True, "champion", "retired")


def test_the_base_does_not_push_aside_a_model_that_was_promoted(
    champion: ModelVersion, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlcore.selectors.BASE_DIRECTORY", other)
    version, _ = model_install()
    champion.refresh_from_db()
    assert (version.state, champion.state) == ("candidate", "champion")


# --- model_promote ---------------------------------------------------------------------------------------


def test_promoting_retires_the_champion_so_far(champion: ModelVersion, other: Path) -> None:
    actor = make_user()
    candidate, _ = model_install(directory="other")
    promoted = model_promote(version=candidate, actor=actor)
    champion.refresh_from_db()
    assert (promoted.state, champion.state) == ("champion", "retired")
    event = AuditEvent.objects.filter(action="model.promoted").latest("at")
    assert event.actor == actor
    assert event.details["instead_of"] == str(champion.public_id)


def test_a_retired_model_can_come_back(champion: ModelVersion, other: Path) -> None:
    candidate, _ = model_install(directory="other")
    model_promote(version=candidate)
    champion.refresh_from_db()
    assert model_promote(version=champion).state == "champion"


def test_promoting_the_champion_changes_nothing(champion: ModelVersion) -> None:
    before = AuditEvent.objects.count()
    assert model_promote(version=champion).promoted_at == champion.promoted_at
    assert AuditEvent.objects.count() == before


def test_a_model_whose_artefact_can_not_be_loaded_is_not_promoted(champion: ModelVersion, other: Path) -> None:
    candidate, _ = model_install(directory="other")
    bundles_forget()
    (other / "model.json").unlink()
    with pytest.raises(PromotionRefused):
        model_promote(version=candidate)
    champion.refresh_from_db()
    assert champion.state == "champion"


# --- specimen_embed --------------------------------------------------------------------------------------


def test_a_specimen_is_embedded_once(champion: ModelVersion) -> None:
    specimen = make_specimen(make_customer())
    first = specimen_embed(specimen=specimen)
    second = specimen_embed(specimen=specimen)
    assert first.pk == second.pk
    vector = np.asarray(first.vector, dtype=np.float32)
    assert vector.shape == (128,)
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)
    assert len(bytes(first.local)) == 6 * 12 * 33 + 2 * HINGE_SIZE


def test_nothing_is_embedded_without_a_champion() -> None:
    with pytest.raises(NoChampion):
        specimen_embed(specimen=make_specimen(make_customer()))


@pytest.mark.parametrize(
    ("fields", "code", "unreadable"),
    [
        ({"image": "swap"}, "blob_damaged", True),
        ({"data": b"no image at all"}, "unknown_format", True),
        ({"data": blank_png()}, "quality_refused", False),
    ],
)
def test_a_specimen_that_can_not_be_embedded_is_recorded(
    champion: ModelVersion, fields: dict[str, bytes], code: str, unreadable: bool
) -> None:
    specimen = make_specimen(make_customer(), data=fields.get("data"))
    if "image" in fields:
        # Another row's bytes: well sealed, but not for this row.
        specimen.image = make_specimen(make_customer()).image
        specimen.save()
    with pytest.raises(SpecimenUnusable) as refusal:
        specimen_embed(specimen=specimen)
    assert refusal.value.code == code
    failure = EmbeddingFailure.objects.get()
    assert (failure.specimen, failure.model_version, failure.code) == (specimen, champion, code)
    assert failure.sentence
    specimen.refresh_from_db()
    assert (specimen.unreadable_at is not None) == unreadable


def test_a_specimen_that_can_be_embedded_again_is_forgiven(champion: ModelVersion) -> None:
    specimen = make_specimen(make_customer())
    sealed = bytes(specimen.image)
    Specimen.objects.filter(pk=specimen.pk).update(image=b"damaged")
    specimen.refresh_from_db()
    with pytest.raises(SpecimenUnusable):
        specimen_embed(specimen=specimen)
    Specimen.objects.filter(pk=specimen.pk).update(image=sealed)
    specimen.refresh_from_db()
    specimen_embed(specimen=specimen)
    assert not EmbeddingFailure.objects.exists()


# --- features_for ----------------------------------------------------------------------------------------


def test_missing_features_are_made_on_the_spot_and_equal_the_stored_ones_to_the_bit(champion: ModelVersion) -> None:
    customer = make_customer()
    specimens = [make_specimen(customer) for _ in range(3)]
    specimen_embed(specimen=specimens[1])
    fresh = features_for(specimens=specimens, version=champion)
    stored = features_for(specimens=specimens, version=champion)
    assert Embedding.objects.count() == 3
    assert set(fresh.features) == {specimen.pk for specimen in specimens}
    for key, features in fresh.features.items():
        assert np.array_equal(features.vector, stored.features[key].vector)
        assert np.array_equal(features.local, stored.features[key].local)
        assert np.array_equal(features.ink, stored.features[key].ink)


def test_stored_features_are_read_without_touching_the_image(
    champion: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    specimen = make_specimen(make_customer())
    specimen_embed(specimen=specimen)
    monkeypatch.setattr(services, "unseal", lambda *args, **kwargs: pytest.fail("unsealed"))
    assert len(features_for(specimens=[specimen], version=champion).features) == 1


def test_an_unreadable_specimen_does_not_hide_the_others(champion: ModelVersion) -> None:
    customer = make_customer()
    good, bad = make_specimen(customer), make_specimen(customer, data=blank_png())
    result = features_for(specimens=[good, bad], version=champion)
    assert set(result.features) == {good.pk}
    assert result.unusable[bad.pk].code == "quality_refused"


def test_what_ended_a_worker_is_not_tried_again_by_whoever_comes_next(
    champion: ModelVersion, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Least of all by a verification: the web process would end as well."""
    good, fatal = make_specimen(make_customer()), make_specimen(make_customer())
    specimen_give_up(specimen=fatal, version=champion)
    fatal.refresh_from_db()
    assert fatal.unreadable_at is not None
    whole = services._image_prepare

    def prepare(specimen: Specimen, image: bytes) -> object:
        assert specimen != fatal, "tried again"
        return whole(specimen, image)

    with monkeypatch.context() as watched:
        watched.setattr(services, "_image_prepare", prepare)
        found = features_for(specimens=[good, fatal], version=champion)
        assert set(found.features) == {good.pk}
        assert found.unusable[fatal.pk].code == WORKER_DIED
        with pytest.raises(SpecimenUnusable, match="ended while it read"):
            specimen_embed(specimen=fatal)
    # Under another version it may do better.
    second, _ = model_install(directory=other.name)
    assert set(features_for(specimens=[fatal], version=second).features) == {fatal.pk}
    fatal.refresh_from_db()
    assert fatal.unreadable_at is None


def test_a_stored_embedding_of_another_format_is_made_anew(champion: ModelVersion) -> None:
    specimen = make_specimen(make_customer())
    row = specimen_embed(specimen=specimen)
    Embedding.objects.filter(pk=row.pk).update(local=b"short")
    features_for(specimens=[specimen], version=champion)
    assert len(bytes(Embedding.objects.get().local)) == 6 * 12 * 33 + 2 * HINGE_SIZE


@pytest.mark.django_db(transaction=True)
def test_ten_threads_that_embed_the_same_specimen_store_it_once(champion: ModelVersion) -> None:
    specimen = make_specimen(make_customer(), data=drawn_png(3))
    start, errors = threading.Barrier(10), []

    def embed() -> None:
        try:
            start.wait()
            specimen_embed(specimen=Specimen.objects.get(pk=specimen.pk))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=embed) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Embedding.objects.count() == 1


def test_an_artefact_that_is_no_model_is_refused(tiny: Path) -> None:
    broken = Path(settings.MODELS_DIR) / "broken"
    shutil.copytree(tiny, broken, dirs_exist_ok=True)
    (broken / "model.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(ArtefactError, match="99"):
        model_install(directory="broken")
