# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917 -- a compiled function takes its arrays by position
# ruff: noqa: FURB136 -- min and max treat NaN in one way here, in another compiled
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
# Which of the last three (five) scores lie beyond a line, as bits, the latest first: sets in which
# two of three, or four of five, and the latest among them, do; one bit for each set.
TWO_AND_LATEST = 1 << 3 | 1 << 5 | 1 << 7
FOUR_AND_LATEST = 1 << 15 | 1 << 23 | 1 << 27 | 1 << 29 | 1 << 31
FEW = 24  # numbers that are put in order by hand faster than by a call

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
    n: Array,
    gap: Array,
    starts: Array,
    first: int,
    last: int,
    p: Chart,
    centre: Array,
    sigma: Array,
    scratch: Array,
    out: Out,
) -> None:
    """Judge the dyads ``first`` … ``last − 1`` by their own individuals charts.

    Centre x̄ and σ̂ = MR̄/1.128 (robust: median, and median(MR)/.9539) of the first ``baseline``
    scores, or of all; they are written to ``centre`` and ``sigma``, NaN where there is no chart
    yet. ``scratch``: a numpy array with room for twice the longest dyad. Where ``out.statistic``
    has length 0 only flags and reasons are written.
    """
    offset = starts[first]
    for dyad in range(first, last):
        begin, end = starts[dyad] - offset, starts[dyad + 1] - offset
        used, row, middle, spread = _limits(x, gap, begin, end, p, scratch)
        judged = row if p.baseline else begin
        if len(out.statistic):
            _draw(begin, judged, end, used, middle, spread, centre, sigma, out.n_used)
        else:
            _mark(x, begin, judged, end, middle, spread, p, out.flagged, out.reason)
            if spread > 0.0 and p.runs & ~BEYOND_3:
                _mark_runs(x, gap, judged, end, middle, spread, -1.0, p, out.flagged)
            if spread > 0.0 and p.both_sides:
                _mark_runs(x, gap, judged, end, middle, spread, 1.0, p, out.flagged)
    if not len(out.statistic):
        return
    _compare(x, n, starts[last] - offset, p, centre, sigma, out)
    if p.runs & ~BEYOND_3 or p.both_sides:
        for dyad in range(first, last):
            _look_for_runs(gap, starts[dyad] - offset, starts[dyad + 1] - offset, p, sigma, out)


def mark_frozen(
    x: Array,
    gap: Array,
    starts: Array,
    first: int,
    last: int,
    p: Chart,
    bit: Any,
    flags: Array,
    judged: Array,
) -> None:
    """Add what a plain chart says to the bits of each row, as `judge_chart` would have it.

    Plain: limits from mean and mean range of the first ``baseline`` scores, nothing asked but the
    outer one on the worse side. Rows are counted from 0 on, as in `detect.run_along`.
    """
    offset, dyad, ahead = starts[first], first, 0
    n, ranges, known, limit = 0, 0, False, math.nan
    origin, before, total, moved = 0.0, 0.0, 0.0, 0.0
    for i in range(starts[last] - offset):
        if i == ahead:
            while ahead == i:
                dyad, ahead = dyad + 1, starts[dyad + 1] - offset
            n, ranges, known, limit = 0, 0, False, math.nan
            total, moved = 0.0, 0.0
        here = x[i]
        if n >= p.baseline:
            flags[i] |= bit if (here < limit) & known else 0
            judged[i] |= bit if (here == here) & known else 0  # noqa: PLR0124 -- not NaN
        elif here == here:  # noqa: PLR0124
            if n == 0:
                origin = here
            elif gap[i] <= p.widest:
                moved += abs(here - before)
                ranges += 1
            n += 1
            total += here - origin
            before = here
            if n == p.baseline:
                middle, spread = _frozen(origin, total, n, moved, ranges, p)
                known, limit = spread > 0.0, middle - p.sigmas * spread - p.slack


def _frozen(
    origin: float, total: float, n: int, moved: float, ranges: int, p: Chart
) -> tuple[float, float]:
    """Return centre and σ̂ from sums over scores and over their moving ranges."""
    spread = moved / ranges / OF_MEAN if ranges > 0 else 0.0
    spread = p.fallback if spread <= p.slack else spread
    return origin + total / n, max(spread, p.floor)


