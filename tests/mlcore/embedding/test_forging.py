"""Made forgeries: like the signature, not it; the closer the skill, the closer the copy."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.embedding.forging import forge
from mlcore.imaging import prepare_page
from mlcore.imaging.normalisation import to_canvas
from mlcore.imaging.types import Grey
from mlcore.scoring.copies import COPY_FROM, copy_likeness, sketch_of
from mlcore.synthesis import RenderStyle, genuine, make_signer, render


def fine(signer: int, seed: int = 0) -> Grey:
    style = RenderStyle.random(np.random.default_rng(seed))
    return prepare_page(render(genuine(make_signer(signer), seed), style, seed)).fine


SIGNERS = range(6_001, 6_009)


def likeness(skill: float) -> float:
    found = []
    for signer in SIGNERS:
        own = fine(signer)
        forged = forge(own, np.random.default_rng(signer), skill=skill)
        found.append(copy_likeness(sketch_of(to_canvas(own)), sketch_of(to_canvas(forged))))
    return float(np.mean(found))


def test_it_keeps_form_and_range_and_is_seeded() -> None:
    own = fine(6_001)
    first, again, other = (forge(own, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == own.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_about_as_much_is_written_as_in_the_original() -> None:
    for signer in SIGNERS:
        own = fine(signer)
        ratio = (forge(own, np.random.default_rng(1)) > 90).sum() / (own > 90).sum()
        assert 0.4 < ratio < 2.5


def test_it_is_no_copy_line_on_line_and_skill_brings_it_closer() -> None:
    careless, close = likeness(0.0), likeness(1.0)
    assert careless < close < COPY_FROM + 0.1
    assert careless < 0.6


def test_an_empty_canvas_stays_empty() -> None:
    assert forge(np.zeros((192, 384), np.uint8), np.random.default_rng(1)).max() == pytest.approx(0)
