# SPDX-License-Identifier: Apache-2.0
"""What one series says of the person behind it: own level and own noise, with their doubt.

A rate that is read off at one estimate of a person's level and noise is wrong on average, because
rates bend: the error of the estimate adds to them. So the rate is averaged over all levels and
noises that the series leaves possible, each weighted by how well it explains the scores and by how
common it is. The mean over many series is then the rate that is counted in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attunement.signals.rates.packing import normal_share
from attunement.signals.series import FloatArray
from attunement.signals.stable import People

NOISE_SPREAD = 0.20  # SD of the logarithm of the persons' own noises, where nobody knows it
_LEVELS = np.linspace(-3.75, 3.75, 31)
_NOISES = np.linspace(-2.4, 2.4, 7)
_NEGLIGIBLE = 1e-3
_TINY = 1e-12
_COARSE = 0.25  # a step of so many SDs is an interval, a smaller one a point


@dataclass(frozen=True, slots=True)
class Person:
    """Possible levels and noises with their weights, which add up to 1; arrays of one length."""

    levels: FloatArray
    noises: FloatArray
    weights: FloatArray


def person_behind(
    scores: FloatArray,
    people: People,
    *,
    minimum: float,
    maximum: float,
    step: float,
    spread: float = NOISE_SPREAD,
) -> Person:
    """Return what a series leaves possible.

    Parameters
    ----------
    scores : numpy.ndarray, shape (sessions,)
        On the higher-is-better axis, NaN = no score.
    people : People
        How levels are spread, and the usual noise and its memory, behind the cut of the scale.
    minimum, maximum, step : float
        The scale: a score at an end says "at least so much", a rounded one "about so much".
    spread : float
        SD of the logarithm of the own noises.

    Returns
    -------
    Person
        Without scores: how people are spread.
    """
    level_at = _LEVELS if people.between > 0 else np.zeros(1)
    noise_at = _NOISES if spread > 0 else np.zeros(1)
    levels, noises = (
        one.ravel()
        for one in np.meshgrid(
            people.level + people.between * level_at,
            people.noise * np.exp(spread * noise_at),
            indexing="ij",
        )
    )
    prior = -0.5 * (level_at[:, None] ** 2 + noise_at[None, :] ** 2)
    log = prior.ravel()
    there = np.flatnonzero(~np.isnan(scores))
    if there.size and people.noise > 0:
        seen = scores[there]
        gaps = np.diff(there, prepend=there[0])
        memory = np.where(gaps > 0, people.autocorrelation ** np.maximum(gaps, 1), 0.0)
        log = log + _log_likelihood(seen, memory, levels, noises, (minimum, maximum, step))
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    kept = weights > _NEGLIGIBLE * weights.max()
    return Person(levels[kept], noises[kept], weights[kept] / weights[kept].sum())


def _log_likelihood(
    seen: FloatArray,
    memory: FloatArray,
    levels: FloatArray,
    noises: FloatArray,
    scale: tuple[float, float, float],
) -> FloatArray:
    """Return the log likelihood at each level and noise; shape of ``levels``.

    A score is expected from the one before it with first-order memory. Where the one before lies
    at an end of the scale, what lies behind it is unknown and its mean is taken.
    """
    minimum, maximum, step = scale
    top, bottom = maximum - 0.5 * step, minimum + 0.5 * step
    slack = 1e-9 * (maximum - minimum)
    at_top, at_bottom = seen >= maximum - slack, seen <= minimum + slack
    mu, sigma = levels[:, None], noises[:, None]
    away = np.broadcast_to(seen[None, :], (levels.size, seen.size)).copy()
    upper, lower = (top - mu) / sigma, (bottom - mu) / sigma
    away = np.where(at_top, mu + sigma * _mean_above(upper), away)
    away = np.where(at_bottom, mu - sigma * _mean_above(-lower), away)
    before = np.concatenate([np.zeros((levels.size, 1)), away[:, :-1] - mu], axis=1)
    expected = mu + memory[None, :] * before
    spread = sigma * np.sqrt(1.0 - memory[None, :] ** 2)
    z = (seen[None, :] - expected) / spread
    density = np.exp(-0.5 * z * z) / spread
    if step > 0:
        half = 0.5 * step / spread
        interval = (normal_share(z + half) - normal_share(z - half)) * (
            math.sqrt(2.0 * math.pi) / step
        )
        density = np.where(half > 0.5 * _COARSE, interval, density)
    unit = step if step > 0 else noises.mean()
    density = np.where(
        at_top, normal_share((expected - top) / spread) * math.sqrt(2.0 * math.pi) / unit, density
    )
    density = np.where(
        at_bottom,
        normal_share((bottom - expected) / spread) * math.sqrt(2.0 * math.pi) / unit,
        density,
    )
    return np.asarray(np.log(np.maximum(density, _TINY)).sum(axis=1))


def _mean_above(z: FloatArray) -> FloatArray:
    """Return the mean of a standard normal above z."""
    share = np.maximum(normal_share(-z), 1e-7)
    return np.asarray(np.maximum(np.exp(-0.5 * z * z) / (math.sqrt(2.0 * math.pi) * share), z))
