# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917 -- a compiled function takes its arrays by position
# ruff: noqa: FURB136 -- min and max treat NaN in one way here, in another compiled
"""The one drop rule: what each score is compared with, in which unit, and what follows.

`run_along` walks once through each dyad and notes, for each row, what the rows before it say
(running sums, never a second look). `judge_drop` compares; `keep_persistent` and
`keep_returned` are the two further conditions a drop can be put under. Scores are turned so that
higher is better; a missing score is NaN. Every loop works on lists, too: a single series is run
as it stands, many series are compiled.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

# The numbers of `attunement.signals.detectors.Reason`, which this file may not import.
EVALUABLE, NO_FORM, TOO_FEW, AT_THE_END, GAP, NO_SPREAD = 0, 1, 2, 3, 4, 5
NEVER = 1 << 30  # a gap that no session number reaches: there is no score before
# Neighbouring scores further apart than one missing form say nothing of the moving range.
RANGE_GAP = 1
PER_RANGE = 1.0 / 1.128  # SDs in a mean moving range

Array = Any  # a numpy array, or a list of the same length


class Scale(NamedTuple):
    """The scale and the archive, turned so that higher is better."""

    minimum: float
    maximum: float
    mirrored: bool  # scores come as minimum + maximum − x
    slack: float  # how close counts as equal
    level: float
    between: float  # SDs
    noise: float  # never below half a step


class Running(NamedTuple):
    """What is known before each row. A column of length 0 is not asked for.

    ``x`` is the row's own score; all else but ``gap`` and the ``all_`` columns comes from earlier
    scores of the dyad alone.
    """

    x: Array
    n: Array  # int32: earlier scores
    gap: Array  # int32: session numbers without a score since the last one; NEVER = none before
    best: Array  # int32: earlier scores at the best end
    last: Array
    mean: Array
    own: Array  # SD (n − 1)
    moving: Array  # mean moving range / 1.128
    base: Array  # the shrunken baseline
    spread: Array  # and its predictive SD
    line: Array  # the straight line through the earlier scores, at this session
    line_factor: Array  # its predictive SD in units of noise
    recent: Array  # mean of the last m earlier scores
    middle: Array  # median of the earlier scores
    all_mean: Array  # of the whole series, later scores and this one included
    all_own: Array
    all_moving: Array
    all_n: Array  # int32


class Drop(NamedTuple):
    """When a drop counts."""

    k: float
    points: float  # and at least this many points
    few: int  # earlier scores needed
    most: int  # earlier scores that can be used (1: the previous one)
    widest: int  # sessions without a score that may lie between; NEVER: any number
    share: float  # of earlier scores at the best end that may be
    fixed: float  # the unit where it is the same for all
    fallback: float  # the unit where the own one is nothing
    floor: float
    strict: bool  # below the limit, not at it
    whole: bool  # the reference is the whole series
    slack: float


class Out(NamedTuple):
    """Where a rule's answers go; ``expected`` and ``limit`` are turned like the scores."""

    statistic: Array
    flagged: Array
    reason: Array
    expected: Array
    limit: Array
    n_used: Array


def run_along(
    values: Array,
    sessions: Array,
    starts: Array,
    first: int,
    last: int,
    recent: int,
    scale: Scale,
    f: Running,
) -> None:
    """Fill the columns of ``f`` for the dyads ``first`` … ``last − 1``.

    Row 0 of ``values``, of ``sessions`` and of every column is the first row of the first of them.
    The loops count rows from 0 on and not from dyad to dyad: a place that is known to be no
    negative one is reached in half the time.
    """
    _own_courses(values, sessions, starts, first, last, scale, f)
    if len(f.moving):
        _moving_ranges(starts, first, last, f)
    if len(f.base):
        _shrink(starts[last] - starts[first], scale, f)
    if len(f.line):
        _extrapolate(sessions, starts, first, last, f)
    if len(f.recent):
        _recent_means(starts, first, last, recent, f)
    if len(f.all_mean):
        for dyad in range(first, last):
            at = starts[dyad] - starts[first]
            _whole_series(at, starts[dyad + 1] - starts[dyad], f)


def _next_dyad(starts: Array, dyad: int, offset: int) -> tuple[int, int]:
    """Return the first dyad that begins further on than this one, and its first row."""
    begin = starts[dyad]
    while starts[dyad] == begin:
        dyad += 1
    return dyad, starts[dyad] - offset


