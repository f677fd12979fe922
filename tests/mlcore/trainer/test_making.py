"""What a run leaves behind, and what it tidies up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlcore.models import TrainingRun
from mlcore.retraining.runs import run_cancel, run_claim, run_start
from mlcore.selectors import NoChampion
from mlcore.trainer.heart import Heart
from mlcore.trainer.making import Making

pytestmark = pytest.mark.django_db


def test_checkpoints_of_ended_runs_are_removed_those_of_open_ones_stay(settings: Any, tmp_path: Path) -> None:
    settings.TRAINING_DIR = tmp_path
    ended, waiting, begun = (run_start(actor=None, steps=steps) for steps in (1, 2, 3))
    run_cancel(run=ended, actor=None)
    for run in (ended, waiting, begun):
        (tmp_path / f"run-{run.public_id}").mkdir()
        (tmp_path / f"run-{run.public_id}" / "checkpoint.npz").write_bytes(b"weights")
    (tmp_path / "signers").mkdir()
    claimed = run_claim(begun.public_id)
    assert claimed is not None
    with pytest.raises(NoChampion):
        Making(claimed, Heart(claimed)).go()
    assert {folder.name for folder in tmp_path.iterdir()} == {
        "signers", f"run-{waiting.public_id}", f"run-{begun.public_id}",
    }  # fmt: skip
    assert TrainingRun.objects.get(pk=ended.pk).state == TrainingRun.State.CANCELLED
