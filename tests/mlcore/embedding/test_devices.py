"""Two logical processors train as one: run in a process of its own, since TensorFlow is divided up only once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlcore.embedding.devices import strategy_for

ROOT = Path(__file__).resolve().parents[3]

PROGRAM = """
import json, sys
from dataclasses import replace
from pathlib import Path
import keras, numpy as np, tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from mlcore.embedding.devices import strategy_for
from mlcore.embedding.network import build_network, with_expectation
from mlcore.embedding.sources import load_images, read_manifest
from mlcore.embedding.training import _distributed, _step_function, train
from mlcore.runtime import cell_ink
from tests.mlcore.embedding.signers import write_manifest
from tests.mlcore.embedding.test_training import PLAN, SMALL

work = Path(sys.argv[1])
signatures = load_images(read_manifest(write_manifest(work / "signers", writers=5, genuine=4, forged=2)))
plan = replace(PLAN, steps=6, report_every=2, checkpoint_every=3)

def fresh(strategy):
    keras.utils.set_random_seed(1)
    with strategy.scope():
        return build_network(SMALL, stem=8)

# One step on the same half twice must be one step on that half: gradients are averaged, neither added up nor lost.
rng = np.random.default_rng(1)
half = rng.random((10, 96, 192, 1)).astype(np.float32)
batch = np.concatenate([half, half])
writers = np.repeat(np.arange(4), 5).astype(np.int32)
genuine = np.tile([True, True, True, False, False], 4)

def stepped(devices, canvases, writers, genuine):
    strategy = strategy_for(devices)
    model = fresh(strategy)
    with strategy.scope():
        learner = with_expectation(model)
        optimizer = keras.optimizers.SGD(1e-2)
        optimizer.build(learner.trainable_variables)
    step = _distributed(_step_function(learner, optimizer, plan), strategy)
    step((canvases, cell_ink(canvases[..., 0]), writers, genuine))
    return [np.asarray(weight) for weight in model.trainable_weights]

alone = stepped([], half, writers[:10], genuine[:10])
together = stepped(["CPU:0", "CPU:1"], batch, writers, genuine)
apart = max(float(np.abs(a - b).max()) for a, b in zip(alone, together, strict=True))
start = [np.asarray(weight) for weight in fresh(strategy_for([])).trainable_weights]
moved = max(float(np.abs(a - b).max()) for a, b in zip(alone, start, strict=True))

strategy = strategy_for(["CPU:0", "CPU:1"])
seen = []
reached = train(fresh(strategy), signatures, plan, checkpoints=work / "run", on_progress=seen.append, strategy=strategy)
print(json.dumps({"apart": apart, "moved": moved, "reached": reached, "losses": [p.loss for p in seen],
                  "replicas": strategy.num_replicas_in_sync, "kept": (work / "run" / "checkpoint.npz").is_file()}))
"""


@pytest.mark.slow
def test_two_devices_make_the_step_that_one_makes_and_train(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["replicas"] == 2
    assert told["moved"] > 1e-4
    assert told["apart"] < 0.001 * told["moved"]
    assert told["reached"] == 6
    assert told["kept"]
    assert len(told["losses"]) == 3


@pytest.mark.slow
def test_without_a_graphics_card_one_device_trains() -> None:
    assert strategy_for().num_replicas_in_sync == 1
