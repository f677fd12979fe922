"""How quickly synthetic signatures are written and drawn: `python -m bench.synthesis`.

Prints processor milliseconds an item and their ratio to a fixed piece of work in NumPy (the sine of
a million numbers), which compares between machines and is less shaken by what else runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np

from mlcore.synthesis import RenderStyle, genuine, make_signer, render, signature_png, skilled_forgery

REPEATS = 40


def _milliseconds(work: Callable[[int], object]) -> float:
    """The median over the repeats of the time that one item takes."""
    work(0)
    taken = []
    for index in range(REPEATS):
        begun = time.process_time()
        work(index)
        taken.append((time.process_time() - begun) * 1000.0)
    return float(np.median(taken))


def _yardstick(_index: int) -> object:
    return np.sin(np.linspace(0.0, 100.0, 1_000_000))


def main() -> None:
    cv2.setNumThreads(1)
    signers = [make_signer(seed) for seed in range(REPEATS)]
    written = [genuine(signer, 0) for signer in signers]
    style = RenderStyle(dpi=300)
    pages = [render(trajectory, style) for trajectory in written]
    yardstick = _milliseconds(_yardstick)
    print(f"median page {np.median([p.shape[1] for p in pages]):.0f} x {np.median([p.shape[0] for p in pages]):.0f} px")
    for name, work in {
        "render, 300 dpi": lambda i: render(written[i], style, i),
        "render, random style": lambda i: render(written[i], None, i),
        "make_signer": lambda i: make_signer(i),
        "genuine": lambda i: genuine(signers[i], 1),
        "skilled_forgery": lambda i: skilled_forgery(signers[i], 1),
        "signature_png": lambda i: signature_png(signers[i], 1),
    }.items():
        taken = _milliseconds(work)
        print(f"{name:22s} {taken:6.2f} ms  {1000.0 / taken:6.0f} /s  {taken / yardstick:6.2f} yardsticks")


if __name__ == "__main__":
    main()
