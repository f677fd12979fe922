from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from mlcore.models import ModelVersion
from tests.mlcore.bundles import make_bundle

pytestmark = pytest.mark.django_db


def run(name: str) -> str:
    out = StringIO()
    call_command("install_model", name, stdout=out)
    return out.getvalue()


def test_a_trained_model_becomes_a_candidate_once_and_the_champion_stays(champion: ModelVersion) -> None:
    make_bundle(Path(settings.MODELS_DIR) / "own-scans", name="own scans", seed=7)
    assert run("own-scans") == "Model own scans: installed, candidate.\n"
    assert run("own-scans") == "Model own scans: already installed, candidate.\n"
    assert ModelVersion.objects.get(state="champion") == champion


@pytest.mark.parametrize(("name", "sentence"), [("nothing-here", "model.json"), ("../elsewhere", "not the name")])
def test_what_is_no_model_is_one_sentence(champion: ModelVersion, name: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(name)
