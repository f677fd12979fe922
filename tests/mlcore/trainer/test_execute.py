"""A whole run in this process, on a small bank: the real network, two steps, real comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from customers.models import Specimen
from mlcore.embedding.finetuning import fine_tuning_plan
from mlcore.embedding.plan import TrainingPlan
from mlcore.embedding.sampling import BatchShape
from mlcore.models import GateReport, ModelVersion, SnapshotItem, TrainingRun
from mlcore.retraining.runs import run_cancel, run_claim, run_start
from mlcore.selectors import bundles_forget, model_bundle
from mlcore.services import model_install, model_promote
from mlcore.trainer.execute import execute, reason_of
from tests.mlcore.bundles import make_bundle
from tests.mlcore.embedding.graphs import plain_graphs
from tests.mlcore.trainer.enrolled import enrol_bank

__all__ = ["plain_graphs"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def small(settings: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few synthetic signers, kept between the tests of this file; the priority of this process stays."""
    settings.TRAINING_DIR = Path(settings.MODELS_DIR) / ".training"
    settings.REHEARSAL_SIGNERS = settings.COMPARED_SIGNERS = 10
    monkeypatch.setattr("mlcore.trainer.execute._yield_to_others", lambda: None)


@pytest.fixture
def small_champion(plain_graphs: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelVersion]:
    """A champion with a small network, for tests of how a training ends: the base's takes seconds to begin."""
    from mlcore.embedding import network

    build = partial(network.build_network, ((8, 0), (8, 0), (16, 0)), stem=8)
    monkeypatch.setattr(network, "build_network", build)
    folder = Path(settings.MODELS_DIR) / "small"
    if not folder.exists():
        make_bundle(folder, name="small", keras_model=build())
    yield model_promote(version=model_install(directory=folder.name)[0])
    bundles_forget()


def test_a_run_ends_with_a_candidate_that_was_compared_and_leaves_the_champion(base: ModelVersion) -> None:
    enrol_bank(12)
    run = run_start(actor=None, steps=2)
    execute(str(run.public_id))
    run.refresh_from_db()
    assert run.state == TrainingRun.State.SUCCEEDED, run.log
    assert (run.step, run.progress, run.phase) == (2, 1.0, TrainingRun.Phase.DONE)
    assert run.curves["step"] == [1, 2]
    assert run.snapshot is not None
    assert (run.snapshot.customers, run.snapshot.images, run.snapshot.held_out) == (12, 36, 2)
    made = run.produced
    assert made is not None
    assert made.directory == f"run-{run.public_id}"
    assert (made.state, made.parent) == (ModelVersion.State.CANDIDATE, base)
    base.refresh_from_db()
    assert base.state == ModelVersion.State.CHAMPION
    manifest = model_bundle(made).manifest
    assert manifest["training"]["snapshot"] == run.snapshot.digest
    assert manifest["data"]["customers"]["writers"] == 10
    assert run.images == sum(part["genuine"] + part["forged"] for part in manifest["data"].values())
    assert run.images > 10 * (3 + 4)  # specimens and forgeries made of them, and the rehearsal
    report = GateReport.objects.get(candidate=made, champion=base)
    assert {trial["set"] for trial in report.report["trials"]} == {"synthetic signers"}
    assert not report.promotable, "two held-out customers are too few to tell"
    assert "customers" in " ".join(report.report["sentences"])
    assert set(report.report["size"]) == set(report.report["speed"]) == {"champion", "candidate"}
    assert not (Path(settings.TRAINING_DIR) / made.directory).exists(), "the checkpoint has served"
    bundles_forget()


def test_too_few_customers_end_the_run_with_a_sentence(base: ModelVersion) -> None:
    enrol_bank(3)
    run = run_start(actor=None, steps=2)
    execute(str(run.public_id))
    run.refresh_from_db()
    assert run.state == TrainingRun.State.FAILED
    assert run.message == (
        "There are 3 customers to learn from; at least 8 are needed. Enrol more first. The champion is untouched."
    )
    assert run.produced is None
    base.refresh_from_db()
    assert base.state == ModelVersion.State.CHAMPION


