"""Who is judged by which head while the decision is calibrated."""

from __future__ import annotations

import numpy as np

from mlcore.evaluation.fitting import FOLDS, _folds
from mlcore.evaluation.protocol import WriterTrials


def of(**writers: int) -> list[WriterTrials]:
    """So many writers of each data set, each with two draws."""
    return [
        WriterTrials(name, str(index), np.zeros(0, np.int64), (), {}, {})
        for name, count in writers.items()
        for index in range(count)
        for _draw in range(2)
    ]


def test_three_data_sets_leave_each_other_out() -> None:
    folds = _folds(of(scans=4, pens=3, forms=2))
    assert len(folds) == 9
    assert len(set(folds.values())) == 3
    assert all(folds[one] == folds[other] for one in folds for other in folds if one[0] == other[0])


def test_with_two_data_sets_or_too_few_others_writers_do() -> None:
    for found in (of(scans=12, pens=9), of(scans=20, pens=2, forms=2)):
        folds = _folds(found)
        assert len(set(folds.values())) == FOLDS
        assert max(np.bincount(list(folds.values()))) <= 3
    assert len(set(_folds(of(scans=4)).values())) == 4
