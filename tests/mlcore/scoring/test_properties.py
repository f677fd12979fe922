"""What a verdict must not depend on: the order of specimens, the place on the page, a lossless re-encoding."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlcore.bundle import BASE_DIRECTORY, Bundle, load_bundle
from mlcore.imaging import prepare, prepare_page
from mlcore.imaging.decoding import decode
from mlcore.imaging.types import Signature
from mlcore.runtime import Features
from mlcore.scoring import Judgement
from tests.mlcore.bundles import make_bundle
from tests.mlcore.pages import encoded, signature_bytes

WIDTH, HEIGHT = 1500, 800  # below the working side, so that no page is scaled down
FEW = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module", params=["tiny", "shipped"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder: Path = BASE_DIRECTORY
    if request.param == "tiny":
        folder = make_bundle(tmp_path_factory.mktemp("models") / "tiny")
    return load_bundle(folder)


@functools.cache
def signature(signer: int, seed: int) -> Signature:
    return prepare(signature_bytes(signer, seed))


@functools.cache
def clean_page(signer: int = 1, seed: int = 1) -> np.ndarray:
    """A signature on paper that is white everywhere, cut out closely, uint8 (H, W)."""
    page = decode(signature_bytes(signer, seed)).grey
    page = np.where(page > 200, 255, page).astype(np.uint8)
    rows, columns = np.nonzero(page < 255)
    cut = page[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert cut.shape[0] < HEIGHT - 100
    assert cut.shape[1] < WIDTH - 100
    return cut


def embedded(bundle: Bundle, signatures: list[Signature]) -> list[Features]:
    return bundle.embed(np.stack([item.canvas for item in signatures]))


def judged(bundle: Bundle, questioned: Signature, specimens: list[Features]) -> Judgement:
    (features,) = embedded(bundle, [questioned])
    return bundle.judge(questioned, features, specimens)


def same(left: Judgement, right: Judgement) -> None:
    """The same verdict for the same reasons, and the same figures to rounding."""
    assert left.verdict is right.verdict
    assert [reason.code for reason in left.reasons] == [reason.code for reason in right.reasons]
    for figure in ("score", "probability", "far", "likelihood_ratio"):
        assert getattr(left, figure) == pytest.approx(getattr(right, figure), rel=1e-3, abs=1e-4)


@FEW
@given(
    signer=st.sampled_from([1, 2]),
    chosen=st.lists(st.integers(1, 8), min_size=2, max_size=7, unique=True),
    data=st.data(),
)
def test_the_order_of_specimens_changes_nothing(
    bundle: Bundle, signer: int, chosen: list[int], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(chosen))))
    specimens = embedded(bundle, [signature(1, seed) for seed in chosen])
    questioned = signature(signer, 20)
    (features,) = embedded(bundle, [questioned])
    shuffled = [specimens[index] for index in order]
    first, second = bundle.scorer.compare(features, specimens), bundle.scorer.compare(features, shuffled)
    assert first.score == pytest.approx(second.score, abs=1e-4)
    assert first.probability == pytest.approx(second.probability, abs=1e-5)
    for place, index in enumerate(order):
        assert second.distances[place].vector == pytest.approx(first.distances[index].vector, abs=1e-5)
        assert second.distances[place].local == pytest.approx(first.distances[index].local, abs=1e-5)
    same(bundle.judge(questioned, features, specimens), bundle.judge(questioned, features, shuffled))


@FEW
@given(signer=st.sampled_from([1, 2]), left=st.integers(1, 90), top=st.integers(1, 90))
def test_the_place_on_the_page_changes_nothing(bundle: Bundle, signer: int, left: int, top: int) -> None:
    ink = clean_page(signer, 20)

    def on_page(x: int, y: int) -> Signature:
        page = np.full((HEIGHT, WIDTH), 255, np.uint8)
        page[y : y + ink.shape[0], x : x + ink.shape[1]] = ink
        return prepare_page(page)

    here, there = on_page(40, 40), on_page(left, top)
    assert there.box is not None
    assert np.array_equal(here.canvas, there.canvas)
    assert np.array_equal(here.fine, there.fine)
    specimens = embedded(bundle, [signature(1, seed) for seed in (1, 2, 3)])
    same(judged(bundle, here, specimens), judged(bundle, there, specimens))


@FEW
@given(signer=st.sampled_from([1, 2]), left=st.integers(10, 90), top=st.integers(10, 90), count=st.integers(1, 7))
def test_on_grey_and_grainy_paper_the_place_hardly_counts(
    bundle: Bundle, signer: int, left: int, top: int, count: int
) -> None:
    """The grain lies differently under the ink at every place, so figures move a little and the verdict does not."""
    ink = clean_page(signer, 20)

    def on_page(x: int, y: int) -> Signature:
        page = 222 + np.random.default_rng(7).normal(0, 4, (HEIGHT, WIDTH))
        part = page[y : y + ink.shape[0], x : x + ink.shape[1]]
        part *= ink / 255.0
        return prepare_page(np.clip(page, 0, 255).astype(np.uint8))

    here, there = on_page(40, 40), on_page(left, top)
    specimens = embedded(bundle, [signature(1, seed) for seed in range(1, count + 1)])
    first, second = judged(bundle, here, specimens), judged(bundle, there, specimens)
    assert first.verdict is second.verdict
    assert first.score == pytest.approx(second.score, abs=0.15)


ENCODINGS: dict[str, tuple[str, dict[str, object]]] = {
    "png, uncompressed": ("PNG", {"compress_level": 0}),
    "png, smallest": ("PNG", {"optimize": True}),
    "webp": ("WEBP", {"lossless": True}),
    "tiff": ("TIFF", {}),
    "tiff, lzw": ("TIFF", {"compression": "tiff_lzw"}),
    "tiff, deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "bmp": ("BMP", {}),
}


@FEW
@given(
    kind=st.sampled_from(sorted(ENCODINGS)),
    signer=st.sampled_from([1, 2]),
    seed=st.integers(20, 25),
    count=st.integers(1, 7),
)
def test_a_lossless_encoding_changes_nothing(bundle: Bundle, kind: str, signer: int, seed: int, count: int) -> None:
    name, options = ENCODINGS[kind]
    specimens = embedded(bundle, [signature(1, number) for number in range(1, count + 1)])
    original = signature(signer, seed)
    again = prepare(encoded(decode(signature_bytes(signer, seed)).grey, name, **options))
    assert np.array_equal(original.canvas, again.canvas)
    assert np.array_equal(original.fine, again.fine)
    assert judged(bundle, original, specimens) == judged(bundle, again, specimens)


@pytest.mark.parametrize("kind", ENCODINGS)
def test_every_lossless_encoding_gives_the_same_canvas(kind: str) -> None:
    name, options = ENCODINGS[kind]
    again = prepare(encoded(decode(signature_bytes(1, 20)).grey, name, **options))
    assert np.array_equal(signature(1, 20).canvas, again.canvas)


def test_a_grey_page_saved_in_colour_is_the_same_page() -> None:
    grey = decode(signature_bytes(1, 20)).grey
    coloured = prepare(encoded(np.repeat(grey[..., None], 3, axis=2)))
    assert np.array_equal(coloured.canvas, signature(1, 20).canvas)
