"""Draws a trajectory as a grey page, the way a scanner would see it.

Speed matters here (a trainer renders thousands): the path is densified in one vectorised step,
lines are drawn by OpenCV at twice the size, grouped by width and darkness, and texture comes from
tiles that are made once a process.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.synthesis.ink import Pen, RenderStyle
from mlcore.synthesis.trajectory import Flags, Floats, Trajectory

Page = NDArray[np.uint8]

LONGEST_SIDE = 4000  # pixels; a larger page is drawn at a lower resolution
_OVERSAMPLING = 2
_SHADES = 8
_SUBPIXEL_BITS = 4
_TILE = 1024
_PIECE = 3.0  # pixels between the points of a drawn line


def render(trajectory: Trajectory, style: RenderStyle | None = None, seed: int = 0) -> Page:
    """The page (H, W) uint8 on which `trajectory` was written; paper is light, ink dark.

    The page is as large as the inked part and the style's margins. Without a style a random one is
    drawn. The same trajectory, style and seed give the same page.
    """
    rng = np.random.default_rng(seed)
    style = style or RenderStyle.random(rng)
    depth = _ink_depth(trajectory, style)
    return _page(depth, style, rng)


def _ink_depth(trajectory: Trajectory, style: RenderStyle) -> Page:
    """How much ink lies where: (H, W) uint8, 0 none, 255 full."""
    left, top, right, bottom = style.margins
    touching = trajectory.pen if trajectory.pen.any() else np.ones_like(trajectory.pen)
    x0, y0 = float(trajectory.x[touching].min()), float(trajectory.y[touching].min())
    wide = float(trajectory.x[touching].max()) - x0 + left + right
    high = float(trajectory.y[touching].max()) - y0 + top + bottom
    scale = min(style.dpi / 25.4, LONGEST_SIDE / max(wide, high))
    shape = max(round(high * scale), 2), max(round(wide * scale), 2)
    canvas = np.zeros((shape[0] * _OVERSAMPLING, shape[1] * _OVERSAMPLING), np.uint8)
    if trajectory.pen.any():
        points, width, shade = _dense(trajectory, style, scale)
        points -= np.array([(x0 - left) * scale, (y0 - top) * scale], np.float32)
        _draw(canvas, points, width, shade)
    small = cv2.resize(canvas, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False)


def _dense(trajectory: Trajectory, style: RenderStyle, scale: float) -> tuple[Floats, Floats, Floats]:
    """Points of the path close enough for smooth lines, with NaN where the pen is lifted.

    Returns points (M, 2) in pixels, widths (M,) in pixels and shades (M,) in 0..1.
    """
    pressure, speed = _evened(trajectory.pressure), _evened(trajectory.speed())
    channels = np.stack([trajectory.x * scale, trajectory.y * scale, pressure, speed], axis=1)
    inked = trajectory.inked
    steps = np.hypot(np.diff(channels[:, 0]), np.diff(channels[:, 1]))
    longest = float(steps[inked].max()) if inked.any() else 0.0
    pieces = int(np.clip(longest / _PIECE, 1, 8))
    dense = _thinned(_catmull_rom(channels, trajectory.pen, pieces=pieces))
    width, shade = _line(dense, style, scale)
    return dense[:, :2], width, shade


def _evened(values: Floats) -> Floats:
    """A running mean over five samples: pressure sensors are coarse, ink is not."""
    if len(values) < 5:
        return values
    padded = np.pad(values, 2, mode="edge")
    evened: Floats = np.convolve(padded, np.full(5, 0.2, np.float32), mode="valid")
    return evened.astype(np.float32)


def _catmull_rom(samples: Floats, pen: Flags, *, pieces: int) -> Floats:
    """Samples (N, C) as a Catmull-Rom curve with `pieces` points a step; NaN rows part strokes."""
    count = len(samples)
    index = np.arange(count)
    before = np.where(pen[np.maximum(index - 1, 0)], np.maximum(index - 1, 0), index)
    after = np.where(pen[np.minimum(index + 1, count - 1)], np.minimum(index + 1, count - 1), index)
    tangent = 0.5 * (samples[after] - samples[before])
    t = (np.arange(pieces, dtype=np.float32) / pieces)[None, :, None]
    following = np.minimum(index + 1, count - 1)
    p0, p1 = samples[:, None, :], samples[following][:, None, :]
    m0, m1 = tangent[:, None, :], tangent[following][:, None, :]
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * p0 + (t**3 - 2 * t**2 + t) * m0 + (3 * t**2 - 2 * t**3) * p1 + (t**3 - t**2) * m1
    )
    goes_on = pen & pen[following] & (index < count - 1)
    curve[~goes_on] = np.nan
    curve[:, 0, :] = np.where(pen[:, None], samples, np.nan)
    dense: Floats = curve.reshape(count * pieces, -1).astype(np.float32)
    return dense


def _thinned(dense: Floats) -> Floats:
    """Drops points that follow closer than a piece; ends of strokes stay."""
    step = np.nan_to_num(np.hypot(np.diff(dense[:, 0]), np.diff(dense[:, 1])))
    piece = np.floor(np.r_[0.0, np.cumsum(step)] / _PIECE)
    present = ~np.isnan(dense[:, 0])
    ends = present & ~(np.r_[False, present[:-1]] & np.r_[present[1:], False])
    keep = ends | ~present | np.r_[True, np.diff(piece) > 0]
    kept: Floats = dense[keep]
    return kept


def _line(dense: Floats, style: RenderStyle, scale: float) -> tuple[Floats, Floats]:
    """Width in pixels and shade in 0..1 of the line at each dense point."""
    pressure, speed = np.clip(dense[:, 2], 0.0, 1.0), dense[:, 3]
    present = ~np.isnan(pressure)
    middle = float(np.median(pressure[present]))
    usual = max(float(np.median(speed[present])), 1e-3)
    press = np.clip((pressure - middle) / 0.35, -1.0, 1.0)
    hurry = np.clip(speed / usual - 1.0, -1.0, 2.0) / 2.0
    width = 1.0 + style.width_by_pressure * press - style.width_by_speed * hurry
    if style.pen is Pen.FOUNTAIN:
        heading = np.arctan2(np.gradient(dense[:, 1]), np.gradient(dense[:, 0]))
        broad = np.abs(np.sin(np.nan_to_num(heading) + style.nib_angle))
        width = width * (0.65 + 0.55 * broad)
    shade = 1.0 - style.fading * np.clip(0.4 - 0.6 * press + 0.5 * hurry, 0.0, 1.0)
    pixels = np.maximum(width, 0.35) * style.width * scale
    return np.nan_to_num(pixels).astype(np.float32), np.nan_to_num(shade).astype(np.float32)


def _draw(canvas: Page, points: Floats, width: Floats, shade: Floats) -> None:
    """Draws the lines on the oversampled canvas, the palest first, so that the darker stays."""
    thick = np.maximum(np.rint(width * _OVERSAMPLING), 1).astype(np.int32)
    level = np.clip(np.rint(shade * _SHADES), 1, _SHADES).astype(np.int32)
    present = ~np.isnan(points[:, 0])
    key = np.where(present, level * 1000 + thick, -1)
    edges = np.r_[0, np.flatnonzero(np.diff(key)) + 1, len(key)]
    scaled = np.nan_to_num(points * (_OVERSAMPLING << _SUBPIXEL_BITS))
    fixed = np.rint(scaled).astype(np.int32)
    groups: dict[int, list[NDArray[np.int32]]] = {}
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if key[start] < 0:
            continue
        joined = end + 1 if end < len(key) and key[end] >= 0 else end  # meet the next run
        line = fixed[start:joined] if joined - start > 1 else fixed[[start, start]]
        groups.setdefault(int(key[start]), []).append(line)
    for group in sorted(groups):
        grey, thickness = group // 1000 * 255 // _SHADES, group % 1000
        cv2.polylines(canvas, groups[group], False, grey, thickness, cv2.LINE_8, _SUBPIXEL_BITS)


def _page(depth: Page, style: RenderStyle, rng: np.random.Generator) -> Page:
    """Lays ink on paper and scans it."""
    height, width = depth.shape
    cover = depth * np.float32(1.0 / 255.0)
    mottle = np.clip(_texture(height, width, rng, coarse=True), -0.5, 1.3)
    cover *= (1.0 - 0.25 * style.mottle) - 0.5 * style.mottle * mottle
    if style.blur > 0:
        cv2.GaussianBlur(cover, (0, 0), style.blur, dst=cover)
    if style.bilevel:
        cut = 0.35 + 0.1 * float(rng.random())
        return np.where(cover > cut, 0, 255).astype(np.uint8)
    slope_x, slope_y = rng.uniform(-style.shade, style.shade, size=2)
    page = style.grain * _texture(height, width, rng)
    page += np.linspace(-slope_x, slope_x, width, dtype=np.float32)[None, :]
    page += np.linspace(-slope_y, slope_y, height, dtype=np.float32)[:, None] + style.paper
    page += cover * (style.ink - page)
    if style.noise > 0:
        page += style.noise * _texture(height, width, rng)
    np.clip(page, 0.0, 255.0, out=page)
    return page.astype(np.uint8)


@lru_cache(maxsize=2)
def _tile(coarse: bool) -> Floats:
    """A square of noise (mean 0, deviation 1); the same in every process."""
    noise = np.random.default_rng(20090).standard_normal((_TILE, _TILE), dtype=np.float32)
    if coarse:
        cv2.GaussianBlur(noise, (0, 0), 1.1, dst=noise)
    tile: Floats = ((noise - noise.mean()) / noise.std()).astype(np.float32)
    tile.setflags(write=False)
    return tile


def _texture(height: int, width: int, rng: np.random.Generator, *, coarse: bool = False) -> Floats:
    """Noise (height, width) cut from a tile at a random place; a large page repeats the tile."""
    down = int(rng.integers(0, max(_TILE - height, 1)))
    right = int(rng.integers(0, max(_TILE - width, 1)))
    tile = _tile(coarse)
    if height > _TILE or width > _TILE:
        tile = np.tile(tile, (height // _TILE + 1, width // _TILE + 1))
    return tile[down : down + height, right : right + width]
