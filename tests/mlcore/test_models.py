from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from mlcore.models import Embedding, ModelVersion, TrainingRun
from tests.mlcore.making import make_customer, make_specimen

pytestmark = pytest.mark.django_db


def make_version(name: str = "one", **fields: Any) -> ModelVersion:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return ModelVersion.objects.create(**{"name": name, "directory": name, "digest": digest, **fields})


def refused(constraint: str) -> Any:
    """The database itself refuses what is done inside, by this constraint."""
    return pytest.raises(IntegrityError, match=constraint)


def test_there_is_only_one_champion() -> None:
    make_version("one", state="champion", promoted_at=timezone.now())
    with refused("one_champion"), transaction.atomic():
        make_version("two", state="champion", promoted_at=timezone.now())
    make_version("three", state="candidate")
    make_version("four", state="candidate")


def test_a_champion_was_promoted_at_some_time() -> None:
    with refused("champion_promoted_at"), transaction.atomic():
        make_version(state="champion")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"state": "best"}, "state_known"),
        ({"digest": "abc"}, "digest_sha256"),
        ({"directory": "../etc"}, "directory_plain"),
        ({"directory": "a/b"}, "directory_plain"),
        ({"directory": ".hidden"}, "directory_plain"),
    ],
)
def test_a_model_version_that_makes_no_sense_is_refused(fields: dict[str, str], constraint: str) -> None:
    with refused(constraint), transaction.atomic():
        make_version(**fields)


def test_a_directory_outside_of_the_models_is_no_valid_input() -> None:
    with pytest.raises(ValidationError):
        ModelVersion(name="x", directory="../x", digest="0" * 64).full_clean()


def test_an_embedding_is_kept_once_for_a_specimen_and_a_model_version() -> None:
    specimen, version = make_specimen(make_customer()), make_version()
    vector = np.linspace(-1, 1, 128, dtype=np.float32)
    Embedding.objects.create(specimen=specimen, model_version=version, vector=vector, local=b"ab")
    with refused("once_per_model_version"), transaction.atomic():
        Embedding.objects.create(specimen=specimen, model_version=version, vector=vector)
    stored = Embedding.objects.get()
    assert np.array_equal(np.asarray(stored.vector, dtype=np.float32), vector)
    assert bytes(stored.local) == b"ab"


def test_the_database_measures_the_distance_of_vectors() -> None:
    specimen, version = make_specimen(make_customer()), make_version()
    vector = np.zeros(128, dtype=np.float32)
    vector[0] = 1
    Embedding.objects.create(specimen=specimen, model_version=version, vector=vector)
    other = np.zeros(128, dtype=np.float32)
    other[1] = 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT vector <-> %s::vector FROM mlcore_embedding", [str(other.tolist())])
        assert cursor.fetchone()[0] == pytest.approx(2**0.5)


def test_a_model_version_that_made_embeddings_can_not_be_deleted() -> None:
    specimen, version = make_specimen(make_customer()), make_version()
    Embedding.objects.create(specimen=specimen, model_version=version, vector=np.ones(128, np.float32))
    with pytest.raises(ProtectedError):
        version.delete()


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [({"progress": 1.5}, "progress_share"), ({"progress": -0.1}, "progress_share"), ({"state": "x"}, "state_known")],
)
def test_a_training_run_that_makes_no_sense_is_refused(fields: dict[str, Any], constraint: str) -> None:
    with refused(constraint), transaction.atomic():
        TrainingRun.objects.create(**fields)


def test_rows_are_named_for_people() -> None:
    version = make_version("base-1")
    specimen = make_specimen(make_customer())
    run = TrainingRun.objects.create()
    embedding = Embedding.objects.create(specimen=specimen, model_version=version, vector=np.ones(128, np.float32))
    failure = version.embedding_failures.create(specimen=specimen, code="damaged", sentence="It is damaged.")
    assert str(version) == "base-1"
    assert str(run).startswith("Queued ")
    assert str(embedding) == f"{specimen.pk} / {version.pk}"
    assert str(failure) == f"{specimen.pk}: damaged"
