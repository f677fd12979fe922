"""Time of looking for copies on one core: a sketch, one pair, and a customer with 7 specimens and a full history."""

from __future__ import annotations

import cv2

from bench.serving import milliseconds
from mlcore.imaging import prepare
from mlcore.scoring.copies import copy_likeness, copy_likenesses, sketch_of
from mlcore.synthesis import make_signer, signature_png

SPECIMENS, EARLIER = 7, 200
DRAWN = 24  # signatures that stand for all of them in turn


def main() -> None:
    """Print a line for each part."""
    cv2.setNumThreads(1)
    canvases = [prepare(signature_png(make_signer(1), seed)).canvas for seed in range(DRAWN)]
    sketches = [sketch_of(canvas) for canvas in canvases]
    known = [sketches[1 + number % (DRAWN - 1)] for number in range(SPECIMENS + EARLIER)]
    parts = {
        "sketch": lambda: sketch_of(canvases[0]),
        "one pair": lambda: copy_likeness(sketches[0], sketches[1]),
        "one pair, a copy": lambda: copy_likeness(sketches[0], sketches[0]),
        f"{SPECIMENS} specimens and {EARLIER} earlier": lambda: copy_likenesses(sketches[0], known),
    }
    for name, work in parts.items():
        print(f"{name:28}{milliseconds(work):8.2f} ms")


if __name__ == "__main__":
    main()
