# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917 -- a compiled function takes its arrays by position
"""Bayesian online change points with an informative prior (Adams & MacKay 2007).

For each possible beginning of the current run the posterior of its mean and variance is known in
closed form (Normal-inverse-gamma). With κ, ν, μ and B of a run before a score x,

    q = (x − μ)²·κ / ((κ + 1)·B),   B' = B·(1 + q),
    p(x | run) = C(ν)·√(κ/(κ + 1))·B^(−1/2)·(1 + q)^(−(ν + 1)/2)

is Student's t with ν degrees of freedom; a whole ν needs no power but whole powers of a square
root. Scores are turned so that higher is better; a missing score is skipped.

Several dyads of like length go side by side, one in each *lane*: the innermost loops run over
lanes, do the same to each, and so use a processor's wide registers. One lane gives the same bits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

# The numbers of `attunement.signals.detectors.Reason`, which this file may not import.
EVALUABLE, NO_FORM, TOO_FEW, AT_THE_END, NO_SPREAD = 0, 1, 2, 3, 5

Array = Any  # a numpy array, or a list of the same length


class Change(NamedTuple):
    """The model and when it speaks."""

    level: float  # prior mean of a run
    pseudo: float  # κ0 = σ²/τ²: how many scores the prior mean counts as
    degrees: int  # ν0, from 3 to 30
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
    """Working memory, by place (the j-th oldest run) and lane; or by score and lane.

    Place 0 holds all runs longer than there are places, with the numbers of the longest. A row of
    these is taken out before the lanes are walked through: an array's row, or a list's list.
    ``constant`` is given: C(ν0 + r)·√(κ/(κ + 1)) for r = 0, 1, …
    """

    weight: Array  # p(run)
    mean: Array  # μ
    root: Array  # B^(−1/2)
    before: Array  # what was to be expected when the run began
    packed: Array  # the scores there are
    rows: Array  # and their rows, int64
    counts: Array  # int64, one per lane
    total: Array  # one per lane
    constant: Array


def judge_change(
    x: Array,
    n: Array,
    best: Array,
    base: Array,
    starts: Array,
    first: int,
    last: int,
    lanes: int,
    order: Array,
    p: Change,
    runs: Runs,
    out: Out,
) -> None:
    """Write the probability of a change for the worse within the last scores.

    A change counts as one for the worse where the run's posterior mean lies below what the scores
    before the run led to expect (the shrunken baseline). ``statistic`` is minus the probability.
    ``order``: the dyads from the shortest to the longest (with one lane: any order).
    """
    offset = starts[first]
    for dyad in range(first, last):
        for i in range(starts[dyad] - offset, starts[dyad + 1] - offset):
            _open_row(x, n, best, base, i, p, out)
    if not p.noise > 0.0:
        return
    places = len(runs.weight)
    for at in range(0, last - first, lanes):
        longest = _pack(x, starts, offset, at, last - first, lanes, order, p, runs)
        for t in range(longest):
            length = min(t, places)
            if length == places:
                _make_room(places, lanes, runs)
                length -= 1
            for j in range(length):
                r = t if t >= places and j == 0 else length - j
                r = min(r, places)
                _take_in(j, r, t, lanes, p, runs)
            _begin(length, t, lanes, base, p, runs)
            _weigh(length + 1, lanes, runs)
            _read(t, length + 1, lanes, p, runs, out)


def lengths_in_order(starts: Array, first: int, last: int, order: Array) -> None:
    """Fill ``order`` with the dyads from the shortest to the longest, by counting."""
    longest = 0
    for dyad in range(first, last):
        longest = max(longest, starts[dyad + 1] - starts[dyad])
    place = np.zeros(longest + 2, dtype=np.int64)
    for dyad in range(first, last):
        place[starts[dyad + 1] - starts[dyad] + 1] += 1
    for length in range(longest + 1):
        place[length + 1] += place[length]
    for dyad in range(first, last):
        length = starts[dyad + 1] - starts[dyad]
        order[place[length]] = dyad
        place[length] += 1


def _pack(
    x: Array,
    starts: Array,
    offset: int,
    at: int,
    dyads: int,
    lanes: int,
    order: Array,
    p: Change,
    runs: Runs,
) -> int:
    """Lay the scores of the next dyads side by side; return how many the longest has."""
    longest = 0
    for lane in range(lanes):
        count = 0
        if at + lane < dyads:
            dyad = order[at + lane]
            for i in range(starts[dyad] - offset, starts[dyad + 1] - offset):
                if x[i] == x[i]:
                    runs.packed[count][lane] = x[i]
                    runs.rows[count][lane] = i
                    count += 1
        runs.counts[lane] = count
        longest = max(longest, count)
    for lane in range(lanes):  # lanes that are done go on with a number that harms nobody
        for t in range(runs.counts[lane], longest):
            runs.packed[t][lane] = p.level
            runs.rows[t][lane] = -1
    return longest


def _make_room(places: int, lanes: int, runs: Runs) -> None:
    """Let the two oldest runs share a place, with the numbers of the older one."""
    _add(runs.weight[1], runs.weight[0], lanes)
    for j in range(1, places - 1):
        _copy(runs.weight[j + 1], runs.weight[j], lanes)
        _copy(runs.mean[j + 1], runs.mean[j], lanes)
        _copy(runs.root[j + 1], runs.root[j], lanes)
        _copy(runs.before[j + 1], runs.before[j], lanes)


def _copy(source: Array, target: Array, lanes: int) -> None:
    for lane in range(lanes):
        target[lane] = source[lane]


def _add(source: Array, target: Array, lanes: int) -> None:
    for lane in range(lanes):
        target[lane] += source[lane]


def _take_in(j: int, r: int, t: int, lanes: int, p: Change, runs: Runs) -> None:
    """Let the runs of one place, r scores long, take in the score of their lane."""
    kappa = p.pseudo + r
    ratio, step = kappa / (kappa + 1.0), 1.0 / (kappa + 1.0)
    goes_on = (1.0 - p.hazard) * runs.constant[r]
    e = p.degrees + r + 1
    bit0, bit1, bit2 = e & 1 == 1, e & 2 == 2, e & 4 == 4  # noqa: PLR2004
    bit3, bit4, bit5 = e & 8 == 8, e & 16 == 16, e & 32 == 32  # noqa: PLR2004
    now, mean, root, weight = runs.packed[t], runs.mean[j], runs.root[j], runs.weight[j]
    for lane in range(lanes):
        away = now[lane] - mean[lane]
        scaled = away * root[lane]
        q = scaled * scaled * ratio
        s = math.sqrt(1.0 / (1.0 + q))
        s2 = s * s
        s4 = s2 * s2
        s8 = s4 * s4
        s16 = s8 * s8
        low = (s if bit0 else 1.0) * (s2 if bit1 else 1.0) * (s4 if bit2 else 1.0)
        high = (s8 if bit3 else 1.0) * (s16 if bit4 else 1.0) * (s16 * s16 if bit5 else 1.0)
        weight[lane] *= goes_on * root[lane] * (low * high)
        mean[lane] += away * step
        root[lane] *= s


def _begin(j: int, t: int, lanes: int, base: Array, p: Change, runs: Runs) -> None:
    """Let a run begin with this score."""
    ratio, step = p.pseudo / (p.pseudo + 1.0), 1.0 / (p.pseudo + 1.0)
    # so that the prior mean of the variance is σ²
    root = 1.0 / math.sqrt((p.degrees - 2) * p.noise * p.noise)
    begins = (p.hazard if t > 0 else 1.0) * runs.constant[0] * root
    now, rows = runs.packed[t], runs.rows[t]
    mean, roots, weight, before = runs.mean[j], runs.root[j], runs.weight[j], runs.before[j]
    for lane in range(lanes):
        away = now[lane] - p.level
        scaled = away * root
        s = math.sqrt(1.0 / (1.0 + scaled * scaled * ratio))
        power = s
        for _ in range(p.degrees):
            power *= s
        weight[lane] = begins * power
        mean[lane] = p.level + away * step
        roots[lane] = root * s
    for lane in range(lanes):
        before[lane] = base[rows[lane]] if rows[lane] >= 0 else p.level


def _weigh(length: int, lanes: int, runs: Runs) -> None:
    """Divide each lane's weights by their sum."""
    total = runs.total
    for lane in range(lanes):
        total[lane] = 0.0
    for j in range(length):
        _add(runs.weight[j], total, lanes)
    for lane in range(lanes):
        total[lane] = 1.0 / total[lane] if total[lane] > 0.0 else 0.0
    for j in range(length):
        weight = runs.weight[j]
        for lane in range(lanes):
            weight[lane] *= total[lane]


