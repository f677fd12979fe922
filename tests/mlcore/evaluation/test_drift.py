"""What counts as a change: against values worked out by hand, and on nights whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.evaluation.drift import (
    ALARMS_BY_CHANCE,
    LEAST_BEFORE,
    LEAST_LATELY,
    Change,
    Sample,
    compare,
    design_effect,
    index_by_chance,
    stability_index,
)


def numbers(before: np.ndarray, lately: np.ndarray, kind: str = "number") -> Sample:
    """A sample in which every signature is another customer's."""
    ids = np.arange(len(before) + len(lately))
    return Sample(kind, before.astype(float), lately.astype(float), ids[: len(before)], ids[len(before) :])  # type: ignore[arg-type]


def rate(before: tuple[int, int], lately: tuple[int, int]) -> Sample:
    """A rate: so many of so many."""
    return numbers(*(np.repeat([1.0, 0.0], [part, of - part]) for part, of in (before, lately)), kind="rate")


def only(sample: Sample) -> Change:
    (change,) = compare([sample])
    assert change is not None
    return change


def test_the_index_is_what_it_comes_to_by_hand() -> None:
    # Shares with half a signature added: 0.5, 0.5 and 75.5 / 101 = 0.74752, 0.25248.
    # 0.24752 ln(0.74752 / 0.5) - 0.24752 ln(0.25248 / 0.5) = 0.24752 x 0.40216 + 0.24752 x 0.68330
    assert stability_index(np.array([50, 50]), np.array([75, 25])) == pytest.approx(0.26867, abs=1e-5)


def test_the_index_of_equal_shares_is_none_and_an_empty_bin_is_finite() -> None:
    assert stability_index(np.array([10, 30]), np.array([20, 60])) == pytest.approx(0.0, abs=1e-3)
    assert 1 < stability_index(np.array([100, 0]), np.array([50, 50])) < 5


@pytest.mark.parametrize(
    ("bins", "chi_squared", "level"),
    # Quantiles of chi-squared from the tables: 9 and 4 degrees of freedom.
    [(10, 21.666, 0.01), (5, 13.277, 0.01), (10, 33.720, 0.0001), (5, 23.513, 0.0001)],
)
def test_what_chance_reaches_is_the_known_limit_of_large_samples(bins: int, chi_squared: float, level: float) -> None:
    found = index_by_chance(
        np.full(bins, 1 / bins), 40_000, 10_000, level=level, rng=np.random.default_rng(1), draws=20_000
    )
    assert found == pytest.approx(chi_squared * (1 / 40_000 + 1 / 10_000), rel=0.05)


def test_chance_reaches_nothing_where_there_is_one_bin() -> None:
    assert index_by_chance(np.array([1.0, 0.0]), 100, 100, level=0.01, rng=np.random.default_rng(1)) == 0.0


def test_four_equal_signatures_a_customer_are_worth_one() -> None:
    bins, customers = np.repeat([0, 1, 0, 1], 4), np.repeat([1, 2, 3, 4], 4)
    assert design_effect(bins, customers) == pytest.approx(4.0)


def test_customers_who_do_not_differ_cost_nothing() -> None:
    assert design_effect(np.tile([0, 1], 8), np.repeat([1, 2, 3, 4], 4)) == 1.0
    assert design_effect(np.zeros(8, int), np.arange(8)) == 1.0


def test_too_few_signatures_say_nothing() -> None:
    enough, few = np.arange(LEAST_BEFORE), np.arange(LEAST_LATELY - 1)
    assert compare([numbers(enough, few), numbers(enough[1:], enough)]) == [None, None]
    assert compare([]) == []


def test_shifted_numbers_are_a_change_whose_medians_are_told() -> None:
    rng = np.random.default_rng(3)
    change = only(numbers(rng.normal(0, 1, 600), rng.normal(0.8, 1, 150)))
    assert change.drifted
    assert change.value > 0.3
    assert change.centre is not None
    assert change.centre == pytest.approx((0.0, 0.8), abs=0.2)
    assert sum(change.before) == pytest.approx(1.0)
    assert len(change.before) == len(change.lately) == len(change.edges) + 1 == 5


def test_a_change_that_is_certain_but_small_is_no_alarm() -> None:
    rng = np.random.default_rng(4)
    change = only(numbers(rng.normal(0, 1, 40_000), rng.normal(0.15, 1, 40_000)))
    assert change.limit < change.value < 0.1
    assert not change.drifted


