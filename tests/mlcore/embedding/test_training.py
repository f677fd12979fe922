"""A small run on synthetic signers: it learns, resumes, notices collapse, and exports what it trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from mlcore.embedding.batches import augmented_batches
from mlcore.embedding.checkpoint import CheckpointError, restore_checkpoint, save_checkpoint
from mlcore.embedding.distillation import taught_distances
from mlcore.embedding.export import ExportError, export_network, parity
from mlcore.embedding.network import build_network
from mlcore.embedding.plan import TrainingPlan
from mlcore.embedding.pseudo_writers import WriterChanges
from mlcore.embedding.sampling import BatchShape
from mlcore.embedding.sources import SignatureSet, load_images, read_manifest
from mlcore.embedding.training import (
    CollapseWatch,
    Progress,
    TrainingStopped,
    train,
)
from mlcore.runtime import Network, cell_ink, file_digest
from tests.mlcore.embedding.graphs import plain_graphs
from tests.mlcore.embedding.signers import write_manifest
from tests.mlcore.embedding.stillness import NO_CHANGE

SMALL = ((8, 1), (8, 0), (16, 0))
THEMSELVES = WriterChanges(mirror=0, upend=0, stretch=0, turn=0, slant=0, cut=0, bend=0, splice=0)
PLAN = TrainingPlan(
    steps=30,
    batch=BatchShape(writers=4, genuine=3, forged=2),
    changes=THEMSELVES,  # so few steps tell progress from chance only while the writers stay the same
    warmup=4,
    checkpoint_every=10,
    report_every=5,
)
STILL = replace(PLAN, augmentation=NO_CHANGE)  # the same pictures every time, so that the loss is comparable
CUT = TrainingPlan(steps=12, batch=PLAN.batch, warmup=2, checkpoint_every=6, report_every=2)

__all__ = ["plain_graphs"]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("plain_graphs")]


def small_network(seed: int = 1) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return build_network(SMALL, stem=8)


@pytest.fixture(scope="module")
def signatures(tmp_path_factory: pytest.TempPathFactory) -> SignatureSet:
    folder = write_manifest(tmp_path_factory.mktemp("signers"), writers=5, genuine=4, forged=2)
    return load_images(read_manifest(folder))


@dataclass(frozen=True)
class Run:
    """A run that several tests look at: TensorFlow takes seconds for the graph of each."""

    reached: int
    told: list[Progress]
    seen: dict[int, list[np.ndarray]]  # the weights at each step that was told
    checkpoints: Path


def run(signatures: SignatureSet, plan: TrainingPlan, checkpoints: Path, *, seed: int = 1, **how: Any) -> Run:
    model, told, seen = small_network(seed), [], {}

    def note(progress: Progress) -> None:
        told.append(progress)
        seen[progress.step] = model.get_weights()

    stop_at = how.pop("stop_at", plan.steps)
    reached = train(
        model, signatures, plan, checkpoints=checkpoints, on_progress=note, should_stop=lambda: stop_at in seen, **how
    )
    return Run(reached, told, seen, checkpoints)


@pytest.fixture(scope="module")
def finished(signatures: SignatureSet, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """30 steps on data called `these`; its checkpoint is left as it is."""
    return run(signatures, STILL, tmp_path_factory.mktemp("finished"), data="these")


@pytest.fixture(scope="module")
def whole(signatures: SignatureSet, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(signatures, CUT, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def stopped_and_resumed(signatures: SignatureSet, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Stopped two steps after a checkpoint, and gone on with in another network, which that checkpoint fills."""
    folder = tmp_path_factory.mktemp("parts")
    return run(signatures, CUT, folder, stop_at=8), run(signatures, CUT, folder, seed=5)


