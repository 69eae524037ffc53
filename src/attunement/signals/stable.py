# SPDX-License-Identifier: Apache-2.0
"""Simulated people without any rupture, on a scale from 0 to 1."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from attunement.signals.series import FloatArray

_UNCUT_SESSIONS, _UNCUT_ROUNDS = 12, 8
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
def uncut(seen: People, step: float) -> People:
    """Find the people whose cut-off scores look like what was seen.

    An archive that was learned from scores at the end of a scale sees spreads that are too small.
    A few rounds of working out what would be seen, and correcting, find level and spreads behind
    the cut.
    """
    behind = seen
    for _ in range(_UNCUT_ROUNDS):
        level, between, within = _as_seen(behind, step)
        behind = People(
            min(max(behind.level + seen.level - level, _LOWEST), _HIGHEST),
            _stretched(behind.between, seen.between, between),
            _stretched(behind.noise, seen.noise, within),
            seen.autocorrelation,
        )
    return behind


def _as_seen(people: People, step: float) -> tuple[float, float, float]:
    """Return mean, SD between people and SD within a person of scores that are cut off.

    By sums over a grid of levels and of noise. A person's score is a function g of standard normal
    noise with memory r; with the Hermite coefficients c of g, two scores k sessions apart have the
    covariance Σ c²·r^(jk). The spread between people is that of their means over some sessions,
    less what noise adds to it if nothing is cut off: so archives learn it.
    """
    scores = people.level + people.between * _PEOPLE_AT[:, None] + people.noise * _NOISE_AT
    if step > 0:
        scores = np.round(scores / step) * step
    np.clip(scores, 0.0, 1.0, out=scores)
    means = scores @ _NOISE_SHARE
    sizes = (scores @ _HERMITE) ** 2  # of the degrees 1, 2, …
    spread = ((scores - means[:, None]) ** 2) @ _NOISE_SHARE
    rest = np.maximum(spread - sizes.sum(axis=1), 0.0)  # of higher degrees: forgotten at once
    n, lags = _UNCUT_SESSIONS, np.arange(1, _UNCUT_SESSIONS)
    powers = people.autocorrelation ** np.arange(1, _HERMITE.shape[1] + 1)
    shared = n + 2.0 * ((n - lags)[:, None] * powers[None, :] ** lags[:, None]).sum(axis=0)
    of_means = (sizes @ shared + rest * n) / n**2  # variance of a person's mean
    share = float(shared[0]) / n**2
    within = float(_PEOPLE_SHARE @ (spread - of_means)) / (1.0 - share)
    level = float(_PEOPLE_SHARE @ means)
    between = float(_PEOPLE_SHARE @ ((means - level) ** 2 + of_means)) - within * share
    return level, math.sqrt(max(between, 0.0)), math.sqrt(max(within, 0.0))


def _normal_grid(points: int, farthest: float) -> tuple[FloatArray, FloatArray]:
    """Return places and shares of a standard normal."""
    at = np.linspace(-farthest, farthest, points)
    share = np.exp(-0.5 * at * at)
    return at, share / share.sum()


def _hermite(at: FloatArray, share: FloatArray, most: int) -> FloatArray:
    """Return the weights that give the first Hermite coefficients of a function on a grid."""
    known = [np.ones_like(at), at]
    for degree in range(1, most):
        known.append(at * known[degree] - degree * known[degree - 1])
    scale = [math.sqrt(math.factorial(degree)) for degree in range(most + 1)]
    columns = [share * one / by for one, by in zip(known[1:], scale[1:], strict=True)]
    return np.stack(columns, axis=1)


_PEOPLE_AT, _PEOPLE_SHARE = _normal_grid(61, 4.5)
_NOISE_AT, _NOISE_SHARE = _normal_grid(181, 4.5)
_HERMITE = _hermite(_NOISE_AT, _NOISE_SHARE, 6)


def _stretched(behind: float, wanted: float, found: float) -> float:
    """Stretch a spread by what is still wanting, within bounds."""
    if found <= _TINY:
        return behind
    return min(max(behind * wanted / found, wanted / _MOST_STRETCH), wanted * _MOST_STRETCH)
