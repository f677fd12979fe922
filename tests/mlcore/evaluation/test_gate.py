"""The gate lets a better network pass and neither a worse, nor an equal, nor one measured on too few."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mlcore.embedding.sources import Row
from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.figures import equal_error_rate
from mlcore.evaluation.gate import MOST_LOSS, Contestant, _drawn_eers, gate, paired_interval
from mlcore.scoring.distances import FeatureStack
from tests.mlcore.bundles import make_scorer

WRITERS = 40
REFERENCES = {"customers": (1, 2)}


def embedded(steadiness: float, writers: int = WRITERS, seed: int = 5) -> EmbeddedSet:
    """Writers whose vectors cluster, the tighter the steadier; the same signatures for every network."""
    rng = np.random.default_rng(seed)
    rows, vectors = [], []
    for writer in range(writers):
        centre = rng.normal(size=128)
        for index in range(10):
            real = index < 6
            rows.append(Row(Path(f"{writer}/{index}"), "customers", str(writer), real, ""))
            spread = rng.uniform(0.2, 0.7) / steadiness if real else rng.uniform(0.45, 1.1)
            vectors.append(centre + spread * rng.normal(size=128))
    stack = np.stack(vectors).astype(np.float32)
    stack /= np.linalg.norm(stack, axis=1, keepdims=True)
    local = np.repeat(stack[:, None, None, :32], 12, axis=2).repeat(6, axis=1)
    local /= np.linalg.norm(local, axis=-1, keepdims=True)
    ink = np.full((len(rows), 6, 12), 0.2, np.float32)
    return EmbeddedSet(tuple(rows), FeatureStack(stack, local, ink), np.zeros(len(rows), bool), ((),) * len(rows))


def contestant(steadiness: float, writers: int = WRITERS) -> Contestant:
    return Contestant({"customers": embedded(steadiness, writers)}, make_scorer())


CHAMPION = contestant(1.0)


def test_a_clearly_better_network_is_promotable_and_the_report_is_whole() -> None:
    report = json.loads(json.dumps(gate(CHAMPION, contestant(1.6), REFERENCES)))
    assert report["promotable"]
    assert [(trial["references"], trial["kind"]) for trial in report["trials"]] == [
        (1, "skilled"), (1, "random"), (2, "skilled"), (2, "random"),
    ]  # fmt: skip
    for trial in report["trials"]:
        assert trial["writers"] == WRITERS
        assert trial["low"] <= trial["difference"] <= trial["high"]
        assert trial["difference"] == pytest.approx(trial["candidate"]["eer"] - trial["champion"]["eer"])
    assert any("is better" in sentence for sentence in report["sentences"])
    assert report["shown_references"] == 2
    for side in ("champion", "candidate"):
        curve = report["det"][side]
        assert len(curve["far"]) == len(curve["frr"])
        assert curve["far"] == sorted(curve["far"])
        assert sum(report["histograms"][side]["genuine"]) == WRITERS * 5 * 4
        assert len(report["histograms"]["edges"]) == len(report["histograms"][side]["skilled"]) + 1
        assert {"cllr", "cllr_min", "calibration"} <= set(report["calibration"][side])


def test_a_worse_network_is_held_back_with_the_figures() -> None:
    report = gate(CHAMPION, contestant(0.7), REFERENCES)
    assert not report["promotable"]
    assert any("may be worse on customers with 1 specimen against skilled" in text for text in report["sentences"])


def test_the_same_network_again_is_no_improvement() -> None:
    report = gate(CHAMPION, CHAMPION, REFERENCES)
    assert not report["promotable"]
    assert report["sentences"] == ["Nothing has improved beyond chance."]
    assert all(trial["difference"] == trial["low"] == trial["high"] == 0 for trial in report["trials"])


def test_forgeries_made_as_in_training_are_no_improvement_and_still_hold_back() -> None:
    better = gate(CHAMPION, contestant(1.6), {"customers": (1,)}, made=("customers",))
    assert [trial["improved"] for trial in better["trials"]] == [True, False]
    assert not better["promotable"]
    assert better["sentences"] == ["Nothing has improved beyond chance."]
    worse = gate(CHAMPION, contestant(0.7), {"customers": (1,)}, made=("customers",))
    assert any("may be worse" in text for text in worse["sentences"])


def test_the_more_differences_are_looked_at_the_clearer_one_has_to_be() -> None:
    rng = np.random.default_rng(4)
    old = [(rng.normal(-1, 1, 8), rng.normal(1, 1, 8)) for _ in range(30)]
    new = [(own - 0.15, forged) for own, forged in old]
    one, many = (paired_interval(old, new, looked_at=count) for count in (1, 8))
    assert one[:2] == many[:2]
    assert one[2] == one[1] < many[2]


def test_one_bad_set_of_trials_holds_back_what_is_good_on_another() -> None:
    def both(first: float, second: float) -> Contestant:
        return Contestant({"customers": embedded(first), "signers": embedded(second, seed=6)}, make_scorer())

    report = gate(both(1.0, 1.0), both(1.6, 0.7), {"customers": (1,), "signers": (1,)})
    assert not report["promotable"]
    assert any("is better on customers" in text for text in report["sentences"])
    assert any("may be worse on signers" in text for text in report["sentences"])


@pytest.mark.parametrize("sets", [{}, {"customers": embedded(1.6, writers=4)}])
def test_too_few_writers_or_none_are_no_reason_to_promote(sets: dict[str, EmbeddedSet]) -> None:
    few = Contestant(sets, make_scorer())
    report = gate(few, few, REFERENCES)
    assert not report["promotable"]
    assert report["trials"] == []
    assert "There are too few writers to compare on: customers." in report["sentences"]


def test_counting_gives_the_rates_that_the_drawn_scores_have() -> None:
    rng = np.random.default_rng(3)
    pairs = [(rng.normal(-1, 1, 5).round(1), rng.normal(1, 1, 7).round(1)) for _ in range(6)]
    pairs[0] = (np.append(pairs[0][0], np.inf), np.append(pairs[0][1], np.inf))  # refused images
    drawn = rng.integers(6, size=(20, 6))
    wanted = [equal_error_rate(*(np.concatenate([pairs[i][part] for i in row]) for part in (0, 1))) for row in drawn]
    assert _drawn_eers(pairs, drawn) == pytest.approx(wanted)


def test_pairing_makes_the_interval_narrower_than_two_intervals_would_be() -> None:
    rng = np.random.default_rng(2)
    noise = [(rng.normal(0, 1, 8), rng.normal(0, 1, 8), rng.normal(0, 0.8)) for _ in range(30)]
    old = [(own - 1 + writer, forged + 1 + writer) for own, forged, writer in noise]
    new = [(own - 1.05 + writer, forged + 1.05 + writer) for own, forged, writer in noise]
    low, high, _ = paired_interval(old, new)
    apart = [equal_error_rate(*(np.concatenate([p[i] for p in side]) for i in (0, 1))) for side in (old, new)]
    assert low <= apart[1] - apart[0] <= high
    unpaired = paired_interval(old, [new[i] for i in rng.permutation(30)])
    assert high - low < 0.7 * (unpaired[1] - unpaired[0])
    assert 0 < MOST_LOSS < 0.02