def test_outputs_have_unit_length_and_the_agreed_shapes() -> None:
    outputs = small_network()(np.random.default_rng(1).random((2, 96, 192, 1)).astype(np.float32))
    assert outputs["vector"].shape == (2, 128)
    assert outputs["local"].shape == (2, 6, 12, 32)
    assert np.allclose(np.linalg.norm(outputs["vector"], axis=-1), 1, atol=1e-5)
    assert np.allclose(np.linalg.norm(outputs["local"], axis=-1), 1, atol=1e-5)


def test_the_loss_falls_and_the_vectors_stay_apart(finished: Run) -> None:
    told = finished.told
    assert finished.reached == 30
    assert [progress.step for progress in told] == [5, 10, 15, 20, 25, 30]
    assert np.mean([p.loss for p in told[-2:]]) < 0.9 * told[0].loss
    assert all(progress.spread > 0.3 for progress in told)
    assert all(progress.images_per_second > 0 for progress in told)


def test_a_run_that_was_stopped_goes_on_where_it_was(stopped_and_resumed: tuple[Run, Run]) -> None:
    stopped, resumed = stopped_and_resumed
    assert stopped.reached == 8
    assert resumed.reached == 12
    # The last checkpoint before the stop was written at step 6.
    assert [progress.step for progress in resumed.told] == [8, 10, 12]


def test_a_checkpoint_beyond_the_steps_asked_for_is_taken_as_it_is(signatures: SignatureSet, finished: Run) -> None:
    shorter = replace(STILL, steps=20)
    assert train(small_network(), signatures, shorter, checkpoints=finished.checkpoints, data="these") == 30


def test_a_run_does_not_go_on_by_another_plan(signatures: SignatureSet, finished: Run) -> None:
    other = replace(STILL, vector_margin=0.2)
    with pytest.raises(CheckpointError, match="another plan"):
        train(small_network(), signatures, other, checkpoints=finished.checkpoints, data="these")


def test_a_resumed_run_equals_an_uninterrupted_one(whole: Run, stopped_and_resumed: tuple[Run, Run]) -> None:
    for left, right in zip(whole.seen[12], stopped_and_resumed[1].seen[12], strict=True):
        assert np.allclose(left, right, atol=1e-4)


def test_the_same_seed_gives_the_same_network_to_the_bit(whole: Run, stopped_and_resumed: tuple[Run, Run]) -> None:
    for left, right in zip(whole.seen[4], stopped_and_resumed[0].seen[4], strict=True):
        assert np.array_equal(left, right)


def test_without_forgeries_strangers_alone_are_learnt_from(signatures: SignatureSet, tmp_path: Path) -> None:
    """Nobody is forged here, and one writer has a single signature."""
    kept = np.flatnonzero(signatures.genuine)
    kept = kept[(signatures.writers[kept] != 0) | (kept == 0)]
    alone = replace(
        signatures, fine=signatures.fine[kept], writers=signatures.writers[kept], genuine=signatures.genuine[kept]
    )
    assert (alone.writers == 0).sum() == 1
    told: list[Progress] = []
    plan = replace(PLAN, steps=8, report_every=4)
    assert train(small_network(), alone, plan, checkpoints=tmp_path, on_progress=told.append) == 8
    assert all(0 < progress.loss < 10 for progress in told)
    assert told[-1].spread > 0.3


def test_all_signatures_of_a_writer_are_changed_alike(signatures: SignatureSet) -> None:
    """Everybody writes the same here, so that only the pseudo-writer tells canvases apart."""
    equal = replace(signatures, fine=np.repeat(signatures.fine[:1], len(signatures.fine), axis=0))
    changes = WriterChanges(mirror=0.5, upend=0.5, stretch=0.4, turn=0.3, slant=0.4, bend=8.0)
    plan = replace(PLAN, augmentation=NO_CHANGE, changes=changes)
    canvases, writers, _ = next(iter(augmented_batches(equal, plan, first_step=1)))
    apart = np.abs(canvases[:, None] - canvases[None, :]).mean(axis=(2, 3, 4))
    same = writers[:, None] == writers[None, :]
    assert apart[same].max() < 0.5 * apart[~same].min()


