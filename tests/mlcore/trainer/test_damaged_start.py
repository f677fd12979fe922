"""A training does not begin from files that are not the ones on record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlcore.models import TrainingRun
from mlcore.retraining.runs import run_start
from mlcore.selectors import bundles_forget, model_directory
from mlcore.services import model_install, model_promote
from mlcore.trainer.execute import execute
from tests.mlcore.bundles import make_bundle
from tests.mlcore.trainer.enrolled import enrol_bank

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_keras_file_ends_the_run_with_a_sentence_before_it_is_opened(
    damage: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlcore.trainer.execute._yield_to_others", lambda: None)
    settings.MODELS_DIR, settings.TRAINING_DIR = tmp_path, tmp_path / ".training"
    make_bundle(tmp_path / "own", name="own", seed=61)
    version = model_promote(version=model_install(directory="own")[0])
    enrol_bank(9)
    keras_file = model_directory(version) / "network.keras"
    if damage == "changed":
        keras_file.write_bytes(b"not what was trained")
    else:
        keras_file.unlink()
    run = run_start(actor=None, steps=2)
    execute(str(run.public_id))
    run.refresh_from_db()
    assert run.state == TrainingRun.State.FAILED
    said = {
        "changed": "The model own is damaged: network.keras has changed.",
        "missing": "network.keras can not be read",
    }
    assert said[damage] in run.message
    bundles_forget()