def test_nobody_enrolled_ends_the_run_with_a_sentence(base: ModelVersion) -> None:
    run = run_start(actor=None, steps=2)
    execute(str(run.public_id))
    run.refresh_from_db()
    assert run.state == TrainingRun.State.FAILED
    assert run.message.startswith("None of the signatures of this snapshot can be used.")


def test_no_champion_ends_the_run_with_a_sentence() -> None:
    run = run_start(actor=None, steps=2)
    execute(str(run.public_id))
    run.refresh_from_db()
    assert run.state == TrainingRun.State.FAILED
    assert "No model version is in use" in run.message


def quick(steps: int, seed: int) -> TrainingPlan:
    """The trainer's plan with small batches, for tests that are not about what is learnt."""
    return replace(fine_tuning_plan(steps, seed), batch=BatchShape(writers=3), report_every=1)


def test_a_cancelled_run_stops_and_makes_nothing(small_champion: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    enrol_bank(10)
    run = run_start(actor=None, steps=5000)
    monkeypatch.setattr("mlcore.trainer.making.fine_tuning_plan", quick)
    monkeypatch.setattr("mlcore.retraining.runs.HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr("mlcore.trainer.execute.Heart", lambda run: _quick_heart(run))
    claimed = []

    def cancel_when_training(*args: Any, **kwargs: Any) -> Any:
        if not claimed and kwargs.get("point"):
            claimed.append(run_cancel(run=run, actor=None))
        return told(*args, **kwargs)

    from mlcore.retraining import runs

    told = runs.run_report
    monkeypatch.setattr("mlcore.trainer.making.run_report", cancel_when_training)
    execute(str(run.public_id))
    run.refresh_from_db()
    assert run.state == TrainingRun.State.CANCELLED, run.log
    assert run.step < 100
    assert not ModelVersion.objects.exclude(pk=small_champion.pk).exists()


def _quick_heart(run: TrainingRun) -> Any:
    from mlcore.trainer.heart import Heart

    return Heart(run, seconds=0.2)


def test_a_loss_that_is_not_a_number_ends_the_run_and_says_so(
    small_champion: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverging(steps: int, seed: int) -> TrainingPlan:
        return replace(quick(steps, seed), learning_rate=float("nan"))

    monkeypatch.setattr("mlcore.trainer.making.fine_tuning_plan", diverging)
    enrol_bank(10)
    run = run_start(actor=None, steps=20)
    execute(str(run.public_id))
    run.refresh_from_db()
    assert run.state == TrainingRun.State.FAILED
    assert run.message.startswith("The loss is not a number at step "), run.message
    assert run.message.endswith("The champion is untouched.")
    assert run.curves["spread"][-1] is None
    assert not ModelVersion.objects.exclude(pk=small_champion.pk).exists()


def test_a_run_is_carried_out_once(base: ModelVersion) -> None:
    run = run_start(actor=None, steps=2)
    assert run_claim(run.public_id) is not None
    execute(str(run.public_id))
    run.refresh_from_db()
    assert (run.state, run.attempts) == (TrainingRun.State.RUNNING, 1)


def test_an_erased_image_ends_the_run_rather_than_changing_what_it_learns_from(
    base: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_bank(10)
    from mlcore.trainer import comparing

    taken = comparing.snapshot_take

    def take_and_erase(run: TrainingRun) -> Any:
        snapshot = taken(run)
        item = SnapshotItem.objects.filter(held_out=False).first()
        assert item is not None
        Specimen.objects.filter(public_id=item.source).update(digest="0" * 64)
        return snapshot

    monkeypatch.setattr(comparing, "snapshot_take", take_and_erase)
    run = run_start(actor=None, steps=2)
    execute(str(run.public_id))
    run.refresh_from_db()
    assert run.state == TrainingRun.State.FAILED
    assert "no longer stored" in run.message


def test_reasons_are_sentences_without_traces() -> None:
    assert reason_of(OSError(28, "No space left on device")) == (
        "A file could not be written or read: No space left on device. The champion is untouched."
    )
    assert "out of memory" in reason_of(MemoryError())
    assert "KeyError" in reason_of(KeyError("secret"))
    assert "secret" not in reason_of(KeyError("secret"))