def _own_courses(
    values: Array,
    sessions: Array,
    starts: Array,
    first: int,
    last: int,
    scale: Scale,
    f: Running,
) -> None:
    """Walk through each dyad: count, gap, last, mean and SD of the earlier scores."""
    both_ends, top = scale.minimum + scale.maximum, scale.maximum - scale.slack
    offset, dyad, ahead, wanted = starts[first], first, 0, len(f.own) > 0
    n, best, seen, before, origin = 0, 0, 0, math.nan, 0.0
    total, squares, mean, own, of_one_less = 0.0, 0.0, math.nan, math.nan, 1.0
    for at in range(starts[last] - offset):
        session = sessions[at]
        if at == ahead:
            dyad, ahead = _next_dyad(starts, dyad, offset)
            n, best, seen, before = 0, 0, session - 1 - NEVER, math.nan
            total, squares, mean, own, of_one_less = 0.0, 0.0, math.nan, math.nan, 1.0
        x = values[at]
        x = both_ends - x if scale.mirrored else x
        x = scale.maximum if x > scale.maximum else x
        x = scale.minimum if x < scale.minimum else x
        gap = session - seen - 1
        f.x[at] = x
        f.n[at] = n
        f.gap[at] = gap if gap < NEVER else NEVER
        f.best[at] = best
        f.last[at] = before
        f.mean[at] = mean
        if wanted:
            f.own[at] = own
        if x != x:  # noqa: PLR0124 -- NaN alone differs from itself
            continue
        origin = x if n == 0 else origin
        n += 1
        away = x - origin
        total += away
        of_one = 1.0 / n
        mean = origin + total * of_one
        if wanted:
            squares += away * away
            variance = (squares - total * total * of_one) * of_one_less
            own = math.sqrt(variance) if variance > 0.0 else 0.0
            own = own if n > 1 else math.nan
        of_one_less = of_one
        best += 1 if x >= top else 0
        before, seen = x, session


def _moving_ranges(starts: Array, first: int, last: int, f: Running) -> None:
    """Average the moving ranges of the earlier scores."""
    offset, dyad, ahead = starts[first], first, 0
    ranges, moved, moving = 0, 0.0, math.nan
    for at in range(starts[last] - offset):
        if at == ahead:
            dyad, ahead = _next_dyad(starts, dyad, offset)
            ranges, moved, moving = 0, 0.0, math.nan
        f.moving[at] = moving
        x = f.x[at]
        if (x == x) & (f.gap[at] <= RANGE_GAP):  # noqa: PLR0124 -- not NaN
            moved += abs(x - f.last[at])
            ranges += 1
            moving = moved * (1.0 / ranges) * PER_RANGE


def _shrink(rows: int, scale: Scale, f: Running) -> None:
    """Shrink the mean: b = γ + w(m − γ), w = τ²/(τ² + σ²/n), spread √(τ²(1 − w) + σ²)."""
    between, noise = scale.between * scale.between, scale.noise * scale.noise
    for i in range(rows):
        n = f.n[i]
        joint = between * n + noise
        weight = between * n / joint if joint > 0.0 else 0.0
        f.base[i] = scale.level + weight * (f.mean[i] - scale.level) if n > 0 else scale.level
        f.spread[i] = math.sqrt(between * (1.0 - weight) + noise)


def _extrapolate(sessions: Array, starts: Array, first: int, last: int, f: Running) -> None:
    """Lay the least-squares line through the earlier scores (over session numbers) and go on."""
    offset, dyad, ahead = starts[first], first, 0
    n, start, origin = 0, 0, 0.0
    st, stt, sx, stx = 0.0, 0.0, 0.0, 0.0
    for i in range(starts[last] - offset):
        if i == ahead:
            dyad, ahead = _next_dyad(starts, dyad, offset)
            n, start = 0, sessions[i]
            st, stt, sx, stx = 0.0, 0.0, 0.0, 0.0
        t = float(sessions[i] - start)
        line, factor = math.nan, math.nan
        if n > 1:
            of_one = 1.0 / n
            middle = st * of_one
            apart = stt - st * middle
            if apart > 0.0:
                away, each = t - middle, 1.0 / apart
                line = origin + sx * of_one + (stx - sx * middle) * each * away
                factor = math.sqrt(1.0 + of_one + away * away * each)
        f.line[i] = line
        f.line_factor[i] = factor
        x = f.x[i]
        if x == x:  # noqa: PLR0124 -- not NaN
            origin = x if n == 0 else origin
            n += 1
            st += t
            stt += t * t
            sx += x - origin
            stx += t * (x - origin)


