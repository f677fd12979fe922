"""The worst of each kind, drawn."""

from __future__ import annotations

import pytest

from mlcore.bundle import load_bundle
from mlcore.evaluation.failures import Failure, failure_sheet, typical_failures
from tests.mlcore.bundles import make_bundle


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> list[Failure]:
    return typical_failures(load_bundle(make_bundle(tmp_path_factory.mktemp("tiny") / "model")), signers=3, each=2)


def test_the_worst_genuine_signatures_come_first_then_the_best_forgeries(failures: list[Failure]) -> None:
    assert [failure.genuine for failure in failures] == [True, True, False, False]
    assert failures[0].score >= failures[1].score
    assert failures[2].score <= failures[3].score
    assert {failure.verdict for failure in failures} <= {"match", "refer", "no match"}


def test_each_has_a_row_with_its_specimens_and_its_heat(failures: list[Failure]) -> None:
    sheet = failure_sheet(failures)
    assert sheet.shape == (4 * (98 + 22), 5 * (194 + 6), 3)
    assert failures[0].heat.shape == (96, 192)
    assert all(len(failure.specimens) == 5 for failure in failures)
    hot = sheet[22:120, 4 * 200 :].astype(int)
    assert (hot[..., 2] - hot[..., 0] > 60).any()
