"""Every disturbance does to a page what its name says, and a refused page counts as rejected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlcore.bundle import Bundle, load_bundle
from mlcore.embedding.sources import read_manifest
from mlcore.evaluation.embedded import EmbeddedSet, embed_rows
from mlcore.evaluation.robustness import DISTURBANCES, LIMIT, Disturbed, robustness
from mlcore.imaging import prepare_page
from mlcore.imaging.ink import extract_ink
from tests.mlcore.bundles import make_bundle
from tests.mlcore.embedding.signers import write_manifest
from tests.mlcore.making import drawn_page


def disturbed(name: str) -> np.ndarray:
    return DISTURBANCES[name](drawn_page(4), np.random.default_rng(1))


def ink_of(page: np.ndarray) -> int:
    return int(np.count_nonzero(extract_ink(page).mask))


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_disturbed_page_is_a_page_and_still_holds_a_signature(name: str) -> None:
    page = disturbed(name)
    assert page.dtype == np.uint8 and page.ndim == 2
    assert not prepare_page(page).quality.refused
    assert not np.array_equal(page, drawn_page(4))


def test_sizes_follow_the_resolution() -> None:
    height, width = drawn_page(4).shape
    assert disturbed("a third of the resolution (100 dpi of 300)").shape == (round(height / 3), round(width / 3))
    assert disturbed("half size").shape == (height // 2, width // 2)


def test_bilevel_has_two_levels_and_noise_the_named_spread() -> None:
    assert len(np.unique(disturbed("bilevel"))) == 2
    grey = np.full((200, 200), 128, np.uint8)
    noisy = DISTURBANCES["noise"](grey, np.random.default_rng(1)).astype(float)
    assert noisy.std() == pytest.approx(12.0, abs=0.5)


def test_pens_grow_and_shrink_and_a_line_adds_its_own_width() -> None:
    before = ink_of(drawn_page(4))
    assert 1.2 * before < ink_of(disturbed("thicker pen")) < 2.0 * before
    assert 0.5 * before < ink_of(disturbed("thinner pen")) < 0.9 * before
    lined = disturbed("line across")
    assert np.count_nonzero((lined < 128).mean(axis=1) > 0.95) == 3


def test_turning_cuts_nothing_off() -> None:
    before = 250.0 - drawn_page(4).astype(float)
    for name in ("+10 degrees", "-10 degrees"):
        after = 250.0 - disturbed(name).astype(float)
        assert after.sum() == pytest.approx(before.sum(), rel=0.02)
    assert not np.array_equal(disturbed("+10 degrees"), disturbed("-10 degrees"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(make_bundle(tmp_path_factory.mktemp("model") / "tiny"))


@pytest.fixture(scope="module")
def data(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> EmbeddedSet:
    folder: Path = write_manifest(tmp_path_factory.mktemp("data") / "d", writers=3, genuine=4, forged=2)
    return embed_rows(read_manifest(folder), bundle.embed)


def test_what_changes_nothing_costs_nothing(bundle: Bundle, data: EmbeddedSet) -> None:
    found = robustness(data, bundle, references=2, trials=2, disturbances={"nothing": lambda page, rng: page})
    assert found is not None
    assert (found.writers, found.genuine, found.forged) == (3, 6, 6)
    (item,) = found.disturbed
    assert (item.difference, item.interval) == (0.0, (0.0, 0.0))
    assert item.eer == found.clean_eer
    assert (item.refused_genuine, item.refused_forged) == (0.0, 0.0)


def test_a_refused_page_is_a_rejected_one(bundle: Bundle, data: EmbeddedSet) -> None:
    told: list[tuple[str, int, int]] = []
    found = robustness(
        data, bundle, lambda *news: told.append(news), references=2, trials=2,
        disturbances={"blank": lambda page, rng: np.full_like(page, 250)},
    )  # fmt: skip
    assert found is not None
    (item,) = found.disturbed
    assert (item.refused_genuine, item.refused_forged) == (1.0, 1.0)
    assert (item.frr, item.far) == (1.0, 0.0)
    assert told == [("robustness", 1, 1)]


@pytest.mark.parametrize(("difference", "within"), [(-0.2, True), (LIMIT, True), (LIMIT + 0.001, False)])
def test_three_points_more_are_within_the_limit(difference: float, within: bool) -> None:
    assert LIMIT == 0.03
    assert Disturbed("blur", 0.1, difference, (0.0, 0.1), 0.0, 0.0, 0.1, 0.1).within is within


def test_writers_with_too_few_signatures_leave_nothing_to_measure(bundle: Bundle, data: EmbeddedSet) -> None:
    assert robustness(data, bundle, references=4) is None
