# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917 -- a compiled function takes its arrays by position
"""Charts: the individuals chart with its run rules, CUSUM and EWMA.

Scores are turned so that higher is better; a missing score is NaN and no point of a chart. The
columns come from `attunement.kernels.detect.run_along`. Every loop works on lists, too.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

# The numbers of `attunement.signals.detectors.Reason`, which this file may not import.
EVALUABLE, NO_FORM, TOO_FEW, AT_THE_END, GAP, NO_SPREAD = 0, 1, 2, 3, 4, 5
# Mean and median of the range of two normal values, in SDs: E|x − y| and the median of |x − y|.
OF_MEAN, OF_MEDIAN = 1.128, 0.9539
# Which run rules a chart asks: the bits of ``Chart.runs``.
BEYOND_3, TWO_OF_THREE, FOUR_OF_FIVE, EIGHT_ON_A_SIDE = 1, 2, 4, 8
EIGHT = 8

Array = Any  # a numpy array, or a list of the same length


class Chart(NamedTuple):
    """How an individuals chart is drawn and read."""

    baseline: int  # scores that fix the limits; 0: all of them, later ones too
    runs: int  # bits of the run rules asked
    robust: bool  # medians instead of means
    widest: int  # sessions without a score that neighbours may have between them
    both_sides: bool
    sigmas: float  # the outermost limit
    fallback: float  # σ where the own one is nothing
    floor: float
    slack: float


class Out(NamedTuple):
    """Where a rule's answers go; ``expected`` and ``limit`` are turned like the scores."""

    statistic: Array
    flagged: Array
    reason: Array
    expected: Array
    limit: Array
    n_used: Array


def judge_chart(
    x: Array,
    gap: Array,
    starts: Array,
    first: int,
    last: int,
    p: Chart,
    scratch: Array,
    out: Out,
) -> None:
    """Judge the dyads ``first`` … ``last − 1`` by their own individuals charts.

    Centre x̄ and σ̂ = MR̄/1.128 (robust: median, and median(MR)/.9539) of the first ``baseline``
    scores, or of all. ``scratch``: a numpy array with room for twice the longest dyad.
    """
    offset = starts[first]
    for dyad in range(first, last):
        begin, end = starts[dyad] - offset, starts[dyad + 1] - offset
        n, frozen, centre, sigma = _limits(x, gap, begin, end, p, scratch)
        if sigma <= p.slack:
            sigma = p.fallback
        sigma = max(sigma, p.floor)
        _read_chart(x, gap, begin, end, n, frozen, centre, sigma, p, out)


def _limits(
    x: Array, gap: Array, begin: int, end: int, p: Chart, scratch: Array
) -> tuple[int, int, float, float]:
    """Return scores used, the row after the baseline, centre and σ̂ (0 where no range is)."""
    n, ranges, frozen = 0, 0, begin
    origin, before, total, moved = 0.0, 0.0, 0.0, 0.0
    half = len(scratch) // 2
    for i in range(begin, end):
        if x[i] != x[i]:
            continue
        if p.baseline and n == p.baseline:
            break
        if n == 0:
            origin = x[i]
        elif gap[i] <= p.widest:
            moved += abs(x[i] - before)
            scratch[half + ranges] = abs(x[i] - before)
            ranges += 1
        scratch[n] = x[i]
        n += 1
        total += x[i] - origin
        before, frozen = x[i], i + 1
    if n == 0:
        return 0, frozen, math.nan, math.nan
    centre = origin + total / n
    sigma = moved / ranges / OF_MEAN if ranges > 0 else 0.0
    if p.robust:
        centre = _median(scratch, 0, n)
        sigma = _median(scratch, half, ranges) / OF_MEDIAN if ranges > 0 else 0.0
    return n, frozen, centre, sigma