def test_splicing_keeps_batches_and_their_labels_and_makes_other_writers(signatures: SignatureSet) -> None:
    never, always = (
        replace(PLAN, augmentation=NO_CHANGE, changes=replace(THEMSELVES, splice=share)) for share in (0.0, 1.0)
    )
    plain, spliced = (next(iter(augmented_batches(signatures, plan, first_step=1))) for plan in (never, always))
    assert np.array_equal(plain[1], spliced[1])
    assert np.array_equal(plain[2], spliced[2])
    assert all(np.abs(a - b).mean() > 0.01 for a, b in zip(plain[0], spliced[0], strict=True))


def test_frozen_stages_keep_their_weights_and_the_others_learn(signatures: SignatureSet, tmp_path: Path) -> None:
    model = small_network()
    before = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    train(model, signatures, replace(PLAN, steps=2, frozen_stages=2), checkpoints=tmp_path)
    same = {
        name: all(np.array_equal(a, b) for a, b in zip(weights, model.get_layer(name).get_weights(), strict=True))
        for name, weights in before.items()
    }
    kept = {name for name, is_same in same.items() if is_same}
    assert {name for name in same if name.startswith(("stage0_", "stage1_"))} <= kept
    assert not {name for name in same if name.startswith(("stage2_", "stage3_"))} & kept


def test_a_network_comes_nearer_to_the_distances_that_its_teachers_measure(
    signatures: SignatureSet, finished: Run, tmp_path: Path
) -> None:
    """Two teachers, one with more blocks, and a student from other weights, against the same run without them."""
    teachers = [small_network(2), build_network(((8, 1), (8, 1), (16, 1)), stem=8)]
    plan = replace(STILL, teachers=("one", "two"), taught_weight=20.0)
    alone, taught = small_network(), small_network()
    alone.set_weights(finished.seen[STILL.steps])
    train(taught, signatures, plan, checkpoints=tmp_path, teachers=teachers)
    apart = [_apart_from(teachers, student, signatures) for student in (alone, taught)]
    assert apart[1] < 0.5 * apart[0]
    with pytest.raises(CheckpointError, match="trained by another plan"):
        train(small_network(), signatures, STILL, checkpoints=tmp_path)


def _apart_from(teachers: list[keras.Model], student: keras.Model, signatures: SignatureSet) -> float:
    canvases, _, _ = next(augmented_batches(signatures, STILL, first_step=0))
    ink = cell_ink(canvases[..., 0])
    (vector, local), (own, detail) = (taught_distances(models, canvases, ink) for models in (teachers, [student]))
    return float(np.abs(vector - own).mean() + np.abs(local - detail).mean())


def test_what_an_untaught_run_is_known_by_has_not_changed() -> None:
    """A checkpoint that was written before there were teachers can be gone on with."""
    assert STILL.key == replace(STILL, taught_weight=3.0).key
    assert TrainingPlan().key == "1c564fe757b13e65"
    assert STILL.key != replace(STILL, teachers=("one",)).key


def test_a_checkpoint_of_other_data_is_not_passed_off_as_this_data(signatures: SignatureSet, finished: Run) -> None:
    with pytest.raises(CheckpointError, match="other data"):
        train(small_network(), signatures, STILL, checkpoints=finished.checkpoints, data="others")
    assert train(small_network(), signatures, STILL, checkpoints=finished.checkpoints, data="these") == 30


def test_a_checkpoint_of_another_network_is_a_sentence(tmp_path: Path) -> None:
    optimizer = keras.optimizers.AdamW()
    model = small_network()
    optimizer.build(model.trainable_variables)
    save_checkpoint(tmp_path, model, optimizer, {"step": 3})
    other = build_network(((8, 0), (8, 0), (8, 0)), stem=8)
    with pytest.raises(CheckpointError, match="another network"):
        restore_checkpoint(tmp_path, other, keras.optimizers.AdamW())


