from __future__ import annotations

import pytest

from mlcore.retraining.templatetags.retraining import duration, megabytes, per_cent, points


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (20, "less than a minute"),
        (80, "about 1 minute"),
        (540, "about 9 minutes"),
        (7100, "about 118 minutes"),
        (9000, "about 2.5 hours"),
    ],
)
def test_a_time_is_said_in_its_unit(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


def test_shares_and_differences_have_their_sign_and_unit() -> None:
    assert (per_cent(0.0615), per_cent(0.2, 0), per_cent(None)) == ("6.2 %", "20 %", "not measured")
    assert (points(-0.015), points(0.0021), points(0.0), points(None)) == ("−1.5", "+0.2", "±0.0", "not measured")
    assert (points(-0.0001), megabytes(3_920_000), megabytes(None)) == ("±0.0", "3.9 MB", "not measured")
