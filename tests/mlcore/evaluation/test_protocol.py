"""Who is enrolled with what, and what is questioned; then the figures and the fit on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.embedding.sources import Row
from mlcore.evaluation.embedded import EmbeddedSet, embed_rows
from mlcore.evaluation.evaluating import evaluate
from mlcore.evaluation.fitting import fit_scorer
from mlcore.evaluation.plots import plot_det, plot_scores
from mlcore.evaluation.protocol import REPETITIONS, measure, trials
from mlcore.evaluation.report import COLUMNS, markdown_table, percent, table_rows
from mlcore.runtime import Network, file_digest
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.distances import FeatureStack
from mlcore.scoring.logistic import FitError
from tests.mlcore.bundles import make_scorer, write_network
from tests.mlcore.embedding.signers import write_manifest

COHORT = Cohort(np.eye(6, 128, dtype=np.float32))


def embedded(writers: int = 6, genuine: int = 9, forged: int = 4, refused: tuple[int, ...] = ()) -> EmbeddedSet:
    """Writers whose vectors cluster; forgeries lie a little off, strangers far."""
    rng = np.random.default_rng(5)
    rows, vectors = [], []
    for writer in range(writers):
        centre = rng.normal(size=128)
        for index in range(genuine + forged):
            real = index < genuine
            rows.append(Row(Path(f"{writer}/{index}.png"), "made", str(writer), real, "test"))
            # Some forgeries are good and some genuine ones are poor, as in life.
            spread = rng.uniform(0.15, 0.45) if real else rng.uniform(0.35, 0.9)
            vectors.append(centre + spread * rng.normal(size=128))
    stack = np.stack(vectors).astype(np.float32)
    stack /= np.linalg.norm(stack, axis=1, keepdims=True)
    local = np.repeat(stack[:, None, None, :32], 12, axis=2).repeat(6, axis=1)
    local /= np.linalg.norm(local, axis=-1, keepdims=True)
    ink = np.full((len(rows), 6, 12), 0.2, np.float32)
    flags = np.isin(np.arange(len(rows)), refused)
    return EmbeddedSet(tuple(rows), FeatureStack(stack, local, ink), flags, ((),) * len(rows))


def test_specimens_are_never_questioned_and_trials_are_of_the_right_kind() -> None:
    data = embedded()
    found = list(trials(measure(data, COHORT), 3))
    assert len(found) == 6 * REPETITIONS
    for trial in found:
        mine = {i for i, row in enumerate(data.rows) if row.writer == trial.writer}
        assert len(set(trial.specimens.tolist())) == 3
        assert all(data.rows[i].genuine and i in mine for i in trial.specimens)
        assert set(trial.images["genuine"]) == {i for i in mine if data.rows[i].genuine} - set(trial.specimens)
        assert set(trial.images["skilled"]) == {i for i in mine if not data.rows[i].genuine}
        assert all(data.rows[i].genuine and i not in mine for i in trial.images["random"])
        assert trial.evidence["genuine"].shape == (6, 8)


def test_the_same_draw_is_made_every_time_and_differs_between_repetitions() -> None:
    data = embedded()
    first, again = (list(trials(measure(data, COHORT), 3)) for _ in range(2))
    assert [t.specimens.tolist() for t in first] == [t.specimens.tolist() for t in again]
    assert len({tuple(t.specimens.tolist()) for t in first[:REPETITIONS]}) > 1


def test_at_most_two_hundred_strangers_are_tried() -> None:
    data = embedded(writers=30)
    assert len(next(iter(trials(measure(data, COHORT), 1))).images["random"]) == 200


@pytest.mark.parametrize("learnt", [False, True], ids=["without expectation", "with expectation"])
def test_the_evidence_is_that_of_a_comparison_one_by_one(learnt: bool) -> None:
    data, scorer = embedded(), make_scorer(learnt=learnt)
    trial = next(iter(trials(measure(data, scorer.cohort), 3)))
    from mlcore.runtime import Features

    def single(index: int) -> Features:
        return Features(data.features.vectors[index], data.features.local[index], data.features.ink[index])

    compared = scorer.compare(single(int(trial.images["skilled"][1])), [single(int(i)) for i in trial.specimens])
    assert -scorer.heads[3].log_odds(trial.evidence["skilled"])[1] == pytest.approx(compared.score, abs=1e-4)


def test_a_refused_image_is_no_specimen_and_counts_as_rejected() -> None:
    data = embedded(refused=(0,))
    for trial in trials(measure(data, COHORT), 3):
        assert 0 not in trial.specimens
    report = evaluate(data, make_scorer(), [3])
    assert report["all"]["refused"]["genuine"] == pytest.approx(1 / 54)
    assert report["all"]["references"]["3"]["trials"]["genuine"] == (6 * 6) * REPETITIONS


def test_writers_with_too_few_genuine_signatures_are_left_out_and_counted() -> None:
    report = evaluate(embedded(genuine=3), make_scorer(), [1, 3])
    assert report["all"]["references"]["1"]["writers_left_out"] == 0
    assert report["all"]["references"]["3"]["writers_left_out"] == 6
    assert report["all"]["references"]["3"]["skilled_eer"] is None


def test_the_report_has_the_agreed_form_and_reads_as_a_table() -> None:
    report = evaluate(embedded(), make_scorer(), [1, 3])
    figures = report["datasets"]["made"]["references"]["3"]
    assert {
        "skilled_eer", "skilled_eer_ci", "random_eer", "frr_at_far_1", "auc", "match_rate_genuine",
        "refer_rate_genuine", "match_rate_skilled", "match_rate_random",
    } <= set(figures)  # fmt: skip
    assert figures["skilled_eer_ci"][0] <= figures["skilled_eer"] <= figures["skilled_eer_ci"][1]
    assert figures["random_eer"] <= figures["skilled_eer"]
    rows = table_rows(report)
    assert [row[:2] for row in rows] == [("made", "1"), ("made", "3")]
    assert markdown_table(report).splitlines()[0].count("|") == len(COLUMNS) + 1
    assert percent(None) == "-"
    assert percent(0.0312) == "3.1"


def test_a_fitted_scorer_holds_its_targets_on_what_it_was_calibrated_on() -> None:
    data = embedded(writers=24, genuine=9, forged=9)
    scorer, counts = fit_scorer(data, COHORT)
    assert sorted(scorer.heads) == [1, 2, 3, 4, 5, 6, 7]
    figures = evaluate(data, scorer, [5])["all"]["references"]["5"]
    random = figures["trials"]["random"]
    assert counts[5] == {"genuine": 24 * 4 * REPETITIONS, "skilled": 24 * 9 * REPETITIONS, "random": random}
    assert figures["match_rate_skilled"] <= 0.03
    assert figures["skilled_eer"] < 0.25


@pytest.mark.parametrize(("writers", "forged"), [(3, 4), (8, 0)])
def test_too_few_writers_or_no_forgeries_are_a_sentence(writers: int, forged: int) -> None:
    with pytest.raises(FitError, match="Fewer than 5 validation writers"):
        fit_scorer(embedded(writers=writers, forged=forged), COHORT)


def test_images_are_embedded_in_order_and_bad_ones_marked(tmp_path: Path) -> None:
    from mlcore.embedding.sources import read_manifest

    folder = write_manifest(tmp_path / "data", writers=1, genuine=2, forged=1)
    (folder / "signer001" / "genuine_01.png").write_bytes(b"broken")
    path = write_network(tmp_path / "tiny.onnx")
    network = Network.load(path, file_digest(path))
    data = embed_rows(read_manifest(folder), network.embed)
    assert data.refused.tolist() == [False, True, False]
    assert data.remarks[1] == ("unknown_format",)


def test_plots_are_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    genuine, skilled = rng.normal(-1, 1, 200), rng.normal(1, 1, 200)
    plot_det({"made": (genuine, skilled)}, tmp_path / "plots" / "det.png", title="test")
    plot_scores(genuine, np.append(skilled, np.inf), (-1, 1), tmp_path / "plots" / "scores.png", title="test")
    assert all(path.stat().st_size > 5000 for path in (tmp_path / "plots").iterdir())
