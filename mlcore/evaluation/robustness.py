"""Does the figure hold when the questioned picture is worse than the specimens?

A fixed draw of trials per writer is scored clean and again after each disturbance of the questioned page; the specimens
stay as they are. A page that imaging refuses counts as rejected. Both use the same draw, so the difference is paired.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from mlcore.bundle import Bundle
from mlcore.embedding.sources import Progress, Row
from mlcore.evaluation.embedded import EmbeddedSet
from mlcore.evaluation.figures import equal_error_rate, error_rates
from mlcore.imaging import ImageRefused, decode, prepare_page
from mlcore.imaging.ink import extract_ink
from mlcore.imaging.types import Grey
from mlcore.runtime import Features

Floats = npt.NDArray[np.float64]
Pair = tuple[Floats, Floats]
Disturbance = Callable[[Grey, np.random.Generator], Grey]

REFERENCES = 5
TRIALS = 4  # of each kind a writer
LIMIT = 0.03  # by how much the EER may rise, refused images counted as rejected
_ROUNDS = 300
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


@dataclass(frozen=True, slots=True)
class Disturbed:
    """One disturbance: pooled skilled EER, its difference to clean with a 95 % interval over writers.

    refused_genuine, refused_forged: shares of the trials. frr, far: at the threshold of the clean EER, which is what a
    fixed threshold would do.
    """

    name: str
    eer: float
    difference: float
    interval: tuple[float, float]
    refused_genuine: float
    refused_forged: float
    frr: float
    far: float

    @property
    def within(self) -> bool:
        """Whether the EER rises by no more than LIMIT."""
        return self.difference <= LIMIT

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form with the limit and whether it is met."""
        return {**asdict(self), "limit": LIMIT, "within": self.within}


@dataclass(frozen=True, slots=True)
class Robustness:
    """clean_eer: of the same trials. writers: with enough genuine signatures and a forgery. genuine, forged: trials.

    trials: of each kind a writer, at most; one draw of them, so that clean_eer is not the figure of the protocol.
    """

    references: int
    trials: int
    writers: int
    genuine: int
    forged: int
    clean_eer: float
    disturbed: tuple[Disturbed, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {**asdict(self), "disturbed": [item.as_dict() for item in self.disturbed]}


def jpeg_30(page: Grey, rng: np.random.Generator) -> Grey:
    """Saved as JPEG of quality 30."""
    _, data = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 30])
    return _grey(np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)))


def third_size(page: Grey, rng: np.random.Generator) -> Grey:
    """Scanned at a third of the resolution, whatever it was; 100 dpi where it was 300."""
    return _scaled(page, 1 / 3)


def half_size(page: Grey, rng: np.random.Generator) -> Grey:
    """Scanned at half the resolution."""
    return _scaled(page, 0.5)


def bilevel(page: Grey, rng: np.random.Generator) -> Grey:
    """Black and white by Otsu's threshold (1979)."""
    return _grey(cv2.threshold(page, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1])


def turned_left(page: Grey, rng: np.random.Generator) -> Grey:
    """Laid on the scanner 10 degrees askew."""
    return _turned(page, 10.0)


def turned_right(page: Grey, rng: np.random.Generator) -> Grey:
    """The same the other way."""
    return _turned(page, -10.0)


def noisy(page: Grey, rng: np.random.Generator) -> Grey:
    """Gaussian noise of 12 grey levels."""
    return _grey(np.clip(page + rng.normal(0.0, 12.0, page.shape), 0, 255))


def ruled(page: Grey, rng: np.random.Generator) -> Grey:
    """A dark line of 3 pixels across the page at 45 to 75 % of the ink's height, as signing lines lie."""
    ink = extract_ink(page)
    rows = np.flatnonzero(ink.mask.any(axis=1))
    if len(rows) == 0:
        return page
    place = int(rows[0] + rng.uniform(0.45, 0.75) * (rows[-1] - rows[0]))
    lined = page.copy()
    lined[place : place + 3] = np.minimum(lined[place : place + 3], int(np.percentile(page[ink.mask], 25)))
    return lined


def blurred(page: Grey, rng: np.random.Generator) -> Grey:
    """Out of focus: Gaussian of 1.5 pixels."""
    return _grey(cv2.GaussianBlur(page, (0, 0), 1.5))


def thicker(page: Grey, rng: np.random.Generator) -> Grey:
    """A broader pen: every stroke a pixel wider on each side (0.17 mm at 300 dpi)."""
    return _grey(cv2.erode(page, _CROSS))


def thinner(page: Grey, rng: np.random.Generator) -> Grey:
    """A finer pen: strokes narrower by 4/3 pixels (0.11 mm at 300 dpi), taken off at three times the size."""
    large = cv2.resize(page, None, fx=3, fy=3, interpolation=cv2.INTER_LINEAR)
    narrowed = cv2.dilate(large, _CROSS, iterations=2)
    return _grey(cv2.resize(narrowed, page.shape[::-1], interpolation=cv2.INTER_AREA))


DISTURBANCES: dict[str, Disturbance] = {
    "JPEG quality 30": jpeg_30,
    "a third of the resolution (100 dpi of 300)": third_size,
    "bilevel": bilevel,
    "+10 degrees": turned_left,
    "-10 degrees": turned_right,
    "half size": half_size,
    "noise": noisy,
    "line across": ruled,
    "blur": blurred,
    "thinner pen": thinner,
    "thicker pen": thicker,
}


def _grey(values: npt.ArrayLike) -> Grey:
    return np.asarray(values).astype(np.uint8)


