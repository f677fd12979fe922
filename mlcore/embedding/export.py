"""From the Keras file, which is the source of truth, to the ONNX file that serves; equality is asserted."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from mlcore.imaging.types import CANVAS_HEIGHT, CANVAS_WIDTH
from mlcore.runtime import Network, file_digest

PARITY = 1e-5
_OPSET = 18


class ExportError(RuntimeError):
    """The exported network does not compute what the trained one computes."""


def export_network(model: keras.Model, directory: Path, *, seed: int = 1) -> tuple[Path, Path]:
    """Write network.keras and network.onnx into `directory` and return both paths.

    Raises ExportError when the two differ by more than 1e-5 on random canvases.
    """
    directory.mkdir(parents=True, exist_ok=True)
    keras_file, onnx_file = directory / "network.keras", directory / "network.onnx"
    model.save(keras_file)
    _write_onnx(model, onnx_file)
    difference = parity(model, onnx_file, seed=seed)
    if not difference <= PARITY:
        raise ExportError(f"The exported network differs from the trained one by {difference:.1e} (at most {PARITY}).")
    return keras_file, onnx_file


def parity(model: keras.Model, onnx_file: Path, *, seed: int = 1, count: int = 8) -> float:
    """Largest absolute difference of any output between Keras and ONNX Runtime on `count` random canvases."""
    rng = np.random.default_rng(seed)
    canvases = (rng.random((count, CANVAS_HEIGHT, CANVAS_WIDTH)) < 0.06).astype(np.uint8) * np.uint8(255)
    expected = model(canvases[..., None].astype(np.float32) / 255.0, training=False)
    vectors, grids = Network.load(onnx_file, file_digest(onnx_file)).run(canvases)
    return max(
        float(np.abs(expected["vector"].numpy() - vectors).max()),
        float(np.abs(expected["local"].numpy() - grids).max()),
    )


def _write_onnx(model: keras.Model, path: Path) -> None:
    import tf2onnx

    shape = tf.TensorSpec((None, CANVAS_HEIGHT, CANVAS_WIDTH, 1), tf.float32, name="canvas")

    @tf.function(input_signature=[shape])  # type: ignore[untyped-decorator]
    def serve(canvas: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(model(canvas, training=False))

    graph, _ = tf2onnx.convert.from_function(serve, input_signature=[shape], opset=_OPSET)
    # The converter names outputs after graph nodes, in alphabetical order of the dictionary's keys.
    for output, name in zip(graph.graph.output, sorted(model.output_names), strict=True):
        _rename_output(graph.graph, output.name, name)
    path.write_bytes(graph.SerializeToString())


def _rename_output(graph: object, old: str, new: str) -> None:
    for node in graph.node:  # type: ignore[attr-defined]
        node.output[:] = [new if value == old else value for value in node.output]
        node.input[:] = [new if value == old else value for value in node.input]
    for output in graph.output:  # type: ignore[attr-defined]
        if output.name == old:
            output.name = new
