"""Plamondon's sigma-lognormal model of rapid movements, in closed form.

A stroke is a vector that the neuromuscular system executes with a lognormal speed profile while
its direction turns from a start to an end angle; a movement is the vector sum of strokes that
overlap in time (Plamondon 1995; O'Reilly & Plamondon 2009). Since the direction turns in step with
the distance covered, a lone stroke is an arc of a circle and its position needs no integration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

REACH = 3.0  # a stroke counts as under way from -3 to +3 deviations of ln(t - onset)
_CUT = 5.0


@dataclass(frozen=True, eq=False)
class Strokes:
    """S strokes of one movement; arrays of shape (S,).

    `length`: of the arc, millimetres. `start_angle`, `end_angle`: radians, x to the right, y down.
    `onset`: seconds, when the command is issued. `mu`, `sigma`: of ln(seconds since the onset).
    """

    length: Doubles
    start_angle: Doubles
    end_angle: Doubles
    onset: Doubles
    mu: Doubles
    sigma: Doubles

    @property
    def begins(self) -> Doubles:
        """Seconds at which each stroke starts to move noticeably."""
        begins: Doubles = self.onset + np.exp(self.mu - REACH * self.sigma)
        return begins

    @property
    def ends(self) -> Doubles:
        """Seconds at which each stroke is over for all that can be seen."""
        ends: Doubles = self.onset + np.exp(self.mu + REACH * self.sigma)
        return ends

    @property
    def middles(self) -> Doubles:
        """Seconds at which each stroke has covered half of its length."""
        middles: Doubles = self.onset + np.exp(self.mu)
        return middles

    def last(self) -> Strokes:
        """The stroke that was commanded last, alone."""
        return Strokes(*(getattr(self, name)[-1:] for name in self.__dataclass_fields__))


def mu_for_duration(duration: Doubles, sigma: Doubles) -> Doubles:
    """The mu with which a stroke of `sigma` lasts `duration` seconds (from -3 to +3 deviations)."""
    mu: Doubles = np.log(duration / (2.0 * np.sinh(REACH * sigma)))
    return mu


def completion(strokes: Strokes, time: Doubles) -> Doubles:
    """(S, T): the share of its length that each stroke has covered at each time (seconds)."""
    z, started = _deviations(strokes, time)
    done: Doubles = np.where(started, 0.5 * (1.0 + erf(z / np.sqrt(2.0))), 0.0)
    return done


def speed(strokes: Strokes, time: Doubles) -> Doubles:
    """(S, T): speed of each stroke in millimetres a second at each time: D times the lognormal."""
    z, started = _deviations(strokes, time)
    since = np.maximum(time[None, :] - strokes.onset[:, None], 1e-12)
    density = np.exp(-0.5 * z * z) / (strokes.sigma[:, None] * np.sqrt(2.0 * np.pi) * since)
    profile: Doubles = np.where(started, strokes.length[:, None] * density, 0.0)
    return profile


def velocity(strokes: Strokes, time: Doubles) -> Doubles:
    """(T, 2): velocity of the whole movement, the vector sum of its strokes."""
    turned = (strokes.end_angle - strokes.start_angle)[:, None] * completion(strokes, time)
    angle = strokes.start_angle[:, None] + turned
    profile = speed(strokes, time)
    return np.stack([(profile * np.cos(angle)).sum(axis=0), (profile * np.sin(angle)).sum(axis=0)], axis=1)


def position(strokes: Strokes, time: Doubles) -> Doubles:
    """(T, 2): displacement in millimetres since the start, the integral of `velocity`.

    `time` must rise. A stroke counts from -5 to +5 deviations of ln(t - onset); outside it is still
    or complete (to 3e-7 of its length), which spares most of the (S, T) table.
    """
    begun = np.searchsorted(time, strokes.onset + np.exp(strokes.mu - _CUT * strokes.sigma))
    over = np.searchsorted(time, strokes.onset + np.exp(strokes.mu + _CUT * strokes.sigma))
    lasting = np.maximum(over - begun, 0)
    which = np.repeat(np.arange(len(lasting)), lasting)
    when = np.arange(len(which)) - np.repeat(np.cumsum(lasting) - lasting, lasting) + begun[which]
    since = np.maximum(time[when] - strokes.onset[which], 1e-12)
    z = (np.log(since) - strokes.mu[which]) / strokes.sigma[which]
    under_way = _displacement(strokes, which, 0.5 * (1.0 + erf(z / np.sqrt(2.0))))
    complete = _displacement(strokes, np.arange(len(lasting)), np.ones(len(lasting)))
    place = np.empty((len(time), 2))
    for axis in (0, 1):
        moving = np.bincount(when, weights=under_way[:, axis], minlength=len(time))
        ended = np.bincount(over, weights=complete[:, axis], minlength=len(time) + 1)
        place[:, axis] = moving + np.cumsum(ended[: len(time)])
    return place


def _displacement(strokes: Strokes, which: NDArray[np.intp], done: Doubles) -> Doubles:
    """(M, 2): how far the strokes `which` (M,) have come when the share `done` (M,) is covered."""
    start, length = strokes.start_angle[which], strokes.length[which]
    bend = strokes.end_angle[which] - start
    chord = length * done * np.sinc(bend * done / (2.0 * np.pi))
    heading = start + bend * done / 2.0
    return np.stack([chord * np.cos(heading), chord * np.sin(heading)], axis=1)


def erf(x: Doubles) -> Doubles:
    """The error function to 1.5e-7 (Abramowitz & Stegun 1964, 7.1.26): NumPy has none."""
    t = 1.0 / (1.0 + 0.3275911 * np.abs(x))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    value: Doubles = np.sign(x) * (1.0 - series * np.exp(-x * x))
    return value


def _deviations(strokes: Strokes, time: Doubles) -> tuple[Doubles, NDArray[np.bool_]]:
    """(ln(t - onset) - mu) / sigma of shape (S, T), and whether the stroke has been commanded."""
    since = time[None, :] - strokes.onset[:, None]
    started = since > 0
    logged = np.log(np.where(started, since, 1.0))
    return (logged - strokes.mu[:, None]) / strokes.sigma[:, None], started
