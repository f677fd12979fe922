"""Typical failures, shown on synthetic signers: no picture of a real signature may leave a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np

from mlcore.bundle import Bundle
from mlcore.imaging import CANVAS_WIDTH, prepare
from mlcore.imaging.types import Grey, Signature
from mlcore.runtime import Features
from mlcore.scoring.heatmap import cost_map
from mlcore.synthesis import make_signer, signature_png

FIRST_SIGNER = 90_000  # apart from those of training, demo and tests
SKILL = 0.9
_SPECIMENS, _QUESTIONED = 5, 3
_GAP, _CAPTION = 6, 22


@dataclass(frozen=True, slots=True)
class Failure:
    """A questioned signature that was judged wrongly, or came nearest to it. canvases: uint8 (96, 192)."""

    genuine: bool
    score: float
    verdict: str
    questioned: Grey
    heat: np.ndarray
    specimens: tuple[Grey, ...]


def typical_failures(bundle: Bundle, *, signers: int = 40, each: int = 4) -> list[Failure]:
    """The genuine signatures that score worst, then the forgeries of skill 0.9 that score best, `each` of both.

    At most one a signer; five specimens. Refused images are passed over, and a signer without five usable specimens.
    """
    found: dict[bool, list[Failure]] = {True: [], False: []}
    for seed in range(FIRST_SIGNER, FIRST_SIGNER + signers):
        for genuine, failures in _of_signer(bundle, seed).items():
            if failures:
                found[genuine].append(max(failures, key=_wrongness))
    return [item for kind in (True, False) for item in sorted(found[kind], key=_wrongness, reverse=True)[:each]]


def _wrongness(failure: Failure) -> float:
    return failure.score if failure.genuine else -failure.score


def _of_signer(bundle: Bundle, seed: int) -> dict[bool, list[Failure]]:
    signer = make_signer(seed)
    found: dict[bool, list[Failure]] = {True: [], False: []}
    # The first five; spare ones, which come after the questioned, only take the place of refused ones.
    spare = range(_SPECIMENS + _QUESTIONED, 2 * _SPECIMENS + _QUESTIONED)
    written = (prepare(signature_png(signer, number)) for number in (*range(_SPECIMENS), *spare))
    specimens = list(islice((one for one in written if not one.quality.refused), _SPECIMENS))
    if len(specimens) < _SPECIMENS:
        return found
    known = bundle.embed(np.stack([specimen.canvas for specimen in specimens]))
    for genuine in found:
        for number in range(_SPECIMENS, _SPECIMENS + _QUESTIONED):
            asked = prepare(signature_png(signer, number, forged_with=None if genuine else SKILL))
            if not asked.quality.refused:
                found[genuine].append(_judged(bundle, asked, specimens, known, genuine=genuine))
    return found


def _judged(
    bundle: Bundle, asked: Signature, specimens: Sequence[Signature], known: Sequence[Features], *, genuine: bool
) -> Failure:
    features = bundle.embed(asked.canvas[None])[0]
    judgement = bundle.judge(asked, features, known)
    canvases = tuple(specimen.canvas for specimen in specimens)
    heat = cost_map(features, known)
    verdict = judgement.verdict.value.replace("_", " ")
    return Failure(genuine, judgement.score, verdict, asked.canvas, heat, canvases)


def failure_sheet(failures: Sequence[Failure]) -> np.ndarray:
    """A row a failure, uint8 (H, W, 3) BGR: three specimens, the questioned signature, and where it departs.

    Without a failure a small sheet that says so.
    """
    if not failures:
        sheet = np.full((_CAPTION, 2 * CANVAS_WIDTH, 3), 255, np.uint8)
        return _written(sheet, "No signature could be judged, so there is none to show.")
    return np.concatenate([_row(failure) for failure in failures])


def _row(failure: Failure) -> np.ndarray:
    cells = [_on_paper(canvas) for canvas in (*failure.specimens[:3], failure.questioned)]
    cells.append(_heated(failure))
    gap = np.full((cells[0].shape[0], _GAP, 3), 255, np.uint8)
    picture = np.concatenate([part for cell in cells for part in (cell, gap)], axis=1)
    caption = np.full((_CAPTION, picture.shape[1], 3), 255, np.uint8)
    kind = "genuine" if failure.genuine else f"forgery, skill {SKILL:g}"
    text = f"{kind}: {failure.verdict}, score {failure.score:.1f}   (three of five specimens, questioned, heat map)"
    return np.concatenate([_written(caption, text), picture])


def _written(paper: np.ndarray, text: str) -> np.ndarray:
    """`paper` with a line of text, in place."""
    cv2.putText(paper, text, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (60, 60, 60), 1, cv2.LINE_AA)
    return paper


def _on_paper(canvas: Grey) -> np.ndarray:
    picture = cv2.cvtColor(255 - canvas, cv2.COLOR_GRAY2BGR)
    return cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(210, 210, 210))


def _heated(failure: Failure) -> np.ndarray:
    warmth = np.clip(failure.heat / max(float(failure.heat.max()), 1e-6), 0, 1)[..., None]
    paper = np.full((*failure.heat.shape, 3), 255.0)
    tinted = paper * (1 - 0.75 * warmth) + np.array([40.0, 80.0, 230.0]) * 0.75 * warmth
    ink = failure.questioned[..., None] / 255.0
    picture = (tinted * (1 - ink) + 30.0 * ink).astype(np.uint8)
    return cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(210, 210, 210))
