"""A small artefact for tests: a random projection in ONNX, and thresholds that are easy to hit on purpose.

It needs no training and tells equal drawings from different ones, which is all that storing and pages ask of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mlcore.bundle import write_bundle
from mlcore.scoring import Scorer
from mlcore.scoring.calibration import Calibration
from mlcore.scoring.cohort import Cohort
from mlcore.scoring.evidence import EXPECTED, names_of_figures
from mlcore.scoring.expectation import Expectation
from mlcore.scoring.logistic import LogisticHead

T_MATCH, T_NO_MATCH = -1.0, 1.0


def write_network(path: Path, seed: int = 1, *, projection: float = 1.0) -> Path:
    """Canvas (N, 96, 192, 1) -> vector (N, 128) and local (N, 6, 12, 32), both of unit length.

    projection: what the weights of the vector are multiplied with; not a number makes such vectors.
    """
    rng = np.random.default_rng(seed)

    def constant(name: str, shape: tuple[int, ...], times: float = 1.0) -> onnx.TensorProto:
        return numpy_helper.from_array((times * rng.normal(size=shape)).astype(np.float32), name)

    nodes = [
        helper.make_node("Transpose", ["canvas"], ["plane"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["plane", "filters", "bias"], ["cells"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Transpose", ["cells"], ["grid"], perm=[0, 2, 3, 1]),
        helper.make_node("LpNormalization", ["grid"], ["local"], axis=-1, p=2),
        helper.make_node("AveragePool", ["plane"], ["coarse"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["coarse"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "projection"], ["projected"]),
        helper.make_node("LpNormalization", ["projected"], ["vector"], axis=-1, p=2),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("canvas", TensorProto.FLOAT, [None, 96, 192, 1])],
        [
            helper.make_tensor_value_info("vector", TensorProto.FLOAT, [None, 128]),
            helper.make_tensor_value_info("local", TensorProto.FLOAT, [None, 6, 12, 32]),
        ],
        [constant("filters", (32, 1, 16, 16)), constant("bias", (32,)), constant("projection", (288, 128), projection)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def make_scorer(*, learnt: bool = False, hinge: bool = False) -> Scorer:
    """Score = 10 (mean distance of the vectors - 0.4): -4 for equal images, well above 1 for strangers.

    learnt: with an expectation of distances, which then counts as well; hinge: twice the mean one is added.
    """
    heads, calibrations = {}, {}
    for count in range(1, 8):
        names = names_of_figures(count, expected=learnt, hinge=hinge)
        known = {"vector": -10.0, "vector_mean": -10.0, EXPECTED: 3.0, "hinge": -2.0, "hinge_mean": -2.0}
        weights = np.array([known.get(name, 0.0) for name in names])
        heads[count] = LogisticHead(np.zeros(len(names)), np.ones(len(names)), weights, 4.0)
        calibrations[count] = Calibration(
            np.linspace(-4, 2, 401), np.linspace(-2, 6, 401), T_MATCH, T_NO_MATCH, 20, 400, 400
        )
    expectation = Expectation(np.zeros(32), np.linspace(-1, 1, 32), 0.3) if learnt else None
    return Scorer(heads, calibrations, Cohort(np.eye(128, dtype=np.float32)[:8], expectation=expectation))


def make_bundle(
    directory: Path,
    *,
    name: str = "tiny",
    seed: int = 1,
    learnt: bool = False,
    projection: float = 1.0,
    scorer: Scorer | None = None,
    keras_model: Any = None,
) -> Path:
    """Write the artefact into `directory` and return it; scorer: another than make_scorer's; keras_model: to go on
    training from, else there is none."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    onnx_file = write_network(directory.with_name(f".{directory.name}.onnx"), seed, projection=projection)
    keras_file = directory.with_name(f".{directory.name}.keras")
    if keras_model is None:
        keras_file.write_bytes(b"not used by what serves")
    else:
        keras_model.save(keras_file)
    facts = {"figures": {"all": {"writers": 20}}, "data": {"datasets": ["drawn"]}}
    written = write_bundle(
        directory,
        name=name,
        keras_file=keras_file,
        onnx_file=onnx_file,
        scorer=scorer or make_scorer(learnt=learnt),
        facts=facts,
    )
    onnx_file.unlink()
    keras_file.unlink()
    return written
