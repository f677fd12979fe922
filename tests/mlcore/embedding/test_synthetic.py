"""Synthetic signers to train on: repeatable, named, with forgeries of graded skill."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mlcore.embedding.sources import DataError, SignatureSet
from mlcore.embedding.synthetic import FIRST_SIGNER, Crowd, load_synthetic

CROWD = Crowd(signers=2, genuine=3, forged=2)


def test_a_seed_writes_the_same_canvases_and_another_seed_others() -> None:
    first, again = load_synthetic(CROWD), load_synthetic(CROWD)
    assert first.fine.shape[1:] == (192, 384)
    assert np.array_equal(first.fine, again.fine)
    other = load_synthetic(Crowd(signers=2, genuine=3, forged=2, seed=2))
    assert not set(first.names) & set(other.names)
    assert not np.array_equal(first.fine[0], other.fine[0])


def test_everybody_has_his_genuine_signatures_and_forgeries_and_what_is_refused_is_counted() -> None:
    crowd = load_synthetic(CROWD)
    assert len(crowd.fine) + crowd.refused == 2 * 5
    assert crowd.datasets == ("synthetic", "synthetic")
    assert crowd.names == tuple(f"synthetic/{FIRST_SIGNER + number}" for number in range(2))
    for writer in range(2):
        mine = crowd.genuine[crowd.writers == writer]
        assert 1 <= mine.sum() <= 3
        assert 1 <= (~mine).sum() <= 2


def test_a_refused_signature_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """No style of ours is refused reliably, so one page of all is blanked on its way to imaging."""
    from mlcore.embedding import synthetic

    pages = iter(range(100))

    def blank_first(page: np.ndarray) -> object:
        return prepare_page(np.full_like(page, 255) if next(pages) == 0 else page)

    prepare_page = synthetic.prepare_page
    monkeypatch.setattr(synthetic, "prepare_page", blank_first)
    crowd = load_synthetic(CROWD)
    assert crowd.refused == 1
    assert len(crowd.fine) == len(crowd.writers) == len(crowd.genuine) == 9
    assert crowd.genuine[crowd.writers == 0].sum() == 2


def test_signers_of_demo_and_tests_are_never_among_them() -> None:
    for seed in (1, 2, 7):
        names = load_synthetic(Crowd(signers=1, genuine=2, forged=0, seed=seed)).names
        assert int(names[0].split("/")[1]) >= FIRST_SIGNER
    with pytest.raises(DataError, match="must be above 0"):
        load_synthetic(Crowd(signers=1, seed=0))


def test_a_skilled_forger_comes_nearer_than_a_poor_one() -> None:
    poor, skilled = (
        load_synthetic(Crowd(signers=2, genuine=3, forged=3, skill=(skill, skill))) for skill in (0.0, 1.0)
    )
    assert np.array_equal(poor.fine[poor.genuine], skilled.fine[skilled.genuine])
    assert nearest(skilled) < 0.95 * nearest(poor)


def nearest(crowd: SignatureSet) -> float:
    """How far forgeries are from the nearest genuine signature of their victim, in blurred grey levels."""
    soft = np.stack([cv2.GaussianBlur(fine, (0, 0), 8).astype(np.float64) for fine in crowd.fine])
    found = []
    for writer in range(len(crowd.names)):
        mine = crowd.writers == writer
        genuine, forged = soft[mine & crowd.genuine], soft[mine & ~crowd.genuine]
        found += [min(np.abs(forgery - own).mean() for own in genuine) for forgery in forged]
    return float(np.mean(found))


def test_progress_counts_the_signers() -> None:
    told: list[tuple[str, int, int]] = []
    load_synthetic(Crowd(signers=2, genuine=1, forged=0), lambda *step: told.append(step))
    assert told == [("synthetic signers", 1, 2), ("synthetic signers", 2, 2)]


@pytest.mark.slow
def test_many_signers_are_written_by_all_cores_and_are_the_same_ones() -> None:
    many, few = (load_synthetic(Crowd(signers=count, genuine=1, forged=0)) for count in (16, 3))
    assert many.names[:3] == few.names
    assert np.array_equal(many.fine[: len(few.fine)], few.fine)