def _median(scratch: Array, at: int, n: int) -> float:
    """Return the median of n numbers from a place on."""
    ordered = np.sort(scratch[at : at + n])
    return 0.5 * float(ordered[(n - 1) // 2] + ordered[n // 2])


def _read_chart(
    x: Array,
    gap: Array,
    begin: int,
    end: int,
    n: int,
    frozen: int,
    centre: float,
    sigma: float,
    p: Chart,
    out: Out,
) -> None:
    """Judge each point: beyond the outer limit, or the last of a telling run on one side."""
    start = frozen if p.baseline else begin
    ready = n >= p.baseline if p.baseline else n > 1
    used = 0
    below2, below1, above2, above1, low, high = 0, 0, 0, 0, 0, 0
    for i in range(begin, end):
        out.expected[i], out.limit[i], out.statistic[i] = math.nan, math.nan, math.nan
        out.flagged[i], out.n_used[i] = False, n if i >= start else used
        here = x[i] == x[i]
        used += 1 if here else 0
        out.reason[i] = EVALUABLE if here else NO_FORM
        if here and (i < start or not ready):
            out.reason[i] = TOO_FEW
        elif here and not sigma > 0.0:
            out.reason[i] = NO_SPREAD
        if i < start or not ready or not sigma > 0.0:
            continue
        out.expected[i] = centre
        out.limit[i] = centre - p.sigmas * sigma
        if not here:
            continue
        if gap[i] > p.widest:
            below2, below1, above2, above1, low, high = 0, 0, 0, 0, 0, 0
        z = (x[i] - centre) / sigma
        near = p.slack / sigma
        below2 = (below2 << 1 | (1 if z < -2.0 - near else 0)) & 7
        above2 = (above2 << 1 | (1 if z > 2.0 + near else 0)) & 7
        below1 = (below1 << 1 | (1 if z < -1.0 - near else 0)) & 31
        above1 = (above1 << 1 | (1 if z > 1.0 + near else 0)) & 31
        low = low + 1 if z < -near else 0
        high = high + 1 if z > near else 0
        out.statistic[i] = z
        line = _line_crossed(-z, near, below2, below1, low, p)
        if line >= 0.0:
            out.flagged[i] = True
            out.limit[i] = centre - line * sigma
        elif p.both_sides:
            line = _line_crossed(z, near, above2, above1, high, p)
            if line >= 0.0:
                out.flagged[i] = True
                out.limit[i] = centre + line * sigma


def _line_crossed(away: float, near: float, two: int, one: int, side: int, p: Chart) -> float:
    """Return the line (in σ from the centre) of the first rule that speaks, or −1."""
    if p.runs & BEYOND_3 and away > p.sigmas + near:
        return p.sigmas
    if p.runs & TWO_OF_THREE and two & 1 and (two >> 1 & 1) + (two >> 2 & 1) > 0:
        return 2.0
    if p.runs & FOUR_OF_FIVE and one & 1:
        others = (one >> 1 & 1) + (one >> 2 & 1) + (one >> 3 & 1) + (one >> 4 & 1)
        if others > 2:  # noqa: PLR2004 -- three others and this one are four of five
            return 1.0
    if p.runs & EIGHT_ON_A_SIDE and side >= EIGHT:
        return 0.0
    return -1.0


class Recursion(NamedTuple):
    """A recursion on z = (x − b)/s."""

    few: int  # earlier scores needed
    share: float  # of earlier scores at the best end that may be
    weight: float  # CUSUM: the allowance k; EWMA: λ
    limit: float  # CUSUM: h; EWMA: L
    both_sides: bool
    slack: float


def judge_cusum(
    x: Array,
    n: Array,
    best: Array,
    base: Array,
    spread: Array,
    starts: Array,
    first: int,
    last: int,
    p: Recursion,
    out: Out,
) -> None:
    """Add up what lies beyond the allowance: S = max(0, S − z − k), flagged above h.

    With ``both_sides`` the upper sum max(0, S + z − k) is kept as well and can flag. Nothing is
    reset by a flag. A missing form, and a score that cannot be judged, leave the sums as they are.
    """
    offset = starts[first]
    for dyad in range(first, last):
        low, high = 0.0, 0.0
        for i in range(starts[dyad] - offset, starts[dyad + 1] - offset):
            usable = _open_row(x, n, best, base, spread, i, p, out)
            if n[i] > 0:
                out.limit[i] = base[i] - spread[i] * (p.limit + p.weight - low)
            if not usable:
                continue
            z = (x[i] - base[i]) / spread[i]
            low = max(0.0, low - z - p.weight)
            high = max(0.0, high + z - p.weight)
            out.statistic[i] = -low
            out.flagged[i] = low > p.limit + p.slack
            if p.both_sides and high > low:
                out.statistic[i] = high
                out.flagged[i] = high > p.limit + p.slack
                # the score above which the upper sum would have passed h
                out.limit[i] = x[i] - spread[i] * (high - p.limit)


def judge_ewma(
    x: Array,
    n: Array,
    best: Array,
    base: Array,
    spread: Array,
    starts: Array,
    first: int,
    last: int,
    p: Recursion,
    out: Out,
) -> None:
    """Average with fading memory: e = (1 − λ)e + λz, flagged beyond L·√(λ/(2−λ)·(1−(1−λ)^2t)).

    t counts the scores that were judged. A missing form, and a score that cannot be judged, leave
    the average as it is.
    """
    offset = starts[first]
    keep = 1.0 - p.weight
    for dyad in range(first, last):
        e, fading = 0.0, 1.0
        for i in range(starts[dyad] - offset, starts[dyad + 1] - offset):
            usable = _open_row(x, n, best, base, spread, i, p, out)
            next_fading = fading * keep * keep
            edge = p.limit * math.sqrt(p.weight / (2.0 - p.weight) * (1.0 - next_fading))
            if n[i] > 0:
                out.limit[i] = base[i] - spread[i] * (edge + keep * e) / p.weight
            if not usable:
                continue
            e = keep * e + p.weight * (x[i] - base[i]) / spread[i]
            fading = next_fading
            out.statistic[i] = e
            out.flagged[i] = e < -edge - p.slack
            if p.both_sides and e > edge + p.slack:
                out.flagged[i] = True
                out.limit[i] = x[i] - spread[i] * (e - edge) / p.weight


def _open_row(
    x: Array,
    n: Array,
    best: Array,
    base: Array,
    spread: Array,
    i: int,
    p: Recursion,
    out: Out,
) -> bool:
    """Write what is known of a row before it is judged; return whether it can be."""
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
    elif not spread[i] > 0.0:
        reason = NO_SPREAD
    out.reason[i] = reason
    return reason == EVALUABLE