def _limits(
    x: Array, gap: Array, begin: int, end: int, p: Chart, scratch: Array
) -> tuple[int, int, float, float]:
    """Return the scores used, the row after them, centre and σ̂; NaN where there is no chart."""
    n, ranges, row = 0, 0, begin
    origin, before, total, moved = 0.0, 0.0, 0.0, 0.0
    half = len(scratch) // 2
    wanted = end - begin
    if p.baseline > 0:
        wanted = p.baseline
    while row < end and n < wanted:
        here = x[row]
        if here == here:  # noqa: PLR0124 -- not NaN
            if n == 0:
                origin = here
            elif gap[row] <= p.widest:
                moved += abs(here - before)
                scratch[half + ranges] = abs(here - before)
                ranges += 1
            scratch[n] = here
            n += 1
            total += here - origin
            before = here
        row += 1
    if n < 2 or (n < wanted and p.baseline > 0):  # noqa: PLR2004 -- two have a range
        return 0, row, math.nan, math.nan
    if not p.robust:
        middle, spread = _frozen(origin, total, n, moved, ranges, p)
        return n, row, middle, spread
    spread = _median(scratch, half, ranges) / OF_MEDIAN if ranges > 0 else 0.0
    spread = p.fallback if spread <= p.slack else spread
    return n, row, _median(scratch, 0, n), max(spread, p.floor)


def _draw(
    begin: int,
    judged: int,
    end: int,
    n: int,
    middle: float,
    spread: float,
    centre: Array,
    sigma: Array,
    n_used: Array,
) -> None:
    """Write centre and σ̂ for each row of a dyad that its chart judges, NaN for the others."""
    for i in range(begin, judged):
        centre[i] = math.nan
        sigma[i] = math.nan
        n_used[i] = 0
    for i in range(judged, end):
        centre[i] = middle
        sigma[i] = spread
        n_used[i] = n


def _mark(
    x: Array,
    begin: int,
    judged: int,
    end: int,
    middle: float,
    spread: float,
    p: Chart,
    flagged: Array,
    reason: Array,
) -> None:
    """Write flags and reasons of one dyad by the outer limit on the worse side."""
    known = EVALUABLE if spread > 0.0 else NO_SPREAD
    known = TOO_FEW if middle != middle else known  # noqa: PLR0124 -- NaN
    limit = middle - p.sigmas * spread - p.slack
    asked = (p.runs & BEYOND_3 == BEYOND_3) & (known == EVALUABLE)
    for i in range(begin, judged):
        flagged[i] = False
        reason[i] = TOO_FEW if x[i] == x[i] else NO_FORM
    for i in range(judged, end):
        flagged[i] = (x[i] < limit) & asked
        reason[i] = known if x[i] == x[i] else NO_FORM


def _mark_runs(
    x: Array,
    gap: Array,
    begin: int,
    end: int,
    middle: float,
    spread: float,
    side: float,
    p: Chart,
    flagged: Array,
) -> None:
    """Add the flags of telling runs on one side: −1 for the worse, 1 for the better."""
    two, one, same, near = 0, 0, 0, p.slack / spread
    outer, beyond_3 = p.sigmas + near, p.runs & BEYOND_3 == BEYOND_3
    sets_of_3 = TWO_AND_LATEST if p.runs & TWO_OF_THREE else 0
    sets_of_5 = FOUR_AND_LATEST if p.runs & FOUR_OF_FIVE else 0
    eight = EIGHT if p.runs & EIGHT_ON_A_SIDE else 1 << 30
    for i in range(begin, end):
        here = x[i]
        if here != here:  # noqa: PLR0124 -- NaN
            continue
        away = (here - middle) / spread * side
        kept = 0 if gap[i] > p.widest else -1
        two = ((two & kept) << 1 | (away > 2.0 + near)) & 7
        one = ((one & kept) << 1 | (away > 1.0 + near)) & 31
        same = (same & kept) + 1 if away > near else 0
        told = (sets_of_3 >> two | sets_of_5 >> one) & 1 == 1
        told = told | (same >= eight) | (beyond_3 & (away > outer))
        flagged[i] = flagged[i] | told


