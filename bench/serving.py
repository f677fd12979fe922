"""Time of one verification's parts on one core: preparing, network, hinge, comparison with 1 and 5 specimens.

Figures vary with the machine; what to compare are the ratios within one run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import cv2
import numpy as np

from mlcore.bundle import BASE_DIRECTORY, load_bundle
from mlcore.imaging import prepare
from mlcore.imaging.hinge import contour_hinge
from mlcore.synthesis import make_signer, signature_png

ROUNDS = 40


def milliseconds(work: Callable[[], object]) -> float:
    """Median wall time of one call, after a warm-up."""
    work()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return 1000.0 * median(times)


def main() -> None:
    """Print a line for each part."""
    cv2.setNumThreads(1)
    started = time.perf_counter()
    bundle = load_bundle(BASE_DIRECTORY)
    print(f"load the model          {1000 * (time.perf_counter() - started):8.1f} ms")
    files = [signature_png(make_signer(1), seed) for seed in range(6)]
    signatures = [prepare(data) for data in files]
    canvases = np.stack([signature.canvas for signature in signatures])
    features = bundle.embed(canvases)
    parts = {
        "decode and normalise": lambda: prepare(files[0]),
        "network, one": lambda: bundle.network.run(canvases[:1]),
        "contour hinge, one": lambda: contour_hinge(canvases[0]),
        "compare with 1": lambda: bundle.scorer.compare(features[0], features[1:2]),
        "compare with 5": lambda: bundle.scorer.compare(features[0], features[1:6]),
    }
    for name, work in parts.items():
        print(f"{name:24}{milliseconds(work):8.2f} ms")
    height, width = signatures[0].page.shape
    print(f"on a page of {width} x {height} pixels")


if __name__ == "__main__":
    main()
