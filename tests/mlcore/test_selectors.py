from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from mlcore import selectors
from mlcore.bundle import BASE_DIRECTORY, ArtefactError, load_bundle
from mlcore.models import EmbeddingFailure, ModelVersion
from mlcore.selectors import (
    NoChampion,
    bundles_forget,
    model_bundle,
    model_champion,
    model_directory,
    specimens_without_embedding,
)
from mlcore.services import model_install, specimen_embed
from tests.mlcore.bundles import make_bundle
from tests.mlcore.making import make_customer, make_specimen

pytestmark = pytest.mark.django_db


def test_without_a_champion_there_is_none(tiny: Path) -> None:
    model_install(directory="tiny")
    with pytest.raises(NoChampion, match="administrator"):
        model_champion()


def test_the_champion_is_found(champion: ModelVersion) -> None:
    assert model_champion() == champion


def test_the_base_lies_with_the_product_and_all_others_with_the_models() -> None:
    assert model_directory(ModelVersion(directory="base")) == BASE_DIRECTORY
    assert model_directory(ModelVersion(directory="x")) == Path(settings.MODELS_DIR) / "x"


def test_ten_threads_load_an_artefact_once(champion: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    bundles_forget()
    loaded, found = [], []

    def load(directory: Path, *, digest: str | None = None) -> object:
        loaded.append(directory)
        return load_bundle(directory, digest=digest)

    monkeypatch.setattr(selectors, "load_bundle", load)
    threads = [threading.Thread(target=lambda: found.append(model_bundle(champion))) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 1
    assert len({id(bundle) for bundle in found}) == 1
    assert len(found) == 10


def test_at_most_two_artefacts_stay_in_memory(champion: ModelVersion) -> None:
    bundles_forget()
    versions = [champion]
    for seed in (11, 12):
        directory = make_bundle(Path(settings.MODELS_DIR) / f"kept-{seed}", seed=seed)
        versions.append(model_install(directory=directory.name)[0])
    first = model_bundle(champion)
    for version in versions[1:]:
        model_bundle(version)
    assert len(selectors._bundles) == 2
    assert model_bundle(champion) is not first


def test_a_changed_artefact_is_not_loaded_under_the_recorded_digest(champion: ModelVersion, tiny: Path) -> None:
    champion.digest = "0" * 64
    with pytest.raises(ArtefactError):
        model_bundle(champion)


def test_pending_and_approved_specimens_without_a_vector_are_missing(champion: ModelVersion) -> None:
    customer = make_customer()
    pending = make_specimen(customer, state="pending")
    approved = make_specimen(customer)
    make_specimen(customer, state="retired")
    specimen_embed(specimen=make_specimen(customer))
    failed = make_specimen(customer)
    EmbeddingFailure.objects.create(specimen=failed, model_version=champion, code="x", sentence="x")
    assert list(specimens_without_embedding(version=champion)) == [pending, approved]


def test_only_specimens_stored_before_a_moment_are_missing_then(champion: ModelVersion) -> None:
    now = timezone.now()
    old = make_specimen(make_customer(), enrolled_at=now - timedelta(minutes=1))
    make_specimen(make_customer(), enrolled_at=now)
    found = specimens_without_embedding(version=champion, stored_before=now - timedelta(seconds=15))
    assert list(found) == [old]
