"""A model version that came as a file is measured by the same gate: real comparison, of small networks."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as configured

from customers.models import Specimen
from mlcore.bundle import BASE_DIRECTORY
from mlcore.embedding.sources import SignatureSet
from mlcore.models import GateReport, ModelVersion, Promotion, SnapshotItem, TrainingRun
from mlcore.retraining.membership import Answer, membership_of
from mlcore.retraining.promotion import PromotionRefused, promotion_request
from mlcore.retraining.run_words import run_message
from mlcore.retraining.runs import LATE_AFTER, run_cancel, run_claim, run_measure, runs_watch
from mlcore.scoring import Scorer
from mlcore.selectors import bundles_forget
from mlcore.services import model_install, model_promote
from mlcore.trainer import comparing, execute
from mlcore.trainer.heart import Heart
from tests.mlcore.bundles import make_bundle, make_scorer
from tests.mlcore.retraining.candidates import administrator, make_candidate
from tests.mlcore.trainer.enrolled import enrol_bank

pytestmark = pytest.mark.django_db(transaction=True)
State = TrainingRun.State


@pytest.fixture(autouse=True)
def small(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few synthetic signers, kept between the tests of this file; the priority of this process stays."""
    settings.TRAINING_DIR = Path(configured.MODELS_DIR) / ".training"
    settings.COMPARED_SIGNERS = 10
    monkeypatch.setattr(execute, "_yield_to_others", lambda: None)
    monkeypatch.setattr(comparing, "_SPEED_ROUNDS", 2)


@pytest.fixture
def guessing() -> ModelVersion:
    """A champion that tells nobody from anybody: every score is its network's noise."""
    folder = make_bundle(Path(configured.MODELS_DIR) / "guessing", name="guessing", seed=3, scorer=_guesser())
    return model_promote(version=model_install(directory=folder.name)[0])


def _guesser() -> Scorer:
    scorer = make_scorer()
    heads = {count: replace(head, weights=np.zeros_like(head.weights)) for count, head in scorer.heads.items()}
    return replace(scorer, heads=heads)


def from_a_file() -> ModelVersion:
    """The shipped network, as if another installation had sent it."""
    folder = Path(configured.MODELS_DIR) / "from-a-file"
    shutil.copytree(BASE_DIRECTORY, folder, dirs_exist_ok=True)
    return model_install(directory=folder.name)[0]


def ended(run: TrainingRun) -> TrainingRun:
    execute.execute(str(run.public_id))
    run.refresh_from_db()
    bundles_forget()
    return run


def test_a_version_from_a_file_is_measured_and_can_be_promoted_without_a_reason(guessing: ModelVersion) -> None:
    customers = enrol_bank(16)
    candidate, admin = from_a_file(), administrator()
    with pytest.raises(PromotionRefused, match="was never measured against guessing; measure it"):
        promotion_request(version=candidate, actor=admin)
    run = ended(run_measure(version=candidate, actor=admin))
    assert run.state == State.SUCCEEDED, run.log
    assert (run.progress, run.phase, run.produced, run.step) == (1.0, TrainingRun.Phase.DONE, None, 0)
    assert run_message(run) == "The candidate passes the gate and can be promoted."
    assert run.snapshot is not None
    assert (run.snapshot.held_out, run.snapshot.images) == (16, 48)
    gate = GateReport.objects.get(candidate=candidate, champion=guessing)
    assert {trial["set"] for trial in gate.report["trials"]} == {"customers", "synthetic signers"}
    assert set(gate.report["size"]) == set(gate.report["speed"]) == {"champion", "candidate"}
    assert gate.shadow["verifications"] == 0
    assert promotion_request(version=candidate, actor=admin).state == Promotion.State.QUEUED
    assert membership_of(customers[0].public_id).answer == Answer.MEASURED


def test_measured_anew_it_comes_out_the_same_in_a_report_of_its_own(guessing: ModelVersion) -> None:
    candidate = make_candidate()
    ended(run_measure(version=candidate, actor=None))
    first = GateReport.objects.get()
    run = ended(run_measure(version=candidate, actor=None))
    again, earlier = GateReport.objects.all()
    assert run.state == State.SUCCEEDED, run.log
    assert again.report["trials"] == first.report["trials"]
    assert (earlier, earlier.created_at) == (first, first.created_at)
    assert again.created_at > first.created_at


