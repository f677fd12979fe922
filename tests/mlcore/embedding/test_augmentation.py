"""Augmentation varies the signature and keeps it one."""

from __future__ import annotations

import dataclasses
import itertools

import cv2
import numpy as np
import pytest

from mlcore.embedding.augmentation import Augmentation, augment
from mlcore.embedding.pseudo_writers import WriterChanges, draw_pseudo_writer
from mlcore.imaging import prepare
from tests.mlcore.embedding.stillness import NO_CHANGE, Still
from tests.mlcore.pages import signature_bytes

FINE = prepare(signature_bytes(2)).fine
PARTS = tuple(field.name for field in dataclasses.fields(Augmentation))
PROBABILITIES = PARTS[PARTS.index("thicken") :]


def apart(left: np.ndarray, right: np.ndarray) -> float:
    return float(np.abs(left.astype(int) - right.astype(int)).mean())


def test_the_same_seed_gives_the_same_canvas_and_another_seed_another() -> None:
    first = augment(FINE, np.random.default_rng(1))
    assert first.shape == (96, 192)
    assert first.dtype == np.uint8
    assert np.array_equal(first, augment(FINE, np.random.default_rng(1)))
    assert not np.array_equal(first, augment(FINE, np.random.default_rng(2)))


def test_everything_at_once_is_decided_by_the_generator_alone() -> None:
    always = Augmentation(thicken=1, binarise=0, fade=1, grain=1, clutter=1, scan=1, cut=1)
    writer = draw_pseudo_writer(np.random.default_rng(1), WriterChanges(cut=1.0))
    first, again = (augment(FINE, np.random.default_rng(8), always, writer) for _ in range(2))
    assert first.any()
    assert np.array_equal(first, again)


def test_ink_stays_within_bounds_over_many_draws() -> None:
    shares = [np.count_nonzero(augment(FINE, np.random.default_rng(seed)) > 80) for seed in range(60)]
    original = np.count_nonzero(prepare(signature_bytes(2)).canvas > 80)
    assert min(shares) > 0.2 * original
    assert max(shares) < 4.0 * original


def test_without_strength_the_canvas_is_nearly_the_products_own() -> None:
    assert apart(augment(FINE, Still(), NO_CHANGE), prepare(signature_bytes(2)).canvas) < 8


@pytest.mark.parametrize("part", PARTS)
def test_each_part_alone_changes_the_canvas_in_some_draw(part: str) -> None:
    strength = dataclasses.replace(NO_CHANGE, **{part: 1.0 if getattr(Augmentation(), part) < 1 else 2.0})
    changes = [
        apart(
            augment(FINE, np.random.default_rng(seed), strength), augment(FINE, np.random.default_rng(seed), NO_CHANGE)
        )
        for seed in range(4)
    ]
    assert max(changes) > 0.3


class Only(np.random.Generator):
    """Draws as ever, but of all that happens with a probability only what is asked about in these places."""

    def __init__(self, places: tuple[int, ...], seed: int = 3) -> None:
        super().__init__(np.random.PCG64(seed))
        self._places, self._asked = places, -1

    def random(self, *_: object, **__: object) -> float:  # type: ignore[override]
        self._asked += 1
        return 0.0 if self._asked in self._places else 1.0 - 1e-9


HALVES = dataclasses.replace(NO_CHANGE, **dict.fromkeys(PROBABILITIES, 0.5))
# What happens, by the places at which it is asked about; where two are named, the second is of what kind it is.
HAPPENS: dict[str, tuple[int, ...]] = {
    "nothing": (),
    "thinner pen": (0,),
    "thicker pen": (0, 1),
    "bilevel": (1,),
    "fading": (2,),
    "grain": (3,),
    "blur": (4,),
    "clutter": (5,),
    "coarse scan": (6,),
    "coarse bilevel scan": (6, 7),
    "JPEG": (7,),
    "cut": (8,),
}


def test_whatever_a_pen_a_scanner_or_a_form_does_is_a_change_of_its_own() -> None:
    """One of two that share a probability, such as fading and blur, must not be missing."""
    found = {name: augment(FINE, Only(places), HALVES) for name, places in HAPPENS.items()}
    for name, other in itertools.combinations(found, 2):
        assert apart(found[name], found[other]) > 0.3, (name, other)
    ink = {name: np.count_nonzero(canvas > 60) for name, canvas in found.items()}
    assert ink["thinner pen"] < ink["nothing"] < ink["thicker pen"]
    assert ink["fading"] < ink["nothing"] < ink["blur"]  # faint edges are lost, or spread
    # Coarse dots move every edge; JPEG leaves them where they were and changes what lies between.
    assert apart(found["JPEG"], found["nothing"]) < 1.0 < apart(found["coarse scan"], found["nothing"])


def test_a_scan_leaves_the_signature_where_and_as_large_as_it_was() -> None:
    """JPEG's ringing or the coarse dots must not become ink at the edges, which would rescale everything."""
    strength = dataclasses.replace(NO_CHANGE, scan=1.0)
    clean = augment(FINE, np.random.default_rng(0), NO_CHANGE)
    for seed in range(12):
        scanned = augment(FINE, np.random.default_rng(seed), strength)
        box, found = (cv2.boundingRect((canvas > 60).astype(np.uint8)) for canvas in (clean, scanned))
        assert np.abs(np.subtract(box, found)).max() <= 6


def test_a_cut_takes_an_end_away_from_a_signature_that_fills_its_canvas() -> None:
    strength = dataclasses.replace(NO_CHANGE, cut=1.0)
    hooked = np.zeros_like(FINE)
    hooked[90:100, 8:376] = 255  # a line as wide as a signature is laid on its canvas
    hooked[60:90, 8:13] = 255  # and a hook at its beginning, which a cut there removes
    heights = [cv2.boundingRect(augment(hooked, np.random.default_rng(seed), strength))[3] for seed in range(24)]
    whole = cv2.boundingRect(augment(hooked, np.random.default_rng(1), NO_CHANGE))[3]
    lost = sum(height < whole / 2 for height in heights)
    assert 3 <= lost <= 15
    assert max(heights) >= whole


def test_a_signature_turned_far_is_not_cut_off() -> None:
    """Only the cells around the ink are worked out; all of its ends must lie in them."""
    corners = np.zeros_like(FINE)
    for row in (70, 120):
        for column in (8, 368):
            corners[row : row + 8, column : column + 8] = 255
    for seed in range(40):
        turned = augment(
            corners, np.random.default_rng(seed), dataclasses.replace(NO_CHANGE, rotation=0.12, elastic=1.6)
        )
        count, _ = cv2.connectedComponents((turned > 100).astype(np.uint8))
        assert count == 1 + 4


def test_an_empty_canvas_stays_empty() -> None:
    assert not augment(np.zeros((192, 384), np.uint8), np.random.default_rng(1)).any()
