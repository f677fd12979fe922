"""Candidate and champion on the same trials: what is kept of them, and that a comparison can be stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from mlcore.embedding.sources import SignatureSet, assemble
from mlcore.models import TrainingRun
from mlcore.runtime import Features
from mlcore.trainer import comparing
from mlcore.trainer.comparing import Comparing
from mlcore.trainer.heart import Heart, Stopped

IMAGES = 100  # two chunks of a network


class Beats:
    """A heart that is asked to stop after so many looks."""

    def __init__(self, looks: int = 1000) -> None:
        self.left = looks

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped


class Counting:
    """Stands for a network; counts the canvases that it is given."""

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, canvases: np.ndarray) -> list[Features]:
        self.seen += len(canvases)
        blank = (np.zeros(shape, np.float32) for shape in ((128,), (6, 12, 32), (6, 12)))
        return [Features(*blank)] * len(canvases)


@pytest.fixture
def signers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Blank synthetic signers; the numbers of them that were asked for."""
    asked: list[int] = []

    def load(crowd: Any, **_fields: Any) -> SignatureSet:
        asked.append(crowd.signers)
        labels = [(f"signer {number // 10}", "synthetic", True) for number in range(IMAGES)]
        return assemble(np.full((IMAGES, 192, 384), 255, np.uint8), labels, refused=0)

    monkeypatch.setattr(comparing, "load_crowd", load)
    return asked


def of(heart: Beats) -> Comparing:
    return Comparing(TrainingRun(), cast(Heart, heart))


def test_each_network_sees_the_synthetic_signers_once(settings: Any, tmp_path: Path, signers: list[int]) -> None:
    settings.COMPARED_SIGNERS = 7
    old, new, copy = (tmp_path / name for name in ("old.onnx", "new.onnx", "copy.onnx"))
    old.write_bytes(b"old network")
    new.write_bytes(b"new network")
    copy.write_bytes(b"old network")  # the champion, exported where the parent was
    networks, comparison = [Counting(), Counting(), Counting()], of(Beats())
    seen = [comparison.signers_by(file, network) for file, network in zip((old, new, copy), networks, strict=True)]
    assert [network.seen for network in networks] == [IMAGES, IMAGES, 0]
    assert seen[2] is seen[0]
    assert len(seen[0].rows) == IMAGES
    assert signers == [7], "nor are they loaded twice"


def test_a_comparison_stops_within_a_set(tmp_path: Path, signers: list[int]) -> None:
    (tmp_path / "network.onnx").write_bytes(b"network")
    network = Counting()
    with pytest.raises(Stopped):
        of(Beats(looks=1)).signers_by(tmp_path / "network.onnx", network)
    assert 0 < network.seen < IMAGES
