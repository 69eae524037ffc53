# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917 -- a compiled function takes its arrays by position
"""Bayesian online change points with an informative prior (Adams & MacKay 2007).

For each possible length r of the current run the posterior of its mean and variance is known in
closed form (Normal-inverse-gamma). With κ, ν, μ and B of a run before a score x,

    q = (x − μ)²·κ / ((κ + 1)·B),   B' = B·(1 + q),
    p(x | run) = C(ν)·√(κ/(κ + 1))·B^(−1/2)·(1 + q)^(−(ν + 1)/2)

is Student's t with ν degrees of freedom, so that no power but a whole number of square roots is
needed. Scores are turned so that higher is better; a missing score is skipped.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

# The numbers of `attunement.signals.detectors.Reason`, which this file may not import.
EVALUABLE, NO_FORM, TOO_FEW, AT_THE_END, NO_SPREAD = 0, 1, 2, 3, 5

Array = Any  # a numpy array, or a list of the same length


class Change(NamedTuple):
    """The model and when it speaks."""

    level: float  # prior mean of a run
    pseudo: float  # κ0 = σ²/τ²: how many scores the prior mean counts as
    degrees: int  # ν0, above 2
    noise: float  # prior SD of a score about the mean of its run
    hazard: float  # chance of a change from one score to the next
    recent: int  # a change counts if it lies within the last so many scores
    probability: float  # flagged from here on
    few: int
    share: float
    slack: float


class Out(NamedTuple):
    """Where a rule's answers go; ``expected`` and ``limit`` are turned like the scores."""

    statistic: Array
    flagged: Array
    reason: Array
    expected: Array
    limit: Array
    n_used: Array


class Runs(NamedTuple):
    """Working memory: one place per run length; the last holds all longer ones.

    ``weight`` p(run), ``mean`` μ, ``spread`` B, ``before`` the mean that was to be expected when
    the run began. ``constant`` is given: C(ν0 + r)·√(κ/(κ + 1)) for r = 0, 1, …
    """

    weight: Array
    mean: Array
    spread: Array
    before: Array
    constant: Array


def judge_change(
    x: Array,
    n: Array,
    best: Array,
    base: Array,
    starts: Array,
    first: int,
    last: int,
    p: Change,
    runs: Runs,
    out: Out,
) -> None:
    """Write the probability of a change for the worse within the last scores.

    A change counts as one for the worse where the run's posterior mean lies below what the scores
    before the run led to expect (the shrunken baseline). ``statistic`` is minus the probability.
    """
    offset = starts[first]
    for dyad in range(first, last):
        length = 0
        for i in range(starts[dyad] - offset, starts[dyad + 1] - offset):
            reason = _open_row(x, n, best, base, i, p, out)
            if reason == NO_FORM or not p.noise > 0.0:
                continue
            length = _take_in(x[i], base[i], length, p, runs)
            if reason != EVALUABLE:
                continue
            worse = 0.0
            for r in range(min(length - 1, p.recent)):
                worse += runs.weight[r] if runs.mean[r] < runs.before[r] - p.slack else 0.0
            out.statistic[i] = -worse
            out.flagged[i] = worse >= p.probability


def _take_in(x: float, base: float, length: int, p: Change, runs: Runs) -> int:
    """Let every run take the score in, or begin one with it; return how many runs there are.

    Place r holds the run of r + 1 scores. The walk goes from the longest to the shortest, so that
    each moves up one place.
    """
    most = len(runs.weight)
    total, begun = 0.0, 0.0
    for r in range(length - 1, -1, -1):
        kappa = p.pseudo + (r + 1)
        away = x - runs.mean[r]
        q = away * away * kappa / ((kappa + 1.0) * runs.spread[r])
        grown = 1.0 / (1.0 + q)
        density = runs.constant[r + 1] * _root_power(grown, p.degrees + r + 2)
        weight = runs.weight[r] * density / math.sqrt(runs.spread[r])
        begun += runs.weight[r]
        weight *= 1.0 - p.hazard
        to = r + 1
        if to == most:  # the longest runs share a place, with the numbers of the longer one
            to = most - 1
        elif r == most - 2 and length == most:
            runs.weight[to] += weight
            total += weight
            continue
        runs.weight[to] = weight
        runs.mean[to] = runs.mean[r] + away / (kappa + 1.0)
        runs.spread[to] = runs.spread[r] * (1.0 + q)
        runs.before[to] = runs.before[r]
        total += weight
    prior = (p.degrees - 2) * p.noise * p.noise  # so that the prior mean of the variance is σ²
    away = x - p.level
    q = away * away * p.pseudo / ((p.pseudo + 1.0) * prior)
    grown = 1.0 / (1.0 + q)
    density = runs.constant[0] * _root_power(grown, p.degrees + 1) / math.sqrt(prior)
    begun = p.hazard * begun if length else 1.0
    runs.weight[0] = begun * density
    runs.mean[0] = p.level + away / (p.pseudo + 1.0)
    runs.spread[0] = prior * (1.0 + q)
    runs.before[0] = base
    total += runs.weight[0]
    length = min(length + 1, most)
    for r in range(length):
        runs.weight[r] /= total
    return length


def _root_power(g: float, halves: int) -> float:
    """Return g to the power halves/2 by whole multiplications."""
    factor = math.sqrt(g)
    result = 1.0
    while halves > 0:
        if halves & 1:
            result *= factor
        factor *= factor
        halves >>= 1
    return result


def _open_row(x: Array, n: Array, best: Array, base: Array, i: int, p: Change, out: Out) -> int:
    """Write what is known of a row before it is judged; return the reason."""
    out.statistic[i], out.limit[i] = math.nan, math.nan
    out.flagged[i], out.n_used[i] = False, n[i]
    out.expected[i] = base[i] if n[i] > 0 else math.nan
    reason = EVALUABLE
    if x[i] != x[i]:
        reason = NO_FORM
    elif n[i] < p.few:
        reason = TOO_FEW
    elif best[i] > p.share * n[i]:
        reason = AT_THE_END
    elif not p.noise > 0.0:
        reason = NO_SPREAD
    out.reason[i] = reason
    return reason
