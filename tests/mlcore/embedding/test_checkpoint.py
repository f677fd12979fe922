"""A checkpoint is whole, fits, and is never lost to a worse one."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from mlcore.embedding.checkpoint import CheckpointError, restore_checkpoint, save_checkpoint, warm_start
from mlcore.runtime import file_digest

pytestmark = pytest.mark.slow


def small(units: int = 3) -> tuple[keras.Model, keras.optimizers.Optimizer]:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(2)])
    optimizer = keras.optimizers.AdamW()
    optimizer.build(model.trainable_variables)
    return model, optimizer


def equal(left: keras.Model, right: keras.Model) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(left.get_weights(), right.get_weights(), strict=True))


def test_weights_moments_and_state_come_back(tmp_path: Path) -> None:
    (model, optimizer), (other, fresh) = small(), small()
    optimizer.apply([np.ones_like(value) for value in model.get_weights()], model.trainable_variables)
    save_checkpoint(tmp_path, model, optimizer, {"step": 7, "data": "these"})
    assert restore_checkpoint(tmp_path, other, fresh) == {"step": 7, "data": "these"}
    assert equal(model, other)
    for left, right in zip(optimizer.variables, fresh.variables, strict=True):
        assert np.array_equal(np.asarray(left), np.asarray(right))
    assert not (tmp_path / "checkpoint.npz.part").exists()


def test_a_full_disk_keeps_the_one_before(tmp_path: Path) -> None:
    (model, optimizer), (other, fresh) = small(), small()
    path = save_checkpoint(tmp_path, model, optimizer, {"step": 1})
    path.with_name("checkpoint.npz.part").symlink_to("/dev/full")
    with pytest.raises(
        CheckpointError,
        match=r"can not be written into .* \(No space left on device\)\. The last checkpoint is kept\.$",
    ):
        save_checkpoint(tmp_path, other, fresh, {"step": 2})
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.npz"]
    assert restore_checkpoint(tmp_path, other, fresh) == {"step": 1}
    assert equal(model, other)


def test_weights_that_are_no_numbers_never_replace_good_ones(tmp_path: Path) -> None:
    model, optimizer = small()
    before = save_checkpoint(tmp_path, model, optimizer, {"step": 1}).read_bytes()
    model.set_weights([np.full_like(value, np.inf) for value in model.get_weights()])
    with pytest.raises(CheckpointError, match=r"^The weights are no longer numbers\. The last checkpoint is kept\.$"):
        save_checkpoint(tmp_path, model, optimizer, {"step": 2})
    assert (tmp_path / "checkpoint.npz").read_bytes() == before


def test_none_is_promised_where_none_has_been_written(tmp_path: Path) -> None:
    model, optimizer = small()
    (tmp_path / "checkpoint.npz.part").symlink_to("/dev/full")
    with pytest.raises(CheckpointError, match=r"\(No space left on device\)\. There is no checkpoint yet\.$"):
        save_checkpoint(tmp_path, model, optimizer, {"step": 1})
    model.set_weights([np.full_like(value, np.nan) for value in model.get_weights()])
    with pytest.raises(CheckpointError, match=r"^The weights are no longer numbers\. There is no checkpoint yet\.$"):
        save_checkpoint(tmp_path, model, optimizer, {"step": 1})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_damaged_wherever_it_ends(tmp_path: Path, share: float) -> None:
    model, optimizer = small()
    path = save_checkpoint(tmp_path, model, optimizer, {"step": 1})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointError, match="is damaged .* Remove it to start afresh"):
        restore_checkpoint(tmp_path, model, optimizer)


def test_another_network_or_optimiser_is_told_apart_before_anything_is_changed(tmp_path: Path) -> None:
    model, optimizer = small()
    save_checkpoint(tmp_path, model, optimizer, {"step": 1})
    other, fresh = small(units=5)
    before = other.get_weights()
    with pytest.raises(CheckpointError, match="by another network"):
        restore_checkpoint(tmp_path, other, fresh)
    assert all(np.array_equal(a, b) for a, b in zip(before, other.get_weights(), strict=True))
    momentum = keras.optimizers.SGD(momentum=0.9)
    same, _ = small()
    momentum.build(same.trainable_variables)
    with pytest.raises(CheckpointError, match="by another network"):
        restore_checkpoint(tmp_path, same, momentum)


def test_a_start_gives_its_weights_and_its_digest(tmp_path: Path) -> None:
    (model, _), (other, _) = small(), small()
    model.save(tmp_path / "network.keras")
    for start in (tmp_path, tmp_path / "network.keras"):
        assert warm_start(other, start) == file_digest(tmp_path / "network.keras")
        assert equal(model, other)


def test_a_start_that_is_missing_broken_or_another_network_is_a_sentence(tmp_path: Path) -> None:
    model, _ = small()
    with pytest.raises(CheckpointError, match="There is no Keras model to start from"):
        warm_start(model, tmp_path)
    small(units=5)[0].save(tmp_path / "network.keras")
    with pytest.raises(CheckpointError, match="another architecture"):
        warm_start(model, tmp_path)
    whole = (tmp_path / "network.keras").read_bytes()
    (tmp_path / "network.keras").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="damaged or not a Keras model"):
        warm_start(model, tmp_path)
