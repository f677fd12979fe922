"""Fixtures of model versions, shared by the tests of embedding and of verification."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from mlcore.models import ModelVersion
from mlcore.selectors import bundles_forget
from mlcore.services import model_install, model_promote
from tests.mlcore.bundles import make_bundle


@pytest.fixture(scope="session")
def tiny(servers: object) -> Path:
    """A small artefact in MODELS_DIR, where worker processes find it too."""
    return make_bundle(Path(settings.MODELS_DIR) / "tiny")


@pytest.fixture
def champion(db: None, tiny: Path) -> Iterator[ModelVersion]:
    """The small artefact, installed and promoted."""
    version, _ = model_install(directory=tiny.name)
    yield model_promote(version=version)
    bundles_forget()


@pytest.fixture
def base(db: None) -> Iterator[ModelVersion]:
    """The shipped base, as the command installs it."""
    yield model_install()[0]
    bundles_forget()
