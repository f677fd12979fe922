"""Running an exported network fast: ONNX Runtime, no TensorFlow."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.imaging.hinge import HINGE_SIZE, contour_hinge

Floats = npt.NDArray[np.float32]

VECTOR_SIZE = 128
GRID = (6, 12)
LOCAL_CHANNELS = 32
CELL = 16  # canvas pixels a cell of the grid is wide and high
_MAX_BATCH = 32
_LOCAL_SCALE = 127.0
_HINGE_STORED = np.dtype("<f2")
_HINGE_BYTES = HINGE_SIZE * _HINGE_STORED.itemsize


class ArtefactError(RuntimeError):
    """A model file is missing, damaged or newer than this program; the message says which in one sentence."""


@dataclass(frozen=True, slots=True)
class Features:
    """What is compared of one signature.

    vector: float32 (128,), unit length. local: float32 (6, 12, 32), each cell of unit length. ink: float32 (6, 12),
    mean ink density of each cell, 0..1. hinge: float32 (576,), unit length, see mlcore.imaging.hinge; None where it was
    stored before there was one, for a model that does not ask for it.
    """

    vector: Floats
    local: Floats
    ink: Floats
    hinge: Floats | None = None

    def local_bytes(self) -> bytes:
        """Grid and ink as 8-bit numbers and the hinge as 16-bit ones, 3,528 bytes; the cosine of two cells moves by
        less than 0.01."""
        grid: bytes = np.rint(self.local * _LOCAL_SCALE).astype(np.int8).tobytes()
        ink: bytes = np.rint(np.clip(self.ink, 0, 1) * 255.0).astype(np.uint8).tobytes()
        return grid + ink + (b"" if self.hinge is None else self.hinge.astype(_HINGE_STORED).tobytes())

    @classmethod
    def from_stored(cls, vector: Sequence[float] | Floats, local: bytes | memoryview) -> Features:
        """Rebuild from the database. Raises ArtefactError when the sizes are not this format's."""
        cells = GRID[0] * GRID[1]
        raw = bytes(local)
        described = cells * (LOCAL_CHANNELS + 1)
        if len(raw) not in (described, described + _HINGE_BYTES) or len(vector) != VECTOR_SIZE:
            raise ArtefactError("The stored description of a specimen has another format; it must be made anew.")
        grid = np.frombuffer(raw, np.int8, cells * LOCAL_CHANNELS).astype(np.float32)
        grid = grid.reshape(*GRID, LOCAL_CHANNELS)
        length = np.linalg.norm(grid, axis=-1, keepdims=True)
        ink = np.frombuffer(raw, np.uint8, cells, cells * LOCAL_CHANNELS).astype(np.float32).reshape(GRID) / 255.0
        hinge = _unit(np.frombuffer(raw, _HINGE_STORED, offset=described)) if len(raw) > described else None
        return cls(np.asarray(vector, dtype=np.float32), grid / np.maximum(length, 1e-6), ink, hinge)

    def stored(self) -> Features:
        """The same after a trip through the database, so that a fresh and a stored signature compare alike."""
        return self.from_stored(self.vector, self.local_bytes())


def _unit(hinge: npt.NDArray[Any]) -> Floats:
    exact = hinge.astype(np.float32)
    return np.asarray(exact / max(float(np.linalg.norm(exact)), 1e-6), dtype=np.float32)


def cell_ink(canvases: npt.NDArray[Any]) -> Floats:
    """Mean of each 16 x 16 cell: (N, 96, 192) of values 0..1 -> float32 (N, 6, 12)."""
    count = canvases.shape[0]
    return np.asarray(
        canvases.reshape(count, GRID[0], CELL, GRID[1], CELL).mean(axis=(2, 4), dtype=np.float32), dtype=np.float32
    )


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hex. Raises ArtefactError when it can not be read."""
    try:
        with path.open("rb") as data:
            return hashlib.file_digest(data, "sha256").hexdigest()
    except OSError as error:
        raise ArtefactError(f"The model file {path.name} can not be read: {error.strerror}.") from error


class Network:
    """An exported network. One session serves many threads; each call runs on one core."""

    def __init__(self, session: Any) -> None:
        self._session = session

    @classmethod
    def load(cls, path: Path, sha256: str) -> Network:
        """Open an ONNX file after checking its digest. Raises ArtefactError when missing, damaged or foreign."""
        found = file_digest(path)
        if found != sha256:
            raise ArtefactError(f"The model file {path.name} is damaged: its digest is not the recorded one.")
        import onnxruntime  # here, so that importing this module stays cheap

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ArtefactError(f"The model file {path.name} can not be run here: {error}.") from error
        return cls(session)

    def run(self, canvases: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """uint8 (N, 96, 192), 0 paper .. 255 ink -> vectors (N, 128) and local grids (N, 6, 12, 32)."""
        vectors, grids = [], []
        for start in range(0, len(canvases), _MAX_BATCH):
            batch = canvases[start : start + _MAX_BATCH, ..., None].astype(np.float32) / 255.0
            vector, local = self._session.run(["vector", "local"], {"canvas": batch})
            vectors.append(vector)
            grids.append(local)
        if not vectors:
            return np.zeros((0, VECTOR_SIZE), np.float32), np.zeros((0, *GRID, LOCAL_CHANNELS), np.float32)
        return np.concatenate(vectors), np.concatenate(grids)

    def embed(self, canvases: npt.NDArray[np.uint8]) -> list[Features]:
        """The features of each canvas, uint8 (N, 96, 192)."""
        vectors, grids = self.run(canvases)
        ink = cell_ink(canvases.astype(np.float32) / 255.0)
        hinges = [contour_hinge(canvas) for canvas in canvases]
        return [Features(*parts) for parts in zip(vectors, grids, ink, hinges, strict=True)]

    def embed_stored(self, canvases: npt.NDArray[np.uint8]) -> list[Features]:
        """The same exactly as they come back from the database."""
        return [features.stored() for features in self.embed(canvases)]