def _scaled(page: Grey, factor: float) -> Grey:
    size = (max(1, round(page.shape[1] * factor)), max(1, round(page.shape[0] * factor)))
    return _grey(cv2.resize(page, size, interpolation=cv2.INTER_AREA))


def _turned(page: Grey, degrees: float) -> Grey:
    """Turned about its middle; the sheet grows so that nothing is cut, with paper as light as the page's own."""
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    wide, high = round(width * cosine + height * sine), round(width * sine + height * cosine)
    matrix[:, 2] += ((wide - width) / 2, (high - height) / 2)
    paper = float(np.median(page))
    return _grey(cv2.warpAffine(page, matrix, (wide, high), flags=cv2.INTER_LINEAR, borderValue=paper))


@dataclass(frozen=True, slots=True)
class _Trials:
    """One writer: specimens, and the rows of the signatures that are questioned."""

    specimens: tuple[Features, ...]
    genuine: tuple[Row, ...]
    forged: tuple[Row, ...]


def robustness(
    data: EmbeddedSet,
    bundle: Bundle,
    tell: Progress | None = None,
    *,
    references: int = REFERENCES,
    trials: int = TRIALS,
    disturbances: dict[str, Disturbance] | None = None,
) -> Robustness | None:
    """Measure every disturbance on a fixed draw; None when no writer has enough genuine signatures and a forgery."""
    chosen = DISTURBANCES if disturbances is None else disturbances
    drawn = _drawn(data, references, trials)
    if not drawn:
        return None
    clean = _scores(drawn, bundle, lambda page, rng: page)
    found = []
    for number, (name, disturb) in enumerate(chosen.items()):
        found.append(_compared(name, clean, _scores(drawn, bundle, disturb)))
        if tell:
            tell("robustness", number + 1, len(chosen))
    counts = [sum(len(pair[kind]) for pair in clean) for kind in (0, 1)]
    eer = equal_error_rate(*_pooled(clean))
    return Robustness(references, trials, len(drawn), counts[0], counts[1], eer, tuple(found))


def _drawn(data: EmbeddedSet, references: int, trials: int) -> list[_Trials]:
    found = []
    for dataset, writer in dict.fromkeys((row.dataset, row.writer) for row in data.rows):
        own = data.of_writer(dataset, writer)
        genuine = np.array([data.rows[i].genuine for i in own])
        usable, forged = own[genuine & ~data.refused[own]], own[~genuine]
        if len(usable) <= references or len(forged) == 0:
            continue
        order = np.random.default_rng(zlib.crc32(f"{dataset}/{writer}".encode())).permutation(usable)
        asked = np.setdiff1d(own[genuine], order[:references])
        rng = np.random.default_rng(zlib.crc32(f"{writer}/{dataset}".encode()))
        found.append(
            _Trials(
                tuple(data.features.one(int(i)) for i in order[:references]),
                tuple(data.rows[i] for i in rng.permutation(asked)[:trials]),
                tuple(data.rows[i] for i in rng.permutation(forged)[:trials]),
            )
        )
    return found


def _scores(drawn: Sequence[_Trials], bundle: Bundle, disturb: Disturbance) -> list[Pair]:
    return [
        (_of_rows(writer.genuine, writer, bundle, disturb), _of_rows(writer.forged, writer, bundle, disturb))
        for writer in drawn
    ]


def _of_rows(rows: Sequence[Row], writer: _Trials, bundle: Bundle, disturb: Disturbance) -> Floats:
    """Scores (T,); +inf where imaging refuses the disturbed page."""
    scores = np.full(len(rows), np.inf)
    canvases, kept = [], []
    for position, row in enumerate(rows):
        rng = np.random.default_rng(zlib.crc32(str(row.path.name).encode()) + position)
        try:
            signature = prepare_page(disturb(decode(row.path.read_bytes()).grey, rng))
        except (ImageRefused, OSError):
            continue
        if not signature.quality.refused:
            canvases.append(signature.canvas)
            kept.append(position)
    if kept:
        features = bundle.embed(np.stack(canvases))
        scores[kept] = [bundle.scorer.compare(asked, writer.specimens).score for asked in features]
    return scores


def _compared(name: str, clean: Sequence[Pair], disturbed: Sequence[Pair]) -> Disturbed:
    genuine, forged = _pooled(disturbed)
    before = equal_error_rate(*_pooled(clean))
    after = equal_error_rate(genuine, forged)
    threshold = _threshold(*_pooled(clean))
    return Disturbed(
        name=name,
        eer=after,
        difference=after - before,
        interval=_paired_interval(clean, disturbed),
        refused_genuine=float(np.isinf(genuine).mean()),
        refused_forged=float(np.isinf(forged).mean()),
        frr=float((genuine > threshold).mean()),
        far=float((forged <= threshold).mean()),
    )


def _threshold(genuine: Floats, forged: Floats) -> float:
    thresholds, far, frr = error_rates(genuine, forged)
    return float(thresholds[int(np.argmin(np.abs(far - frr)))])


def _paired_interval(clean: Sequence[Pair], disturbed: Sequence[Pair]) -> tuple[float, float]:
    """95 % interval of the difference of both EERs, the same writers drawn with replacement for both."""
    rng = np.random.default_rng(1)
    values = []
    for _ in range(_ROUNDS):
        picks = rng.integers(len(clean), size=len(clean))
        before, after = (_pooled([pairs[i] for i in picks]) for pairs in (clean, disturbed))
        values.append(equal_error_rate(*after) - equal_error_rate(*before))
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def _pooled(pairs: Sequence[Pair]) -> Pair:
    return np.concatenate([pair[0] for pair in pairs]), np.concatenate([pair[1] for pair in pairs])
