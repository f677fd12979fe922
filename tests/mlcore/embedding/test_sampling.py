"""Batches are balanced over writers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlcore.embedding.base import corpus_facts, left_out
from mlcore.embedding.sampling import BatchShape, WriterBatches, trained_on
from mlcore.embedding.sources import DataError, SignatureSet


def made(genuine: list[int], forged: list[int], datasets: list[str] | None = None) -> SignatureSet:
    writers, flags = [], []
    for writer, (good, bad) in enumerate(zip(genuine, forged, strict=True)):
        writers += [writer] * (good + bad)
        flags += [True] * good + [False] * bad
    return SignatureSet(
        fine=np.zeros((len(writers), 2, 2), np.uint8),
        writers=np.array(writers, np.int32),
        genuine=np.array(flags),
        names=tuple(str(index) for index in range(len(genuine))),
        datasets=tuple(datasets or ["one"] * len(genuine)),
    )


def test_a_batch_has_so_many_of_each() -> None:
    signatures = made([10] * 6, [8] * 6)
    batch = WriterBatches(signatures, BatchShape(writers=4, genuine=3, forged=2)).draw(np.random.default_rng(1))
    assert len(batch) == len(set(batch.tolist())) == 20
    for writer in set(signatures.writers[batch].tolist()):
        mine = batch[signatures.writers[batch] == writer]
        assert signatures.genuine[mine].sum() == 3


def test_a_writer_without_forgeries_gives_more_genuine_ones() -> None:
    signatures = made([10, 10], [0, 8])
    batch = WriterBatches(signatures, BatchShape(writers=2, genuine=3, forged=2)).draw(np.random.default_rng(1))
    assert (signatures.writers[batch] == 0).sum() == 5
    assert signatures.genuine[batch].sum() == 8


def test_a_writer_with_few_is_filled_up() -> None:
    signatures = made([2, 5], [1, 5])
    batch = WriterBatches(signatures, BatchShape(writers=2, genuine=4, forged=2)).draw(np.random.default_rng(1))
    assert len(batch) == 12


def test_a_writer_with_one_genuine_signature_is_never_drawn() -> None:
    signatures = made([1, 5, 5], [5, 5, 5])
    sampler = WriterBatches(signatures, BatchShape(writers=2))
    drawn = {int(w) for seed in range(20) for w in signatures.writers[sampler.draw(np.random.default_rng(seed))]}
    assert drawn == {1, 2}
    assert trained_on(signatures).tolist() == [False, True, True]


def test_the_facts_count_those_who_are_drawn_and_a_sentence_tells_of_all_others() -> None:
    signatures = made([1, 5, 5, 0, 3], [2, 4, 0, 3, 0], ["one"] * 4 + ["two"])
    assert corpus_facts(signatures) == {
        "one": {"writers": 2, "genuine": 10, "forged": 4},
        "two": {"writers": 1, "genuine": 3, "forged": 0},
    }
    assert left_out(signatures) == "2 writers have fewer than 2 genuine signatures and are not trained on."
    assert left_out(replace(signatures, refused=3)) == (
        "3 images could not be used; 2 writers have fewer than 2 genuine signatures and are not trained on."
    )
    assert left_out(replace(made([2, 4], [0, 0]), refused=1)) == "1 image could not be used."
    assert left_out(made([1, 4], [0, 0])) == "1 writer has fewer than 2 genuine signatures and is not trained on."
    assert left_out(made([2, 4], [0, 0])) == ""


def test_data_sets_get_their_shares_whatever_their_size() -> None:
    signatures = made([4] * 22, [2] * 22, ["large"] * 20 + ["small"] * 2)
    sampler = WriterBatches(signatures, BatchShape(writers=1), {"small": 3.0})
    small = sum(int(signatures.writers[sampler.draw(np.random.default_rng(seed))][0] >= 20) for seed in range(400))
    assert 0.68 < small / 400 < 0.82


def test_a_partner_is_another_writer_of_the_same_data_set_with_forgeries_where_they_are_needed() -> None:
    signatures = made([4] * 6, [2, 2, 0, 2, 2, 0], ["one"] * 4 + ["two"] * 2)
    sampler = WriterBatches(signatures)
    partners = {sampler.partner(0, np.random.default_rng(seed)) for seed in range(60)}
    assert partners - {None} == {1, 3}
    assert {sampler.partner(2, np.random.default_rng(seed)) for seed in range(60)} == {0, 1, 3}
    assert sampler.partner(4, np.random.default_rng(1)) is None


def test_images_like_given_ones_have_their_labels() -> None:
    signatures = made([4, 3], [2, 2])
    wanted = np.array([True, False, True, True, True, False, False])
    chosen = WriterBatches(signatures).like(1, wanted, np.random.default_rng(1))
    assert np.array_equal(signatures.genuine[chosen], wanted)
    assert set(signatures.writers[chosen]) == {1}
    assert len(set(chosen[wanted])) == 3


def test_the_same_seed_draws_the_same_batch() -> None:
    signatures = made([6] * 5, [4] * 5)
    sampler = WriterBatches(signatures, BatchShape(writers=3))
    assert np.array_equal(sampler.draw(np.random.default_rng(7)), sampler.draw(np.random.default_rng(7)))


def test_too_few_writers_are_a_sentence() -> None:
    with pytest.raises(DataError, match="at least two writers"):
        WriterBatches(made([5, 1], [5, 5]))