def test_with_too_few_customers_it_does_not_pass_but_tells_what_it_found(guessing: ModelVersion) -> None:
    run = ended(run_measure(version=make_candidate(), actor=None))
    assert run.state == State.SUCCEEDED, run.log
    assert run.message.startswith("The candidate does not pass the gate: ")
    assert "There are too few writers to compare on: customers." in run.message
    assert GateReport.objects.get().report["trials"]


def test_killed_while_it_measures_it_begins_anew_with_the_same_customers(
    guessing: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_arguments: Any, **_fields: Any) -> None:
        raise Killed

    enrol_bank(2)
    run = run_measure(version=make_candidate(), actor=None)
    with monkeypatch.context() as during:
        during.setattr(comparing, "gate", kill)
        with pytest.raises(Killed):
            execute.execute(str(run.public_id))
    run.refresh_from_db()
    assert (run.state, run.phase) == (State.RUNNING, TrainingRun.Phase.MEASURING)
    assert 0.8 < run.progress < 1
    snapshot = run.snapshot
    assert run.heartbeat_at is not None
    TrainingRun.objects.update(heartbeat_at=run.heartbeat_at - 2 * LATE_AFTER)
    enrol_bank(1)
    assert runs_watch()["resumed"] == 1
    run = ended(run)
    assert (run.state, run.attempts, run.snapshot) == (State.SUCCEEDED, 2, snapshot), run.log


def test_a_cancelled_one_stores_nothing(guessing: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_measure(version=make_candidate(), actor=None)
    whole = comparing.load_crowd

    def cancelled_meanwhile(*arguments: Any, **fields: Any) -> SignatureSet:
        run_cancel(run=run, actor=None)
        return whole(*arguments, **fields)

    monkeypatch.setattr(comparing, "load_crowd", cancelled_meanwhile)
    monkeypatch.setattr(comparing, "embed_signatures", _when_told_to_stop(run))
    monkeypatch.setattr(execute, "Heart", partial(Heart, seconds=0.2))
    run = ended(run)
    assert (run.state, run.message) == (State.CANCELLED, "Cancelled; nothing was changed."), run.log
    assert not GateReport.objects.exists()


def _when_told_to_stop(run: TrainingRun) -> Any:
    """Embeds a blank canvas again and again, as long as nobody says stop."""

    def embedding(_signatures: Any, embed: Any, _name: str) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            embed(np.zeros((1, 96, 192), np.uint8))
        pytest.fail("It was not asked whether to stop.")

    return embedding


@pytest.mark.parametrize("what", ["damaged", "champion", "erased"])
def test_what_stands_in_its_way_ends_it_with_a_sentence(
    guessing: ModelVersion, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = make_candidate(f"file-{what}")
    run = run_measure(version=candidate, actor=None)
    if what == "damaged":
        (Path(configured.MODELS_DIR) / candidate.directory / "network.onnx").write_bytes(b"noise")
    elif what == "champion":
        model_promote(version=candidate)
    else:
        enrol_bank(1)
        _erased_between(monkeypatch)
    run = ended(run)
    said = {
        "damaged": "The model file network.onnx is damaged",
        "champion": "file-champion is the champion by now; there is nothing to compare it with.",
        "erased": "no longer stored",
    }
    assert run.state == State.FAILED, run.log
    assert said[what] in run.message
    assert run.message.endswith("The champion is untouched.")
    assert not GateReport.objects.exists()


def _erased_between(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = comparing.snapshot_take

    def take_and_erase(run: TrainingRun) -> Any:
        snapshot = taken(run)
        item = SnapshotItem.objects.earliest("pk")
        Specimen.objects.filter(public_id=item.source).update(digest="0" * 64)
        return snapshot

    monkeypatch.setattr(comparing, "snapshot_take", take_and_erase)


def test_one_that_another_worker_has_is_left_alone(guessing: ModelVersion) -> None:
    run = run_measure(version=make_candidate(), actor=None)
    assert run_claim(run.public_id) is not None
    assert (ended(run).state, run.attempts) == (State.RUNNING, 1)
