from __future__ import annotations

import numpy as np
import pytest

from mlcore.synthesis import Manner, genuine, make_signer, skilled_forgery
from mlcore.synthesis.alphabet import CAPITAL
from mlcore.synthesis.names import _INDIC_FAMILY, _INDIC_GIVEN, _LATIN_FAMILY, _LATIN_GIVEN


def test_the_same_seed_is_the_same_person() -> None:
    one, again = make_signer(11), make_signer(11)
    assert one.name == again.name
    assert one.hand == again.hand
    assert np.array_equal(one.plan.stacked(), again.plan.stacked())


def test_other_seeds_are_other_people() -> None:
    plans = {make_signer(seed).plan.stacked().tobytes() for seed in range(30)}
    assert len(plans) == 30


def test_all_manners_occur() -> None:
    assert {make_signer(seed).manner for seed in range(60)} == set(Manner)


@pytest.mark.parametrize("manner", list(Manner))
def test_any_manner_can_be_asked_for(manner: Manner) -> None:
    for seed in range(12):
        signer = make_signer(seed, manner=manner)
        written = genuine(signer, 0)
        assert signer.manner is manner
        assert " " in signer.name
        wide, high = np.ptp(written.x[written.pen]), np.ptp(written.y[written.pen])
        assert 8.0 < max(wide, high) < 110.0
        assert 0.8 < written.duration / 1000.0 < 30.0


def test_every_family_name_has_a_capital_to_begin_with() -> None:
    for word in (*_LATIN_GIVEN, *_LATIN_FAMILY, *_INDIC_GIVEN, *_INDIC_FAMILY):
        assert word[0] in CAPITAL


def test_signers_differ_in_length_slant_and_steadiness() -> None:
    signers = [make_signer(seed) for seed in range(40)]
    wide = [np.ptp(s.plan.stacked()[:, 0]) for s in signers]
    parts = [len(s.plan.parts) for s in signers]
    unsteadiness = [s.unsteadiness for s in signers]
    assert max(wide) > 2 * min(wide)
    assert min(parts) <= 3
    assert max(parts) >= 12
    assert max(unsteadiness) > 1.5 * min(unsteadiness)


def test_signatures_move_as_quickly_as_people_write() -> None:
    speeds = [float(np.median(genuine(make_signer(s), 0).speed())) for s in range(20)]
    assert 10.0 < np.median(speeds) < 120.0  # mm/s; pen recordings lie in between


def test_a_signer_makes_both_genuine_signatures_and_target_of_forgeries() -> None:
    signer = make_signer(4)
    assert genuine(signer, 1).ink_length == pytest.approx(skilled_forgery(signer, 1).ink_length, rel=0.5)
