from __future__ import annotations

import string

import numpy as np
import pytest

from mlcore.synthesis.alphabet import CAPITAL, CURSIVE, DELAYED, HANGING, glyph
from mlcore.synthesis.flourish import CONNECTED, SEPARATE, flourish
from mlcore.synthesis.names import indic_name, latin_name


def test_every_letter_of_the_latin_alphabet_can_be_written() -> None:
    assert set(CURSIVE) == set(string.ascii_lowercase)
    assert set(CAPITAL) == set(string.ascii_uppercase)
    assert set(DELAYED) < set(CURSIVE)


def test_every_glyph_can_be_read_and_stays_within_its_lines() -> None:
    texts = [*CURSIVE.values(), *DELAYED.values(), *HANGING.values(), *(t for forms in CAPITAL.values() for t in forms)]
    for text in texts:
        for run in glyph(text):
            assert len(run.points) == len(run.cusp) >= 2
            assert run.points[:, 1].min() >= -12
            assert run.points[:, 1].max() <= 24


def test_the_notation_knows_cusps_and_lifts() -> None:
    first, second = glyph("1,2c 3,-4.5 | 5,6 7,8c")
    assert first.points.tolist() == [[1.0, 2.0], [3.0, -4.5]]
    assert first.cusp.tolist() == [True, False]
    assert second.cusp.tolist() == [False, True]


@pytest.mark.parametrize("kind", [*CONNECTED, *SEPARATE])
def test_every_flourish_stays_in_reach_of_the_name(kind: str) -> None:
    box = (0.0, -5.0, 100.0, 22.0)
    for seed in range(10):
        for run in flourish(kind, np.array([98.0, 2.0]), box, np.random.default_rng(seed)):
            assert len(run.points) == len(run.cusp) >= 2
            assert np.isfinite(run.points).all()
            assert (np.abs(run.points - [50.0, 5.0]) < [110.0, 60.0]).all()


def test_names_are_made_of_letters() -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        for name in (latin_name(rng), indic_name(rng)):
            given, family = name.split(" ")
            assert given.isalpha()
            assert family.isalpha()