def _recent_means(starts: Array, first: int, last: int, m: int, f: Running) -> None:
    """Average the last m earlier scores, or as many as there are."""
    offset, dyad, ahead = starts[first], first, 0
    n, total, oldest, origin, mean = 0, 0.0, 0, 0.0, math.nan
    for i in range(starts[last] - offset):
        if i == ahead:
            dyad, ahead = _next_dyad(starts, dyad, offset)
            n, total, mean = 0, 0.0, math.nan
        f.recent[i] = mean
        x = f.x[i]
        if x == x:  # noqa: PLR0124 -- not NaN
            if n == 0:
                origin, oldest = x, i
            total += x - origin
            n += 1
            if n > m:
                while f.x[oldest] != f.x[oldest]:
                    oldest += 1
                total -= f.x[oldest] - origin
                oldest += 1
                n -= 1
            mean = origin + total / n


def _whole_series(at: int, rows: int, f: Running) -> None:
    """Look at the whole series: mean, SD and moving range, the row itself and later ones in it."""
    mean, own, moving = math.nan, math.nan, math.nan
    n, total, squares, ranges, moved, origin = 0, 0.0, 0.0, 0, 0.0, 0.0
    for i in range(at, at + rows):
        x = f.x[i]
        if x == x:  # noqa: PLR0124 -- not NaN
            if n == 0:
                origin = x
            elif f.gap[i] <= RANGE_GAP:
                moved += abs(x - f.last[i])
                ranges += 1
            n += 1
            total += x - origin
            squares += (x - origin) * (x - origin)
    if n > 0:
        mean = origin + total / n
    if n > 1:
        own = math.sqrt(max((squares - total * total / n) / (n - 1), 0.0))
    if ranges > 0:
        moving = moved / ranges / 1.128
    for i in range(at, at + rows):
        f.all_mean[i] = mean
        f.all_own[i] = own
        f.all_moving[i] = moving
        f.all_n[i] = n


def running_median(starts: Array, first: int, last: int, ordered: Array, f: Running) -> None:
    """Fill ``f.middle``. ``ordered``: a numpy array with room for the longest dyad."""
    offset = starts[first]
    for dyad in range(first, last):
        n = 0
        for i in range(starts[dyad] - offset, starts[dyad + 1] - offset):
            middle = math.nan
            if n > 0:
                middle = 0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])
            f.middle[i] = middle
            x = f.x[i]
            if x == x:  # noqa: PLR0124 -- not NaN
                place = np.searchsorted(ordered[:n], x)
                ordered[place + 1 : n + 1] = ordered[place:n].copy()
                ordered[place] = x
                n += 1


def judge_drop(
    rows: int, f: Running, reference: Array, unit: Array, times: Array, p: Drop, out: Out
) -> None:
    """Compare each score with its reference: flagged at or below reference − k·unit.

    ``unit`` of length 0 stands for ``p.fixed``; ``times`` of length 0 for 1, and otherwise
    multiplies the unit. An own unit of 0 (a flat run) is replaced by ``p.fallback``, and none is
    below ``p.floor``.
    """
    own, stretched = len(unit) > 0, len(times) > 0
    for i in range(rows):
        x, ref = f.x[i], reference[i]
        n = f.all_n[i] if p.whole else f.n[i]
        u = _sound(unit[i] if own else p.fixed, p)
        u = u * times[i] if stretched else u
        limit = _limit(ref, u, p)
        reason = _reason(x, n, f.gap[i], f.best[i], f.n[i], ref, u, p)
        out.statistic[i] = (x - ref) / u if u > 0.0 else math.nan
        out.flagged[i] = _beyond(x, limit, p) & (reason == EVALUABLE)
        out.reason[i] = reason
        out.expected[i] = ref if n > 0 else math.nan
        out.limit[i] = limit if n > 0 else math.nan
        out.n_used[i] = min(n, p.most)


