"""Checkpoints of a training run: one file, written aside and renamed, so that a kill leaves a whole one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

_NAME = "checkpoint.npz"


class CheckpointError(ValueError):
    """The checkpoint belongs to another network or is damaged; the message says which."""


def save_checkpoint(directory: Path, model: keras.Model, optimizer: Any, state: dict[str, Any]) -> Path:
    """Store weights, optimiser variables and a JSON-ready state in `directory`; returns the file."""
    directory.mkdir(parents=True, exist_ok=True)
    arrays = {f"weight_{i}": np.asarray(value) for i, value in enumerate(model.get_weights())}
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), dtype=np.uint8)
    arrays |= {f"optimizer_{i}": np.asarray(variable) for i, variable in enumerate(optimizer.variables)}
    temporary = directory / (_NAME + ".part")
    with temporary.open("wb") as out:
        np.savez(out, **arrays)  # type: ignore[arg-type]  # the stubs take every name for a flag
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(directory / _NAME)
    return directory / _NAME


def restore_checkpoint(directory: Path, model: keras.Model, optimizer: Any) -> dict[str, Any] | None:
    """Load what save_checkpoint stored; None when there is none. Raises CheckpointError when it does not fit."""
    path = directory / _NAME
    if not path.is_file():
        return None
    try:
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        state: dict[str, Any] = json.loads(arrays.pop("state").tobytes())
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise CheckpointError(f"The checkpoint {path} is damaged ({error}). Remove it to start afresh.") from error
    weights = [arrays[f"weight_{i}"] for i in range(sum(name.startswith("weight_") for name in arrays))]
    shapes = [tuple(value.shape) for value in model.get_weights()]
    if [value.shape for value in weights] != shapes:
        raise CheckpointError(f"The checkpoint {path} was written by another network. Remove it to start afresh.")
    model.set_weights(weights)
    for i, variable in enumerate(optimizer.variables):
        variable.assign(arrays[f"optimizer_{i}"])
    return state
