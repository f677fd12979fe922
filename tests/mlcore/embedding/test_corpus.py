"""The corpus: each source is prepared once, and what is left out stays out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.embedding.corpus import CorpusPlan, corpus_key, load_corpus, shares
from mlcore.embedding.sources import DataError
from tests.mlcore.embedding.signers import write_manifest, write_recording


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> CorpusPlan:
    folder = tmp_path_factory.mktemp("sources")
    images = write_manifest(folder / "images", writers=3, genuine=2, forged=1)
    lines = (images / "manifest.csv").read_text().replace(",synthetic,", ",scans,")
    (images / "manifest.csv").write_text(lines + "signer003/genuine_00.png,other,003,genuine,train\n")
    return CorpusPlan(images=images, recordings=write_recording(folder / "pens"), signers=1)


def refuse(*_: object) -> None:
    raise AssertionError("the cache was not used")


def changed(plan: CorpusPlan, **fields: object) -> CorpusPlan:
    from dataclasses import replace

    return replace(plan, **fields)  # type: ignore[arg-type]


def test_every_source_is_prepared_once_and_read_from_its_cache(plan: CorpusPlan, tmp_path: Path) -> None:
    first = load_corpus(plan, cache=tmp_path)
    assert set(first.datasets) == {"scans", "other", "tablet", "synthetic"}
    assert sorted(path.name.split("-")[0] for path in tmp_path.iterdir()) == ["images", "recordings", "synthetic"]
    again = load_corpus(plan, cache=tmp_path, progress=refuse)
    assert np.array_equal(first.fine, again.fine)
    assert np.array_equal(first.writers, again.writers)
    assert np.array_equal(first.genuine, again.genuine)
    assert (first.names, first.datasets, first.refused) == (again.names, again.datasets, again.refused)


def test_a_source_keeps_its_cache_when_another_one_changes(plan: CorpusPlan, tmp_path: Path) -> None:
    load_corpus(plan, cache=tmp_path)
    kept = {path.name for path in tmp_path.iterdir()}
    told: set[str] = set()
    load_corpus(changed(plan, signers=2), cache=tmp_path, progress=lambda title, *_: told.add(title))
    assert told == {"synthetic signers"}
    assert kept < {path.name for path in tmp_path.iterdir()}


def test_a_damaged_cache_is_made_anew(plan: CorpusPlan, tmp_path: Path) -> None:
    only = changed(plan, images=None, recordings=None)
    first = load_corpus(only, cache=tmp_path)
    (stored,) = tmp_path.iterdir()
    stored.write_bytes(stored.read_bytes()[: stored.stat().st_size // 2])
    assert np.array_equal(load_corpus(only, cache=tmp_path).fine, first.fine)
    assert np.array_equal(load_corpus(only, cache=tmp_path, progress=refuse).fine, first.fine)


def test_a_full_disk_is_a_sentence_and_leaves_nothing_behind(plan: CorpusPlan, tmp_path: Path) -> None:
    only = changed(plan, images=None, recordings=None)
    load_corpus(only, cache=tmp_path / "probe")
    (name,) = (path.name for path in (tmp_path / "probe").iterdir())
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / name).with_suffix(".part").symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"can not be kept in .* \(No space left on device\)\.$"):
        load_corpus(only, cache=cache)
    assert list(cache.iterdir()) == []


def test_another_seed_number_or_manifest_is_another_corpus(plan: CorpusPlan, tmp_path: Path) -> None:
    same = changed(plan)
    others = [changed(plan, seed=2), changed(plan, signers=2), changed(plan, variants=1), changed(plan, images=None)]
    keys = [corpus_key(each) for each in (plan, same, *others)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5


def test_what_is_left_out_is_not_trained_on(plan: CorpusPlan) -> None:
    assert set(load_corpus(changed(plan, without=("other",))).datasets) == {"scans", "tablet", "synthetic"}
    assert corpus_key(changed(plan, without=("other",))) != corpus_key(plan)
    with pytest.raises(DataError, match="Every data set of manifest.csv is left out"):
        load_corpus(changed(plan, without=("scans", "other")))
    with pytest.raises(DataError, match="no recordings .* but for those left out"):
        load_corpus(changed(plan, images=None, without=("tablet",)))


def test_nothing_named_is_a_sentence() -> None:
    with pytest.raises(DataError, match="nothing to train on"):
        load_corpus(CorpusPlan())


def test_synthetic_signers_are_a_fifth_of_what_is_drawn_whatever_else_there_is() -> None:
    for others in (["the bank's own"], ["cedar", "svc2004", "the bank's own"]):
        found = shares([*others, "synthetic"])
        assert found["synthetic"] / sum(found.values()) == pytest.approx(0.21, abs=0.01)
        assert found["the bank's own"] == 1.0
    assert shares(["synthetic"]) == {"synthetic": 1.0}