def _read(t: int, length: int, lanes: int, p: Change, runs: Runs, out: Out) -> None:
    """Add up the runs of late that lie below what was to be expected when they began."""
    youngest = max(1, length - p.recent)  # place 0 began with the series: no change
    for lane in range(lanes):
        i = runs.rows[t][lane]
        if i < 0 or out.reason[i] != EVALUABLE:
            continue
        worse = 0.0
        for j in range(length - 1, youngest - 1, -1):
            below = runs.mean[j][lane] < runs.before[j][lane] - p.slack
            worse += runs.weight[j][lane] if below else 0.0
        out.statistic[i] = -worse
        out.flagged[i] = worse >= p.probability


def _open_row(x: Array, n: Array, best: Array, base: Array, i: int, p: Change, out: Out) -> None:
    """Write what is known of a row before it is judged."""
    reason = EVALUABLE if p.noise > 0.0 else NO_SPREAD
    reason = AT_THE_END if best[i] > p.share * n[i] else reason
    reason = TOO_FEW if n[i] < p.few else reason
    reason = NO_FORM if x[i] != x[i] else reason
    out.reason[i] = reason
    out.statistic[i] = math.nan
    out.limit[i] = math.nan
    out.flagged[i] = False
    out.n_used[i] = n[i]
    out.expected[i] = base[i] if n[i] > 0 else math.nan
