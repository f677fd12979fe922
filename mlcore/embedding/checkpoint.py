"""Checkpoints of a training run: one file, written aside and renamed, so that a kill leaves a whole one."""

from __future__ import annotations

import json
import os
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from mlcore.embedding.network import grow_into, shapes_of
from mlcore.runtime import file_digest

_NAME = "checkpoint.npz"


class CheckpointError(ValueError):
    """The checkpoint belongs to another network, is damaged or can not be written; the message says which."""


Arrays = dict[str, npt.NDArray[Any]]


def save_checkpoint(directory: Path, model: keras.Model, optimizer: Any, state: dict[str, Any]) -> Path:
    """Store weights, optimiser variables and a JSON-ready state in `directory`; returns the file.

    Raises CheckpointError when a weight is not a number or the disk is full; the checkpoint before, where there is one,
    stays then.
    """
    weights = [np.asarray(value) for value in model.get_weights()]
    if not all(np.isfinite(value).all() for value in weights):
        raise CheckpointError(f"The weights are no longer numbers.{kept_in(directory)}")
    arrays = {f"weight_{i}": value for i, value in enumerate(weights)}
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), dtype=np.uint8)
    arrays |= {f"optimizer_{i}": np.asarray(variable) for i, variable in enumerate(optimizer.variables)}
    temporary = directory / (_NAME + ".part")
    try:
        _write(temporary, arrays)
        temporary.replace(directory / _NAME)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise CheckpointError(
            f"The checkpoint can not be written into {directory} ({error.strerror}).{kept_in(directory)}"
        ) from error
    return directory / _NAME


def kept_in(directory: Path) -> str:
    """What there is to go on from when a run ends before its time: a sentence, with a space before it."""
    return " The last checkpoint is kept." if (directory / _NAME).is_file() else " There is no checkpoint yet."


def _write(path: Path, arrays: Arrays) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        np.savez(out, **arrays)  # type: ignore[arg-type]  # the stubs take every name for a flag
        out.flush()
        os.fsync(out.fileno())


def restore_checkpoint(directory: Path, model: keras.Model, optimizer: Any) -> dict[str, Any] | None:
    """Load what save_checkpoint stored; None when there is none. Raises CheckpointError when it does not fit."""
    path = directory / _NAME
    if not path.is_file():
        return None
    try:
        with np.load(path) as archive:
            arrays: Arrays = {name: archive[name] for name in archive.files}
        state: dict[str, Any] = json.loads(arrays.pop("state").tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"The checkpoint {path} is damaged ({error}). Remove it to start afresh.") from error
    weights, moments = _numbered(arrays, "weight_"), _numbered(arrays, "optimizer_")
    found, expected = (weights, moments[: len(optimizer.variables)]), (model.get_weights(), optimizer.variables)
    if [shapes_of(part) for part in found] != [shapes_of(part) for part in expected]:
        raise CheckpointError(f"The checkpoint {path} was written by another network. Remove it to start afresh.")
    model.set_weights(weights)
    for variable, value in zip(optimizer.variables, moments, strict=False):
        variable.assign(value)
    return state


def warm_start(model: keras.Model, start: Path) -> str:
    """Give `model` the weights of a model folder or .keras file; returns the SHA-256 of the Keras file.

    A start with fewer residual blocks will do: `model` then begins by computing what it computes. Raises
    CheckpointError when there is none, it can not be read, or it has another architecture.
    """
    given, digest = open_network(start, "to start from")
    if not grow_into(model, given):
        raise CheckpointError(f"The model to start from, {start}, has another architecture than the one to train.")
    return digest


def open_network(where: Path, purpose: str) -> tuple[keras.Model, str]:
    """The network of a model folder or .keras file and the SHA-256 of that file.

    purpose: what it is for, as the error says it. Raises CheckpointError when there is none or it can not be read.
    """
    path = where / "network.keras" if where.is_dir() else where
    if not path.is_file():
        raise CheckpointError(f"There is no Keras model {purpose}: {path} is missing.")
    try:
        return keras.models.load_model(path, compile=False), file_digest(path)
    except Exception as error:  # Keras raises whatever a foreign archive makes it stumble over
        raise CheckpointError(f"The model {purpose}, {path}, is damaged or not a Keras model.") from error


def _numbered(arrays: Arrays, prefix: str) -> list[npt.NDArray[Any]]:
    return [arrays[f"{prefix}{i}"] for i in range(sum(name.startswith(prefix) for name in arrays))]