def test_a_new_category_is_a_change() -> None:
    before, lately = np.repeat([0.0, 1.0], [280, 20]), np.repeat([0.0, 1.0, 2.0], [40, 5, 35])
    assert only(numbers(before, lately, "category")).drifted
    assert not only(numbers(before, before[::3], "category")).drifted


def test_values_that_are_all_the_same_are_no_change() -> None:
    for kind in ("number", "category"):
        change = only(numbers(np.zeros(300), np.zeros(100), kind))
        assert (change.drifted, change.value) == (False, 0.0)


def test_a_rate_alarms_when_its_interval_leaves_the_one_before() -> None:
    # 99 % Wilson intervals by hand, z = 2.5758: 100 of 1000 0.0782..0.1271, 30 of 150 0.1293..0.2961,
    # 25 of 150 0.1030..0.2585.
    change = only(rate((100, 1000), (30, 150)))
    assert change.rate_before is not None
    assert change.rate_lately is not None
    assert (change.rate_before.low, change.rate_before.high) == pytest.approx((0.0782, 0.1271), abs=2e-4)
    assert (change.rate_lately.low, change.rate_lately.high) == pytest.approx((0.1293, 0.2961), abs=2e-4)
    assert change.drifted
    assert not only(rate((100, 1000), (25, 150))).drifted


def test_many_comparisons_widen_the_limits_of_each() -> None:
    sample = rate((100, 1000), (30, 150))
    (alone,) = compare([sample])
    among = compare([sample] * 20)
    assert alone is not None
    assert alone.drifted
    assert not any(change.drifted for change in among if change is not None)


def test_signatures_of_a_few_customers_are_worth_less() -> None:
    """Ten customers who sign all the time, and whose own score is theirs: another ten prove no change."""
    rng = np.random.default_rng(5)
    own = rng.normal(0, 1, 40)
    before, lately = np.repeat(np.arange(30), 20), np.repeat(np.arange(30, 40), 20)
    values = [own[ids] + rng.normal(0, 0.1, len(ids)) for ids in (before, lately)]
    change = only(Sample("number", *values, before, lately))
    assert change.value > 0.1
    assert change.effect > 4
    assert not change.drifted
    assert only(numbers(*values)).drifted


def test_the_same_samples_give_the_same_answer() -> None:
    rng = np.random.default_rng(6)
    sample = numbers(rng.normal(size=300), rng.normal(size=100))
    assert compare([sample]) == compare([sample])


def night(seed: int, *, shift: float = 0.0) -> list[Sample]:
    """Three branches and all of them, each with scores, sharpness, remarks and referrals; customers come again."""
    rng = np.random.default_rng(seed)
    own = rng.normal(0, 1, 300)
    customers = [rng.integers(0, 300, size) for size in (900, 210)]
    scores = [own[ids] + rng.normal(0, 1, len(ids)) for ids in customers]
    scores[1] = scores[1] + shift
    parts = {
        "number": [scores, [rng.gamma(4, 0.1, len(ids)) for ids in customers]],
        "category": [[rng.choice(4, len(ids), p=[0.8, 0.1, 0.07, 0.03]).astype(float) for ids in customers]],
        "rate": [[((part > 1) & (part < 2)).astype(float) for part in scores]],
    }
    chosen = [[np.ones(len(ids), bool) for ids in customers]]
    chosen += [[ids % 3 == branch for ids in customers] for branch in range(3)]
    return [
        Sample(kind, values[0][at[0]], values[1][at[1]], customers[0][at[0]], customers[1][at[1]])  # type: ignore[arg-type]
        for kind, several in parts.items()
        for values in several
        for at in chosen
    ]


def test_of_a_hundred_nights_without_a_change_at_most_five_alarm() -> None:
    alarms = sum(any(change.drifted for change in compare(night(seed)) if change) for seed in range(100))
    assert ALARMS_BY_CHANCE == 0.01
    assert alarms <= 5


def test_nights_with_a_change_alarm() -> None:
    found = [compare(night(seed, shift=1.4)) for seed in range(10)]
    assert all(any(change.drifted for change in changes if change) for changes in found)
    assert all(len(changes) == 16 for changes in found)
