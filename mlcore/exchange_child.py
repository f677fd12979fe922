"""Run as a program: opens and runs a foreign network once. Kept apart, since ONNX Runtime is a large parser in C++.

python -I exchange_child.py NETWORK.onnx. It ends with 0 when the network turns one canvas into a vector of 128 and a
grid of 6 x 12 x 32, all finite. It imports nothing of this project.
"""

from __future__ import annotations

import resource
import sys

_MEMORY = 2048 * 1024 * 1024
_SECONDS = 20
_SHAPES = {"vector": (1, 128), "local": (1, 6, 12, 32)}


def main() -> int:
    """Take no more memory and time than a network needs, then run it."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
    canvas = np.zeros((1, 96, 192, 1), np.float32)
    canvas[:, 40:56, 20:170] = 1.0
    found = session.run(list(_SHAPES), {"canvas": canvas})
    right = all(
        array.shape == shape and np.isfinite(array).all() for array, shape in zip(found, _SHAPES.values(), strict=True)
    )
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
