# SPDX-License-Identifier: Apache-2.0
"""Simulated people without any rupture, on a scale from 0 to 1."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from attunement.signals.series import FloatArray

_UNCUT_PEOPLE, _UNCUT_SESSIONS, _UNCUT_ROUNDS = 4000, 12, 6
_MOST_STRETCH = 3.0  # how much wider than seen the spreads behind a cut-off scale may be
_HIGHEST, _LOWEST = 1.5, -0.5
_TINY = 1e-9


class People(NamedTuple):
    """Level, spread between people, noise within a person, and its memory; shares of the range."""

    level: float
    between: float
    noise: float
    autocorrelation: float


@lru_cache(maxsize=8)
def chance(
    n: int, length: int, autocorrelation: float, seed: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draw what all kinds of series of one length share.

    Returns
    -------
    people : numpy.ndarray
        Standard normal, shape (n, 1).
    noise : numpy.ndarray
        Stationary first-order standard normal, shape (n, length).
    luck : numpy.ndarray
        Uniform from 0 to 1, shape (n, length): which forms are missing.
    """
    generator = np.random.default_rng(seed)
    people = generator.standard_normal((n, 1))
    noise = generator.standard_normal((n, length))
    fresh = math.sqrt(1.0 - autocorrelation**2)
    for t in range(1, length):
        noise[:, t] = autocorrelation * noise[:, t - 1] + fresh * noise[:, t]
    luck = generator.random((n, length))
    for drawn in (people, noise, luck):
        drawn.flags.writeable = False
    return people, noise, luck


def stable_series(drawn: tuple[FloatArray, FloatArray], people: People, step: float) -> FloatArray:
    """Turn standard normal people and noise into scores, rounded and cut off at 0 and 1.

    Returns
    -------
    numpy.ndarray
        Shape (n, length), a new array.
    """
    scores = people.level + people.between * drawn[0] + people.noise * drawn[1]
    if step > 0:
        scores = np.round(scores / step) * step
    return np.clip(scores, 0.0, 1.0, out=scores)


@lru_cache(maxsize=256)
def uncut(seen: People, step: float, seed: int) -> People:
    """Find the people whose cut-off scores look like what was seen.

    An archive that was learned from scores at the end of a scale sees spreads that are too small.
    A few rounds of simulation and correction find level and spreads behind the cut.
    """
    people, noise, _ = chance(_UNCUT_PEOPLE, _UNCUT_SESSIONS, seen.autocorrelation, seed)
    lags = np.arange(1, _UNCUT_SESSIONS)
    shared = _UNCUT_SESSIONS + 2.0 * ((_UNCUT_SESSIONS - lags) * seen.autocorrelation**lags).sum()
    of_mean = float(shared) / _UNCUT_SESSIONS**2  # variance of a person's mean, for unit noise
    behind = seen
    for _ in range(_UNCUT_ROUNDS):
        scores = stable_series((people, noise), behind, step)
        within = float(scores.var(axis=1).mean()) / (1.0 - of_mean)
        between = max(float(scores.mean(axis=1).var()) - within * of_mean, 0.0)
        behind = People(
            min(max(behind.level + seen.level - float(scores.mean()), _LOWEST), _HIGHEST),
            _stretched(behind.between, seen.between, math.sqrt(between)),
            _stretched(behind.noise, seen.noise, math.sqrt(within)),
            seen.autocorrelation,
        )
    return behind


def _stretched(behind: float, wanted: float, found: float) -> float:
    """Stretch a spread by what is still wanting, within bounds."""
    if found <= _TINY:
        return behind
    return min(max(behind * wanted / found, wanted / _MOST_STRETCH), wanted * _MOST_STRETCH)