def test_a_damaged_checkpoint_is_a_sentence_and_none_is_none(tmp_path: Path) -> None:
    assert restore_checkpoint(tmp_path, small_network(), keras.optimizers.AdamW()) is None
    (tmp_path / "checkpoint.npz").write_bytes(b"PK broken")
    with pytest.raises(CheckpointError, match="damaged"):
        restore_checkpoint(tmp_path, small_network(), keras.optimizers.AdamW())


def progress(step: int, *, loss: float = 0.3, spread: float = 1.2) -> Progress:
    return Progress(step, 100, loss, loss, 0.0, 1.0, spread, 10.0)


def test_a_collapsed_network_stops_the_run_after_some_patience(tmp_path: Path) -> None:
    watch = CollapseWatch(tmp_path, patience=3)
    watch.check(progress(1, spread=0.01))
    watch.check(progress(2, spread=0.01))
    with pytest.raises(TrainingStopped, match="fall onto one point"):
        watch.check(progress(3, spread=0.01))


def test_a_passing_low_spread_is_forgiven(tmp_path: Path) -> None:
    watch = CollapseWatch(tmp_path, patience=2)
    for step in range(7):
        watch.check(progress(step, spread=0.01 if step % 2 else 1.0))
    watch.end(7)


def test_a_loss_that_is_not_a_number_stops_at_once(tmp_path: Path) -> None:
    with pytest.raises(TrainingStopped, match="not a number"):
        CollapseWatch(tmp_path).check(progress(1, loss=float("nan")))


@pytest.mark.parametrize(
    ("exists", "kept"), [(True, "The last checkpoint is kept."), (False, "There is no checkpoint yet.")]
)
def test_whatever_stops_a_run_says_whether_there_is_a_checkpoint(tmp_path: Path, exists: bool, kept: str) -> None:
    if exists:
        (tmp_path / "checkpoint.npz").write_bytes(b"weights")
    watch = CollapseWatch(tmp_path, patience=2)
    watch.check(progress(1, spread=0.01))
    for stopped, why in (
        (lambda: watch.end(1), "The vectors were falling onto one point at step 1."),
        (lambda: watch.check(progress(2, loss=float("nan"))), "The loss is not a number at step 2."),
        (
            lambda: watch.check(progress(3, spread=0.01)),
            "All signatures fall onto one point (spread 0.010 at step 3).",
        ),
    ):
        with pytest.raises(TrainingStopped) as told:
            stopped()
        assert str(told.value) == f"{why} {kept}"


def test_training_itself_notices_a_network_that_maps_all_to_one_point(signatures: SignatureSet, tmp_path: Path) -> None:
    """Real collapse: the projection's weights are zero but for its bias, so that every vector is the same."""
    model = small_network()
    projection = model.get_layer("projection")
    projection.set_weights([np.zeros_like(projection.kernel), np.ones_like(projection.bias)])
    projection.trainable = False
    plan = TrainingPlan(steps=60, batch=PLAN.batch, report_every=2, warmup=2)
    with pytest.raises(TrainingStopped, match=r"fall onto one point .*\. There is no checkpoint yet\.$"):
        train(model, signatures, plan, checkpoints=tmp_path)
    assert not (tmp_path / "checkpoint.npz").exists()


def test_the_export_computes_what_was_trained(tmp_path: Path) -> None:
    model = small_network()
    keras_file, onnx_file = export_network(model, tmp_path)
    assert parity(model, onnx_file, seed=3) <= 1e-5
    network = Network.load(onnx_file, file_digest(onnx_file))
    canvases = np.zeros((3, 96, 192), np.uint8)
    canvases[:, 40:44, 20:170] = 255
    features = network.embed(canvases)
    expected = keras.models.load_model(keras_file)(canvases[..., None] / np.float32(255), training=False)
    assert np.abs(features[0].vector - expected["vector"][0]).max() <= 1e-5


def test_an_export_that_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.embedding.export.parity", lambda *_, **__: 0.01)
    with pytest.raises(ExportError, match="differs from the trained one"):
        export_network(small_network(), tmp_path)
