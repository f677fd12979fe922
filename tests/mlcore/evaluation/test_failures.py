"""The worst of each kind, drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mlcore.bundle import Bundle, load_bundle
from mlcore.evaluation import failures as drawing
from mlcore.evaluation.failures import Failure, failure_sheet, typical_failures
from mlcore.imaging import prepare
from mlcore.imaging.types import Quality, Remark, Signature
from tests.mlcore.bundles import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(make_bundle(tmp_path_factory.mktemp("tiny") / "model"))


@pytest.fixture(scope="module")
def failures(bundle: Bundle) -> list[Failure]:
    return typical_failures(bundle, signers=3, each=2)


def preparing(change: Callable[[int, Quality], Quality]) -> Callable[[bytes], Signature]:
    """prepare() with the quality of the n-th picture changed."""
    seen: list[bytes] = []

    def changed(data: bytes) -> Signature:
        signature = prepare(data)
        seen.append(data)
        return replace(signature, quality=change(len(seen) - 1, signature.quality))

    return changed


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


def test_the_verdict_is_that_of_the_product_which_refers_a_poor_picture(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Remark("small", "The signature is small.")
    poor = preparing(lambda number, quality: replace(quality, grade="usable", remarks=(small,)))
    monkeypatch.setattr(drawing, "prepare", poor)
    assert {failure.verdict for failure in typical_failures(bundle, signers=2, each=2)} == {"refer"}


def test_a_refused_specimen_makes_place_for_the_next(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = typical_failures(bundle, signers=1, each=1)[0].specimens
    refuse_first = preparing(lambda number, quality: replace(quality, grade="good" if number else "refused"))
    monkeypatch.setattr(drawing, "prepare", refuse_first)
    found = typical_failures(bundle, signers=1, each=1)[0].specimens
    assert len(found) == 5
    assert all(np.array_equal(one, other) for one, other in zip(found[:4], whole[1:], strict=True))
    assert not any(np.array_equal(found[4], other) for other in whole)


def test_where_nothing_could_be_judged_the_sheet_says_so(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "prepare", preparing(lambda number, quality: replace(quality, grade="refused")))
    assert typical_failures(bundle, signers=1) == []
    sheet = failure_sheet([])
    assert sheet.shape == (22, 2 * 192, 3)
    assert (sheet < 128).any()
