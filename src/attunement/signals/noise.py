# SPDX-License-Identifier: Apache-2.0
"""Noise within a person and its memory, with a steady trend taken out first.

A person's deviations are taken about the own straight line over the order of the ratings (about
the own mean where there are fewer than four). With Q an orthonormal basis of what is taken out
and R = r^|j−k|, the deviations e = (I − QQᵀ)x of noise with variance σ² and memory r have the
covariance σ²·V, V = (I − QQᵀ)R(I − QQᵀ), so that

    E Σ e_t² = σ²·tr V = σ²·(n − tr QᵀRQ)    and    E Σ e_t·e_{t+1} = σ²·Σ_t V_{t,t+1}.

Both are exact for any level and any slope: neither enters. The memory is the r for which the
ratio of the two, summed over series, is the observed one; the noise follows from the first.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from attunement.signals.series import FloatArray

LINE_FROM = 4  # scores from which a line can be taken out and the memory still be told
LONGEST = 200  # longer series are treated as this long in the corrections: these are tiny there
MOST_MEMORY = 0.9
_ROUNDS = 30


def basis(n: int) -> FloatArray:
    """Return what is taken out of n scores: an orthonormal basis, shape (n, 2) or (n, 1)."""
    level = np.full((n, 1), 1.0 / math.sqrt(n))
    if n < LINE_FROM:
        return level
    slope = np.arange(n) - 0.5 * (n - 1)
    return np.hstack((level, (slope / math.sqrt(float(slope @ slope)))[:, np.newaxis]))


def deviations(own: FloatArray) -> FloatArray:
    """Return one person's scores without the own line, or without the own mean."""
    taken = basis(own.size)
    return np.asarray(own - taken @ (taken.T @ own))


@lru_cache(maxsize=8192)
def expected_sums(n: int, memory: float) -> tuple[float, float]:
    """Return E Σ e_t·e_{t+1} and E Σ e_t² of n scores of unit noise, as derived above."""
    taken = basis(n)
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    seen = np.power(memory, apart) @ taken if memory else taken  # RQ
    inner = taken.T @ seen  # QᵀRQ
    neighbours = (
        (n - 1) * memory
        - float((taken[:-1] * seen[1:]).sum())
        - float((seen[:-1] * taken[1:]).sum())
        + float(((taken[:-1] @ inner) * taken[1:]).sum())
    )
    return neighbours, n - float(np.trace(inner))


def mean_variance(n: int, memory: float) -> float:
    """Return the variance of the mean of n scores of unit noise: 1ᵀR1/n²."""
    n = min(n, LONGEST)
    lags = np.arange(1, n)
    return float((n + 2.0 * ((n - lags) * memory**lags).sum()) / n**2)


def slope_score(own: FloatArray, noise: float, memory: float) -> float:
    """Return a person's straight-line change in units of its chance spread, σ·√(qᵀRq).

    Standard normal for a stable person; 0 where there are too few scores or no noise.
    """
    n = own.size
    if n < LINE_FROM or noise <= 0:
        return 0.0
    slope = basis(n)[:, 1]
    return float(slope @ own) / (noise * math.sqrt(_slope_variance(n, memory)))


@lru_cache(maxsize=4096)
def _slope_variance(n: int, memory: float) -> float:
    slope = basis(n)[:, 1]
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    return float(slope @ np.power(memory, apart) @ slope) if memory else 1.0


def within(
    scores: Sequence[FloatArray], *, memory: float, noise: float, weight: float
) -> tuple[float, float, float]:
    """Estimate noise and memory, shrunk to what is believed beforehand.

    Parameters
    ----------
    scores : sequence of numpy.ndarray
        Each person's scores in order, without missing ones.
    memory, noise : float
        The prior's.
    weight : float
        How many degrees of freedom the prior counts as.

    Returns
    -------
    memory, noise, degrees : float
        ``degrees`` are those the series had. Series of two and three scores speak of the noise
        only, series of one of neither.
    """
    every = [deviations(own) for own in scores if own.size > 1]
    lined = [e for e in every if e.size >= LINE_FROM]
    found = _memory(lined)
    if found is not None:
        freedom = float(sum(e.size - 2 for e in lined))
        memory = (freedom * found + weight * memory) / (freedom + weight)
    degrees = float(sum(e.size - (2 if e.size >= LINE_FROM else 1) for e in every))
    if not degrees:
        return memory, noise, 0.0
    squares = _total(float(e @ e) for e in every)
    expected = _total(_squares(e.size, memory) for e in every)
    variance = (degrees * squares / expected + weight * noise**2) / (degrees + weight)
    return memory, math.sqrt(variance), degrees


def _squares(n: int, memory: float) -> float:
    """Return E Σ e² of unit noise; a long series costs what it has beyond the longest in full."""
    shorter = min(n, LONGEST)
    return expected_sums(shorter, memory)[1] + (n - shorter)


def _memory(every: Sequence[FloatArray]) -> float | None:
    """Return the memory whose expected ratio is the observed one, None where none can be told."""
    squares = _total(float(e @ e) for e in every)
    if squares <= 0:
        return None
    observed = _total(float(e[:-1] @ e[1:]) for e in every) / squares
    lengths = Counter(min(e.size, LONGEST) for e in every)
    low, high = -MOST_MEMORY, MOST_MEMORY
    if observed <= _ratio(low, lengths):
        return low
    if observed >= _ratio(high, lengths):
        return high
    for _ in range(_ROUNDS):
        middle = 0.5 * (low + high)
        if _ratio(middle, lengths) < observed:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _ratio(memory: float, lengths: Counter[int]) -> float:
    sums = [(count, expected_sums(n, memory)) for n, count in lengths.items()]
    return sum(c * above for c, (above, _) in sums) / sum(c * below for c, (_, below) in sums)


def _total(numbers: Iterable[float]) -> float:
    """Add up without regard to the order, so that it never matters which series came first."""
    return math.fsum(numbers)
