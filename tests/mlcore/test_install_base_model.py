from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mlcore.models import ModelVersion

pytestmark = pytest.mark.django_db


def run() -> str:
    out = StringIO()
    call_command("install_base_model", stdout=out)
    return out.getvalue()


def test_it_installs_the_base_as_champion_and_may_be_repeated(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.selectors.BASE_DIRECTORY", tiny)
    assert run() == "Base model tiny: installed, champion.\n"
    assert run() == "Base model tiny: already installed, champion.\n"
    assert ModelVersion.objects.get().directory == "base"


def test_a_missing_base_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.selectors.BASE_DIRECTORY", tmp_path)
    with pytest.raises(CommandError, match="model.json"):
        run()
