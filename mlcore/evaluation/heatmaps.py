"""Does the heat map point where the signature was altered, and does the score hang on the places that it shows?

Found: the altered section lies in the top 20 % when at least 80 % of the inked pixels of either signature are cooler
than the median of its own pixels (the stroke where it now is and where it was); empty paper is of no help. The same
among all pixels of the map is told beside it. Chance is what an unaltered section of the same signature reaches: a map
that lights up anywhere would do as well.

Deletion (after Samek et al. 2017): a compact piece with a tenth of the questioned ink is erased around the hottest
inked pixel, and in comparison around inked pixels drawn at random. It is erased on both canvases, which takes the place
out of the comparison: the score should move further for the hottest place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.bundle import Bundle
from mlcore.embedding.sources import Progress
from mlcore.evaluation.altered import ALTERATIONS, AlteredPair, altered_pairs
from mlcore.imaging.normalisation import PAPER
from mlcore.imaging.types import Grey, Mask
from mlcore.scoring.heatmap import cost_map

Floats = npt.NDArray[np.float32]

PAIRS = 80
TOP = 0.20  # share of the map in which the altered place must lie
ALL = "all"  # alterations together
SHARE_ERASED = 0.10  # of the questioned ink
RANDOM_PLACES = 3
LIMIT = 0.90  # share of pairs in which the altered place must be found, all alterations of a same movement together
DELETION_LIMIT = 0.50  # share of pairs that must be exceeded: the hottest place moves the score further


@dataclass(frozen=True, slots=True)
class Found:
    """How often the altered place lies in the top 20 % of the map, and how often an unaltered one does; shares 0..1.

    limit: the least share among the ink; None for a row that is only told.
    """

    alteration: str
    pairs: int
    of_map: float
    of_ink: float
    chance_of_map: float
    chance_of_ink: float
    limit: float | None = None

    @property
    def within(self) -> bool | None:
        """Whether the place is found among the ink often enough; None without a limit."""
        return None if self.limit is None else self.of_ink >= self.limit

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form with the limit and whether it is met."""
        return {**asdict(self), "within": self.within}