def mark_drop(
    rows: int,
    x: Array,
    n: Array,
    used: Array,
    gap: Array,
    best: Array,
    reference: Array,
    unit: Array,
    times: Array,
    p: Drop,
    bit: Any,
    flags: Array,
    judged: Array,
) -> None:
    """Do as `judge_drop`, and add the flags and the rows that were judged to the bits of each row.

    ``used`` counts the scores that went in: ``n``, or those of the whole series. The columns come
    one by one, since a call with all of `Running` takes longer than many a block.
    """
    own, stretched = len(unit) > 0, len(times) > 0
    for i in range(rows):
        here, ref = x[i], reference[i]
        u = _sound(unit[i] if own else p.fixed, p)
        u = u * times[i] if stretched else u
        known = _reason(here, used[i], gap[i], best[i], n[i], ref, u, p) == EVALUABLE
        flags[i] |= bit if _beyond(here, _limit(ref, u, p), p) & known else 0
        judged[i] |= bit if known else 0


def _sound(u: float, p: Drop) -> float:
    """Replace a unit of nothing, and lift one that is too small."""
    u = p.fallback if u <= p.slack else u
    return p.floor if u < p.floor else u


def _limit(ref: float, u: float, p: Drop) -> float:
    limit, nearer = ref - p.k * u, ref - p.points
    return nearer if nearer < limit else limit


def _beyond(x: float, limit: float, p: Drop) -> bool:
    return x < limit if p.strict else x <= limit + p.slack


def _reason(
    x: float, n: int, gap: int, best: int, earlier: int, ref: float, u: float, p: Drop
) -> int:
    """Return the first of the reasons for which a row cannot be judged, or that it can."""
    reason = EVALUABLE if u > 0.0 else NO_SPREAD
    reason = GAP if gap > p.widest else reason
    reason = AT_THE_END if best > p.share * earlier else reason
    reason = TOO_FEW if (n < p.few) | (ref != ref) | (u != u) else reason  # noqa: PLR0124 -- NaN
    return NO_FORM if x != x else reason  # noqa: PLR0124 -- NaN


def keep_persistent(
    starts: Array, first: int, last: int, f: Running, persist: int, p: Drop, out: Out
) -> None:
    """Keep a flag only in the ``persist``-th score running at or below the first one's limit.

    The limit stays where it was at the first low score; a gap, or a score above it, ends the run.
    """
    offset = starts[first]
    for dyad in range(first, last):
        run, limit, expected, unit = 0, 0.0, 0.0, 1.0
        for i in range(starts[dyad] - offset, starts[dyad + 1] - offset):
            x = f.x[i]
            if x != x:  # noqa: PLR0124 -- NaN: a missing form alone ends nothing, a gap does
                continue
            if run > 0 and f.gap[i] <= p.widest and x <= limit + p.slack:
                run += 1
                out.expected[i] = expected
                out.limit[i] = limit
                out.statistic[i] = (x - expected) / unit
                out.reason[i] = EVALUABLE
            elif out.flagged[i]:
                run, limit, expected = 1, out.limit[i], out.expected[i]
                unit = 1.0
                if out.statistic[i] < 0.0:
                    unit = (x - expected) / out.statistic[i]
            else:
                run = 0
            out.flagged[i] = run >= persist


def keep_returned(
    sessions: Array,
    starts: Array,
    first: int,
    last: int,
    f: Running,
    window: int,
    tolerance: float,
    slack: float,
    out: Out,
) -> None:
    """Keep a flag only where a later score comes back: it looks ahead, and is retrospective.

    Back is within ``tolerance`` units below what was expected, at most ``window`` session numbers
    after the drop. ``sessions`` are those of the block: row 0 is the first dyad's first.
    """
    offset = starts[first]
    for dyad in range(first, last):
        end = starts[dyad + 1] - offset
        for i in range(starts[dyad] - offset, end):
            if not out.flagged[i]:
                continue
            unit = 0.0
            if out.statistic[i] < 0.0:
                unit = (f.x[i] - out.expected[i]) / out.statistic[i]
            back = out.expected[i] - tolerance * unit - slack
            found, j = False, i + 1
            while j < end and not found and sessions[j] - sessions[i] <= window:
                found = f.x[j] >= back
                j += 1
            out.flagged[i] = found


def mirror(rows: int, both_ends: float, out: Out) -> None:
    """Turn what was expected, and the limit, back into the units of a lower-is-better measure."""
    for i in range(rows):
        out.expected[i] = both_ends - out.expected[i]
        out.limit[i] = both_ends - out.limit[i]


def collect(
    rows: int, bit: Any, flagged: Array, reason: Array, flags: Array, judged: Array
) -> None:
    """Add one rule's flags and evaluable rows to the bits of each row."""
    for i in range(rows):
        flags[i] |= bit if flagged[i] else 0
        judged[i] |= bit if reason[i] == EVALUABLE else 0