def _median(scratch: Array, at: int, n: int) -> float:
    """Return the median of n numbers from a place on."""
    if n > FEW:
        ordered = np.sort(scratch[at : at + n])
        return 0.5 * float(ordered[(n - 1) // 2] + ordered[n // 2])
    for k in range(at + 1, at + n):
        here, place = scratch[k], k
        while place > at and scratch[place - 1] > here:
            scratch[place] = scratch[place - 1]
            place -= 1
        scratch[place] = here
    return 0.5 * float(scratch[at + (n - 1) // 2] + scratch[at + n // 2])


def _compare(
    x: Array, n: Array, rows: int, p: Chart, centre: Array, sigma: Array, out: Out
) -> None:
    """Judge each point by the outer limit on the worse side; write what is known of each row."""
    asked = p.runs & BEYOND_3 == BEYOND_3
    for i in range(rows):
        here, middle, spread = x[i], centre[i], sigma[i]
        z = (here - middle) / spread if spread > 0.0 else math.nan
        limit = middle - p.sigmas * spread
        reason = EVALUABLE if spread > 0.0 else NO_SPREAD
        reason = TOO_FEW if middle != middle else reason  # noqa: PLR0124 -- NaN
        reason = NO_FORM if here != here else reason  # noqa: PLR0124 -- NaN
        out.statistic[i] = z
        out.flagged[i] = (here < limit - p.slack) & asked & (reason == EVALUABLE)
        out.reason[i] = reason
        out.expected[i] = middle
        out.limit[i] = limit
        early = middle != middle  # noqa: PLR0124 -- NaN
        out.n_used[i] = n[i] if early else out.n_used[i]


def _look_for_runs(gap: Array, begin: int, end: int, p: Chart, sigma: Array, out: Out) -> None:
    """Add the flags of telling runs, and of the better side where it is asked about."""
    below2, below1, above2, above1, low, high = 0, 0, 0, 0, 0, 0
    for i in range(begin, end):
        if out.reason[i] != EVALUABLE:
            continue
        if gap[i] > p.widest:
            below2, below1, above2, above1, low, high = 0, 0, 0, 0, 0, 0
        z, near = out.statistic[i], p.slack / sigma[i]
        below2 = (below2 << 1 | (1 if z < -2.0 - near else 0)) & 7
        below1 = (below1 << 1 | (1 if z < -1.0 - near else 0)) & 31
        low = low + 1 if z < -near else 0
        line = _line_crossed(-z, near, below2, below1, low, p)
        if line >= 0.0:
            out.flagged[i] = True
            out.limit[i] = out.expected[i] - line * sigma[i]
        if p.both_sides:
            above2 = (above2 << 1 | (1 if z > 2.0 + near else 0)) & 7
            above1 = (above1 << 1 | (1 if z > 1.0 + near else 0)) & 31
            high = high + 1 if z > near else 0
            line = _line_crossed(z, near, above2, above1, high, p)
            if line >= 0.0:
                out.flagged[i] = True
                out.limit[i] = out.expected[i] + line * sigma[i]


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
    z: Array,
    out: Out,
) -> None:
    """Add up what lies beyond the allowance: S = max(0, S − z − k), flagged above h.

    With ``both_sides`` the upper sum max(0, S + z − k) is kept as well and can flag. Nothing is
    reset by a flag. A missing form, and a score that cannot be judged, leave the sums as they are.
    ``z`` is room for a number of each row. Where ``out.statistic`` has length 0 only flags and
    reasons are written.
    """
    offset = starts[first]
    if not len(out.statistic):
        _z_alone(x, n, best, base, spread, starts[last] - offset, p, z, out.reason)
        for dyad in range(first, last):
            begin, end = starts[dyad] - offset, starts[dyad + 1] - offset
            _sum_up(begin, end, z, p, out.flagged, out.reason)
        return
    _standardise(x, n, best, base, spread, starts[last] - offset, p, out)
    edge = p.limit + p.slack
    for dyad in range(first, last):
        low, high = 0.0, 0.0
        for i in range(starts[dyad] - offset, starts[dyad + 1] - offset):
            away, usable = out.statistic[i], out.reason[i] == EVALUABLE
            out.limit[i] = out.expected[i] - spread[i] * (p.limit + p.weight - low)
            down, up = low - away - p.weight, high + away - p.weight
            down = down if down > 0.0 else 0.0
            up = up if up > 0.0 else 0.0
            low = down if usable else low
            high = up if usable else high
            above = p.both_sides & (high > low)
            out.statistic[i] = (high if above else -low) if usable else math.nan
            out.flagged[i] = usable & ((high if above else low) > edge)
            if above and usable:  # the score above which the upper sum would have passed h
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
    z: Array,
    out: Out,
) -> None:
    """Average with fading memory: e = (1 − λ)e + λz, flagged beyond L·√(λ/(2−λ)·(1−(1−λ)^2t)).

    t counts the scores that were judged. A missing form, and a score that cannot be judged, leave
    the average as it is. ``z`` and empty ``out.statistic`` as for `judge_cusum`.
    """
    offset = starts[first]
    if not len(out.statistic):
        _z_alone(x, n, best, base, spread, starts[last] - offset, p, z, out.reason)
        for dyad in range(first, last):
            begin, end = starts[dyad] - offset, starts[dyad + 1] - offset
            _average(begin, end, z, p, out.flagged, out.reason)
        return
    _standardise(x, n, best, base, spread, starts[last] - offset, p, out)
    keep, variance, times = 1.0 - p.weight, p.weight / (2.0 - p.weight), 1.0 / p.weight
    for dyad in range(first, last):
        e, fading = 0.0, 1.0
        for i in range(starts[dyad] - offset, starts[dyad + 1] - offset):
            away, usable = out.statistic[i], out.reason[i] == EVALUABLE
            faded = fading * keep * keep
            edge = p.limit * math.sqrt(variance * (1.0 - faded))
            out.limit[i] = out.expected[i] - spread[i] * (edge + keep * e) * times
            fading = faded if usable else fading
            e = keep * e + p.weight * away if usable else e
            above = p.both_sides & (e > 0.0)
            out.statistic[i] = e if usable else math.nan
            out.flagged[i] = usable & ((e if above else -e) > edge + p.slack)
            if above and usable:
                out.limit[i] = x[i] - spread[i] * (e - edge) * times


def _sum_up(begin: int, end: int, z: Array, p: Recursion, flagged: Array, reason: Array) -> None:
    """Write the flags of one dyad's sums."""
    low, high, edge = 0.0, 0.0, p.limit + p.slack
    for i in range(begin, end):
        usable = reason[i] == EVALUABLE
        down, up = low - z[i] - p.weight, high + z[i] - p.weight
        down = down if down > 0.0 else 0.0
        up = up if up > 0.0 else 0.0
        low = down if usable else low
        high = up if usable else high
        flagged[i] = usable & ((low > edge) | (p.both_sides & (high > edge)))


def _average(begin: int, end: int, z: Array, p: Recursion, flagged: Array, reason: Array) -> None:
    """Write the flags of one dyad's fading average."""
    keep, variance = 1.0 - p.weight, p.weight / (2.0 - p.weight)
    e, fading = 0.0, 1.0
    for i in range(begin, end):
        usable = reason[i] == EVALUABLE
        faded = fading * keep * keep
        edge = p.limit * math.sqrt(variance * (1.0 - faded))
        fading = faded if usable else fading
        e = keep * e + p.weight * z[i] if usable else e
        above = p.both_sides & (e > 0.0)
        flagged[i] = usable & ((e if above else -e) > edge + p.slack)


def _z_alone(
    x: Array,
    n: Array,
    best: Array,
    base: Array,
    spread: Array,
    rows: int,
    p: Recursion,
    z: Array,
    reason: Array,
) -> None:
    """Write z = (x − b)/s and why a row cannot be judged."""
    for i in range(rows):
        here, wide = x[i], spread[i]
        known = EVALUABLE if wide > 0.0 else NO_SPREAD
        known = AT_THE_END if best[i] > p.share * n[i] else known
        known = TOO_FEW if n[i] < p.few else known
        reason[i] = NO_FORM if here != here else known  # noqa: PLR0124 -- NaN
        z[i] = (here - base[i]) / wide if wide > 0.0 else math.nan


def _standardise(
    x: Array, n: Array, best: Array, base: Array, spread: Array, rows: int, p: Recursion, out: Out
) -> None:
    """Write z = (x − b)/s, and what is known of a row before it is judged."""
    for i in range(rows):
        here, wide = x[i], spread[i]
        reason = EVALUABLE if wide > 0.0 else NO_SPREAD
        reason = AT_THE_END if best[i] > p.share * n[i] else reason
        reason = TOO_FEW if n[i] < p.few else reason
        reason = NO_FORM if here != here else reason  # noqa: PLR0124 -- NaN
        out.statistic[i] = (here - base[i]) / wide if wide > 0.0 else math.nan
        out.reason[i] = reason
        out.expected[i] = base[i] if n[i] > 0 else math.nan
        out.n_used[i] = n[i]
