"""What a fine-tuning is made of: made forgeries, doubled lone specimens, rehearsal; and what it refuses."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from mlcore.embedding.finetuning import (
    CUSTOMERS,
    FEWEST_CUSTOMERS,
    FORGERIES,
    fine_tuning_corpus,
    fine_tuning_plan,
    mixed,
    with_forgeries,
)
from mlcore.embedding.sampling import WriterBatches
from mlcore.embedding.sources import DataError, SignatureSet, assemble
from mlcore.embedding.synthetic import DATASET, Crowd, load_synthetic
from mlcore.retraining.selectors import FEWEST_CUSTOMERS as COUNTED


@pytest.fixture(scope="module")
def customers() -> SignatureSet:
    """Nine customers; the first has one signature, the second a real forgery."""
    made = load_synthetic(Crowd(9, genuine=3, forged=1, seed=95_001))
    first = np.flatnonzero((made.writers == 0) & made.genuine)
    kept = np.ones(len(made.writers), dtype=np.bool_)
    kept[first[1:]] = False
    kept[~made.genuine & (made.writers != 1)] = False
    return replace(made, fine=made.fine[kept], writers=made.writers[kept], genuine=made.genuine[kept])


@pytest.fixture(scope="module")
def rehearsal() -> SignatureSet:
    return load_synthetic(Crowd(3, genuine=2, forged=1, seed=95_002))


def test_every_customer_has_forgeries_made_or_real_and_two_signatures(
    customers: SignatureSet, rehearsal: SignatureSet
) -> None:
    corpus = fine_tuning_corpus(customers, rehearsal, seed=1)
    ours = np.array(corpus.datasets)[corpus.writers] == CUSTOMERS
    for writer in range(9):
        own = (corpus.writers == writer) & ours
        assert (own & ~corpus.genuine).sum() == FORGERIES
        assert (own & corpus.genuine).sum() >= 2
    assert (~ours).sum() == len(rehearsal.writers)
    assert corpus.datasets == (CUSTOMERS,) * 9 + (DATASET,) * 3
    WriterBatches(corpus, shares={CUSTOMERS: 1.0, DATASET: 1.0}).draw(np.random.default_rng(1))


def test_a_corpus_is_put_together_without_further_copies(rehearsal: SignatureSet) -> None:
    pages = np.zeros((120, 192, 384), np.uint8)
    pages[:, 90:100, 60:320] = 200
    many = assemble(pages, [(str(number // 4), CUSTOMERS, True) for number in range(120)], refused=0)
    tracemalloc.start()
    try:
        corpus = fine_tuning_corpus(many, rehearsal, seed=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(corpus.writers) == 120 + 30 * FORGERIES + len(rehearsal.writers)
    assert peak < 1.3 * corpus.fine.nbytes


def test_forgeries_depend_on_seed_and_customer_not_on_who_else_is_there(customers: SignatureSet) -> None:
    few = np.flatnonzero(customers.writers >= 5)
    index = {writer: number for number, writer in enumerate(range(5, 9))}
    part = SignatureSet(
        customers.fine[few],
        np.array([index[int(writer)] for writer in customers.writers[few]], dtype=np.int32),
        customers.genuine[few],
        customers.names[5:],
        customers.datasets[5:],
    )
    whole, alone = with_forgeries(customers, seed=1), with_forgeries(part, seed=1)

    def of_last(signatures: SignatureSet) -> np.ndarray:
        last = len(signatures.names) - 1
        return signatures.fine[(signatures.writers == last) & ~signatures.genuine]

    assert np.array_equal(of_last(whole), of_last(alone))
    assert not np.array_equal(of_last(whole), of_last(with_forgeries(customers, seed=2)))


def test_too_few_customers_are_refused_as_the_dry_run_counts_them(rehearsal: SignatureSet) -> None:
    blank = np.zeros((FEWEST_CUSTOMERS - 1, 192, 384), np.uint8)
    few = assemble(blank, [(str(i), CUSTOMERS, True) for i in range(len(blank))], refused=0)
    with pytest.raises(DataError, match=f"There are {FEWEST_CUSTOMERS - 1} customers"):
        fine_tuning_corpus(few, rehearsal, seed=1)
    assert COUNTED == FEWEST_CUSTOMERS


def test_a_short_plan_still_has_checkpoints_and_reports() -> None:
    for steps in (1, 2, 9, 20, 600):
        plan = fine_tuning_plan(steps, 1)
        assert 1 <= plan.report_every <= steps
        assert 1 <= plan.checkpoint_every <= steps
        assert plan.warmup >= 1
    assert fine_tuning_plan(600, 1).key == fine_tuning_plan(700, 1).key


def test_half_of_the_weights_stay_unless_told_otherwise() -> None:
    before, after = [np.array([0.0, 2.0]), np.array([4.0])], [np.array([1.0, 4.0]), np.array([0.0])]
    assert [part.tolist() for part in mixed(before, after)] == [[0.5, 3.0], [2.0]]
    assert [part.tolist() for part in mixed(before, after, 0.0)] == [[1.0, 4.0], [0.0]]
