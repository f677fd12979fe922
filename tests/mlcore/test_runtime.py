"""Exported networks and what they make of a signature."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.imaging.hinge import HINGE_SIZE, contour_hinge
from mlcore.runtime import ArtefactError, Features, Network, cell_ink, file_digest
from tests.mlcore.bundles import write_network
from tests.mlcore.scoring.test_scorer import features


def test_features_survive_storing_within_a_hundredth() -> None:
    fresh = features(4)
    stored = fresh.stored()
    assert len(fresh.local_bytes()) == 6 * 12 * 33 + 2 * HINGE_SIZE
    assert np.abs((fresh.local * stored.local).sum(axis=-1) - 1).max() < 0.01
    assert np.abs(fresh.ink - stored.ink).max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(fresh.vector, stored.vector)
    assert fresh.hinge is not None and stored.hinge is not None
    assert np.abs(fresh.hinge - stored.hinge).max() < 1e-3
    assert np.linalg.norm(stored.hinge) == pytest.approx(1.0, abs=1e-6)


def test_what_was_stored_before_there_was_a_hinge_is_still_read() -> None:
    whole = features(4)
    older = Features.from_stored(whole.vector, whole.local_bytes()[: 6 * 12 * 33])
    assert older.hinge is None
    assert np.array_equal(older.local, whole.stored().local)
    assert len(older.local_bytes()) == 6 * 12 * 33


def test_storing_twice_changes_nothing_more() -> None:
    once = features(4).stored()
    assert np.allclose(once.stored().local, once.local, atol=5e-3)


@pytest.mark.parametrize("size", [5, 6 * 12 * 33 + 2, 6 * 12 * 33 + 2 * HINGE_SIZE + 1])
def test_a_stored_row_of_another_format_is_a_sentence(size: int) -> None:
    with pytest.raises(ArtefactError, match="another format"):
        Features.from_stored(np.zeros(128, np.float32), bytes(size))


def test_ink_is_the_mean_of_each_cell() -> None:
    canvas = np.zeros((1, 96, 192), np.float32)
    canvas[0, 16:32, 32:48] = 1.0
    canvas[0, 0:8, 0:16] = 1.0
    ink = cell_ink(canvas)
    assert ink.shape == (1, 6, 12)
    assert ink[0, 1, 2] == 1.0
    assert ink[0, 0, 0] == 0.5
    assert ink.sum() == 1.5


def test_a_batch_gives_what_single_canvases_give(tmp_path: Path) -> None:
    path = write_network(tmp_path / "tiny.onnx")
    network = Network.load(path, file_digest(path))
    canvases = (np.random.default_rng(2).random((40, 96, 192)) < 0.05).astype(np.uint8) * np.uint8(255)
    batch = network.embed(canvases)
    alone = network.embed(canvases[37:38])[0]
    assert len(batch) == 40
    assert np.abs(batch[37].vector - alone.vector).max() < 1e-5
    assert batch[37].hinge is not None
    assert np.array_equal(batch[37].hinge, contour_hinge(canvases[37]))
    assert network.embed(canvases[:0]) == []


def test_a_damaged_network_is_refused(tmp_path: Path) -> None:
    path = write_network(tmp_path / "tiny.onnx")
    digest = file_digest(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ArtefactError, match="damaged"):
        Network.load(path, digest)
    with pytest.raises(ArtefactError, match="can not be run here"):
        Network.load(path, file_digest(path))
    with pytest.raises(ArtefactError, match="can not be read"):
        Network.load(tmp_path / "nowhere.onnx", digest)
