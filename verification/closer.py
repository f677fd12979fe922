"""A questioned signature and one specimen, looked at closely: laid over each other, and where they differ."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from customers.blobs import BlobDamaged
from customers.models import Specimen
from customers.selectors import specimen_bytes
from mlcore.bundle import ArtefactError, Bundle
from mlcore.imaging import ImageRefused, Signature, array_png, prepare
from mlcore.scoring.copies import alignment, sketch_of
from mlcore.scoring.heatmap import cost_map
from mlcore.selectors import model_bundle
from verification.images import ImageLost, questioned_signature
from verification.models import Verification

Colour = npt.NDArray[np.uint8]

# questioned, specimen: ink in one colour on nothing, to be laid over each other; heat: the questioned ink over the
# heat of what differs.
LAYERS = ("questioned", "specimen", "heat")
_RED, _BLUE = (196, 60, 40), (20, 90, 170)
_SIZE = (768, 384)
_ROOM = (48, 24)  # pixels of the fine canvas, across and down: a specimen that is laid over may reach further
_HOTTEST = 1.2  # heat from which the colour no longer changes


def closer_png(*, verification: Verification, specimen: Specimen, layer: str) -> bytes:
    """PNG 768 x 384 of one of LAYERS. Raises ImageLost; for heat also where the model that judged is gone."""
    asked = questioned_signature(verification)
    if layer == "questioned":
        return array_png(_tinted(_with_room(asked.fine), _RED))
    try:
        known = prepare(specimen_bytes(specimen=specimen))
    except (BlobDamaged, ImageRefused) as error:
        raise ImageLost from error
    if layer == "specimen":
        return array_png(_tinted(_laid_over(known, asked), _BLUE))
    try:
        bundle = model_bundle(verification.model_version)
    except ArtefactError as error:
        raise ImageLost from error
    return array_png(_heat(asked, known, bundle))


def _tinted(ink: npt.NDArray[np.uint8], colour: tuple[int, int, int]) -> Colour:
    """Ink, uint8 (H, W), as a picture (384, 768, 4) of one colour whose opacity is the ink."""
    large = cv2.resize(ink, _SIZE, interpolation=cv2.INTER_CUBIC)
    plane = np.empty((*large.shape, 4), np.uint8)
    plane[..., :3], plane[..., 3] = colour, large
    return plane


def _laid_over(known: Signature, asked: Signature) -> npt.NDArray[np.uint8]:
    """The specimen's ink, moved, turned and scaled onto the questioned one as well as it goes, with room around."""
    matrix = alignment(sketch_of(asked.canvas), sketch_of(known.canvas)).matrix()
    # From canvas pixels to those of the fine canvas, two of which lie in one.
    matrix[:, 2] = 2 * matrix[:, 2] + 0.5 - 0.5 * matrix[:, :2].sum(axis=1)
    matrix[:, 2] += _ROOM
    size = (known.fine.shape[1] + 2 * _ROOM[0], known.fine.shape[0] + 2 * _ROOM[1])
    return np.asarray(cv2.warpAffine(known.fine, matrix, size, flags=cv2.INTER_LINEAR), dtype=np.uint8)


def _with_room(fine: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.pad(fine, ((_ROOM[1], _ROOM[1]), (_ROOM[0], _ROOM[0])))


def _heat(asked: Signature, known: Signature, bundle: Bundle) -> Colour:
    """The questioned ink, grey, over the heat: clear where it agrees, yellow to dark red where it does not."""
    questioned, specimen = bundle.embed(np.stack([asked.canvas, known.canvas]))
    height, width = asked.fine.shape
    heat = np.clip(cost_map(questioned, specimen, shape=(2 * height, 2 * width)) / _HOTTEST, 0, 1)[..., None]
    cold, warm, hot = (np.array(colour, np.float32) for colour in ((255, 255, 255), (255, 205, 80), (200, 30, 20)))
    paper = np.where(heat < 0.5, cold + (warm - cold) * 2 * heat, warm + (hot - warm) * (2 * heat - 1))
    ink = cv2.resize(asked.fine, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)[..., None] / 255.0
    return np.asarray(paper * (1 - ink) + 25.0 * ink, dtype=np.uint8)