@dataclass(frozen=True, slots=True)
class Deletion:
    """further: share of pairs whose score moves further for the hottest piece than for the mean random one.

    hottest, random: mean absolute change of the score (log odds) when that piece is erased on both canvases.
    questioned_*: the same when it is erased on the questioned canvas only, where it then counts as missing.
    """

    pairs: int
    further: float
    hottest: float
    random: float
    questioned_further: float
    questioned_hottest: float
    questioned_random: float

    @property
    def within(self) -> bool | None:
        """Whether the hottest piece, erased on both canvases, changes the score more than a random one.

        In more than half of the pairs and on average; None without a pair.
        """
        return self.further > DELETION_LIMIT and self.hottest > self.random if self.pairs else None

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form with the limit and whether it is met."""
        return {**asdict(self), "limit": DELETION_LIMIT, "within": self.within}


@dataclass(frozen=True, slots=True)
class HeatMaps:
    """found: one row an alteration and one for all, the specimen being the same movement with another pen.

    varied: the same against three other signatures of the signer, whose own variation competes with the alteration.
    """

    found: tuple[Found, ...]
    varied: tuple[Found, ...]
    deletion: Deletion

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        found, varied = ([item.as_dict() for item in part] for part in (self.found, self.varied))
        return {"found": found, "varied": varied, "deletion": self.deletion.as_dict()}


@dataclass(frozen=True, slots=True)
class _Looked:
    alteration: str
    of_map: bool
    of_ink: bool
    chance_of_map: bool
    chance_of_ink: bool


def heat_maps(bundle: Bundle, tell: Progress | None = None, *, pairs: int = PAIRS, seed: int = 1) -> HeatMaps:
    """Measure maps on `pairs` synthetic pairs of each sort; the same seed gives the same pairs."""
    looked: dict[bool, list[_Looked]] = {True: [], False: []}
    changes: list[npt.NDArray[np.float64]] = []
    for twin in (True, False):
        for pair in altered_pairs(pairs, specimens=1 if twin else 3, seed=seed, twin=twin):
            heat = _heat(pair, bundle)
            looked[twin].append(_look(pair, heat))
            if twin:
                changes.append(_deletion(pair, heat, bundle, np.random.default_rng([seed, len(changes)])))
            if tell:
                tell("heat maps", len(looked[True]) + len(looked[False]), 2 * pairs)
    found, varied = _summary(looked[True], limit=LIMIT), _summary(looked[False], limit=None)
    return HeatMaps(found, varied, _deleted(np.array(changes)))


def _heat(pair: AlteredPair, bundle: Bundle) -> Floats:
    canvases = np.stack([pair.questioned.canvas, *(known.canvas for known in pair.specimens)])
    questioned, *specimens = bundle.embed(canvases)
    return cost_map(questioned, specimens)


def _look(pair: AlteredPair, heat: Floats) -> _Looked:
    ink = pair.region | (pair.questioned.canvas > PAPER)
    for known in pair.specimens:
        ink = ink | (known.canvas > PAPER)
    altered, unaltered = (float(np.median(heat[place])) for place in (pair.region, pair.elsewhere))
    return _Looked(
        pair.alteration,
        of_map=_on_top(altered, heat),
        of_ink=_on_top(altered, heat[ink]),
        chance_of_map=_on_top(unaltered, heat),
        chance_of_ink=_on_top(unaltered, heat[ink]),
    )


def _on_top(value: float, heat: Floats) -> bool:
    """Whether at least 80 % of the pixels are cooler; equally warm ones are not, so that a flat map finds nothing."""
    return bool((heat < value).mean() >= 1.0 - TOP)


def _summary(looked: Sequence[_Looked], *, limit: float | None) -> tuple[Found, ...]:
    """A row an alteration, then one for all; the limit is for the last."""
    parts = [(kind, [item for item in looked if item.alteration == kind]) for kind in ALTERATIONS]
    return tuple(
        Found(
            name,
            len(items),
            _share([item.of_map for item in items]),
            _share([item.of_ink for item in items]),
            _share([item.chance_of_map for item in items]),
            _share([item.chance_of_ink for item in items]),
            limit if name == ALL else None,
        )
        for name, items in [*parts, (ALL, list(looked))]
        if items
    )


def _deletion(pair: AlteredPair, heat: Floats, bundle: Bundle, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """(4,): mean absolute change of the score for the hottest and a random piece, on both canvases, then on one."""
    canvas, known = pair.questioned.canvas, pair.specimens[0].canvas
    inked = np.argwhere(canvas > PAPER)
    hottest = inked[int(np.argmax(heat[canvas > PAPER]))]
    centres = [hottest, *inked[rng.integers(len(inked), size=RANDOM_PLACES)]]
    pieces = [piece_around(canvas, centre) for centre in centres]
    shown = [canvas, known, *(np.where(p, 0, canvas) for p in pieces), *(np.where(p, 0, known) for p in pieces)]
    features = bundle.embed(np.stack(shown).astype(np.uint8))
    asked, specimen, count = features[0], features[1], len(pieces)
    before = bundle.scorer.compare(asked, [specimen]).score
    both = [abs(bundle.scorer.compare(features[2 + i], [features[2 + count + i]]).score - before) for i in range(count)]
    one = [abs(bundle.scorer.compare(features[2 + i], [specimen]).score - before) for i in range(count)]
    return np.array([both[0], np.mean(both[1:]), one[0], np.mean(one[1:])])


def piece_around(canvas: Grey, centre: npt.NDArray[np.int64], share: float = SHARE_ERASED) -> Mask:
    """The disc around `centre` (row, column) that holds about `share` of the ink of a canvas: bool (H, W)."""
    rows, columns = np.indices(canvas.shape)
    distance = np.hypot(rows - centre[0], columns - centre[1])
    order = np.argsort(distance, axis=None, kind="stable")
    ink = np.cumsum(canvas.ravel()[order].astype(np.float64))
    last = int(np.searchsorted(ink, share * ink[-1]))
    return np.asarray(distance <= distance.ravel()[order[min(last, len(order) - 1)]], dtype=np.bool_)


def _deleted(changes: npt.NDArray[np.float64]) -> Deletion:
    """changes: (N, 4) in the order of _deletion."""
    if len(changes) == 0:
        return Deletion(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    both_hottest, both_random, one_hottest, one_random = changes.mean(axis=0)
    return Deletion(
        pairs=len(changes),
        further=float((changes[:, 0] > changes[:, 1]).mean()),
        hottest=float(both_hottest),
        random=float(both_random),
        questioned_further=float((changes[:, 2] > changes[:, 3]).mean()),
        questioned_hottest=float(one_hottest),
        questioned_random=float(one_random),
    )


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags)
