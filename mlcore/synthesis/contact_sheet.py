"""A sheet of synthetic signers to look at: `python -m mlcore.synthesis.contact_sheet OUT.png`.

A row is a signer: four genuine signatures, then two skilled forgeries of different skill.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from mlcore.synthesis.forgery import skilled_forgery
from mlcore.synthesis.ink import Pen, RenderStyle
from mlcore.synthesis.render import Page, render
from mlcore.synthesis.signer import Signer, make_signer
from mlcore.synthesis.trajectory import Trajectory
from mlcore.synthesis.variation import genuine

CELL = (300, 130)
GENUINE = 4
SKILLS = (0.85, 0.35)
_HEADER, _RIM = 26, 6


def contact_sheet(signers: Sequence[Signer], *, seed: int = 0) -> Page:
    """The sheet as (H, W) uint8. Every row has its own scale, so that sizes compare in it."""
    return np.concatenate([_header(), *(_row(signer, seed) for signer in signers)])


def _row(signer: Signer, seed: int) -> Page:
    rng = np.random.default_rng([signer.seed, 4, seed])
    written = [genuine(signer, seed + index) for index in range(GENUINE)]
    written += [skilled_forgery(signer, seed + i, skill) for i, skill in enumerate(SKILLS)]
    pages = [_scan(trajectory, rng) for trajectory in written]
    factor = min(*(CELL[0] / p.shape[1] for p in pages), *(CELL[1] / p.shape[0] for p in pages))
    return np.concatenate([_cell(page, factor) for page in pages], axis=1)


def _scan(trajectory: Trajectory, rng: np.random.Generator) -> Page:
    pen = Pen(str(rng.choice(["ballpoint", "gel", "fountain"], p=[0.6, 0.3, 0.1])))
    style = replace(
        RenderStyle.random(rng, pen=pen),
        dpi=300,
        paper=255,
        grain=0.0,
        noise=0.0,
        shade=0.0,
        margins=(1.5, 1.5, 1.5, 1.5),
    )
    return render(trajectory, style, int(rng.integers(2**31)))


def _cell(page: Page, factor: float) -> Page:
    size = (max(int(page.shape[1] * factor), 1), max(int(page.shape[0] * factor), 1))
    small = cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    cell = np.full((CELL[1] + 2 * _RIM, CELL[0] + 2 * _RIM), 255, np.uint8)
    top, left = (cell.shape[0] - size[1]) // 2, (cell.shape[1] - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = small
    cell[-1, :] = 225
    return cell


def _header() -> Page:
    wide = CELL[0] + 2 * _RIM
    header = np.full((_HEADER, wide * (GENUINE + len(SKILLS))), 255, np.uint8)
    titles = [f"genuine {i + 1}" for i in range(GENUINE)]
    titles += [f"forgery, skill {skill:.2f}" for skill in SKILLS]
    for index, title in enumerate(titles):
        place = (index * wide + 10, 18)
        cv2.putText(header, title, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 90, 1, cv2.LINE_AA)
    return header


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--signers", type=int, default=12)
    parser.add_argument("--first-seed", type=int, default=1)
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.signers)
    sheet = contact_sheet([make_signer(seed) for seed in seeds])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(".png", sheet, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if not done:
        raise OSError("The sheet could not be encoded.")
    options.out.write_bytes(data.tobytes())


if __name__ == "__main__":
    main()
