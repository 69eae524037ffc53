# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917 -- a compiled function takes its arrays by position
# ruff: noqa: FURB136 -- min and max treat NaN in one way here, in another compiled
"""Bayesian online change points with an informative prior (Adams & MacKay 2007).

For each possible beginning of the current run the posterior of its mean and variance is known in
closed form (Normal-inverse-gamma). With κ, ν, μ and B of a run before a score x,

    B' = B + (x − μ)²·κ/(κ + 1),
    p(x | run) = C(ν)·√(κ/(κ + 1))·B^(ν/2) / B'^((ν + 1)/2)

is Student's t with ν degrees of freedom. The power below the line is the next score's power above
it, and a whole ν asks for whole powers and a square root at most; from `LONG` scores on, where such
powers would leave the numbers, (B/B')^(ν/2)/√B' is worked out instead. Scores are turned so that
higher is better; a missing score is skipped.

Several dyads of like length go side by side, one in each *lane*: the innermost loops run over
lanes, do the same to each, and so use a processor's wide registers. One lane gives the same bits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

# The numbers of `attunement.signals.detectors.Reason`, which this file may not import.
EVALUABLE, NO_FORM, TOO_FEW, AT_THE_END, NO_SPREAD = 0, 1, 2, 3, 5

LANES = 32  # dyads side by side at most
LONG = 32  # a run of so many scores is worked out by the ratio of powers
# Where the numbers of a run stand in its row of the state, one of each lane: its probability
# times the sum of all; μ; B in units of the prior's; B^(ν/2); and what was to be expected when
# it began.
WEIGHT, MEAN, SPREAD, POWER, BEFORE, STATE = 0, LANES, 2 * LANES, 3 * LANES, 4 * LANES, 5 * LANES
# and in the row of sums: 1/the sum of all weights, the sum that is growing, the probability of a
# change for the worse.
SCALE, TOTAL, WORSE, SUMS = 0, LANES, 2 * LANES, 3 * LANES
WIDEST = 1e9  # of SPREAD: scores 60,000 SDs off, beyond which powers would leave the numbers

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
    state: Array,
    packed: Array,
    rows: Array,
    counts: Array,
    sums: Array,
    constant: Array,
    out: Out,
) -> None:
    """Write the probability of a change for the worse within the last scores.

    A change counts as one for the worse where the run's posterior mean lies below what the scores
    before the run led to expect (the shrunken baseline). ``statistic`` is minus the probability.
    ``order``: the dyads from the shortest to the longest (with one lane: any order). Where
    ``out.statistic`` has length 0 only flags and reasons are written.

    Working memory, a row of which is taken out before the lanes are walked through (an array's
    row, or a list's list): ``state``, a row for the j-th oldest run (those longer than there are
    places share place 0 with the numbers of the most probable; κ and ν stay where they are, and B
    forgets, so that B/ν goes on being the variance); ``packed`` and ``rows``, the scores there are
    and where they come from, a row for the t-th of each lane; ``counts``, how many; ``sums``. They
    come one by one: in a tuple they would be counted at every access.
    ``constant`` is given: C(ν0 + r)·√(κ/(κ + 1)) for r = 0, 1, …
    """
    offset = starts[first]
    statistic, flagged, reason = out.statistic, out.flagged, out.reason
    _open_rows(x, n, best, starts[last] - offset, p, flagged, reason)
    if len(statistic):
        _open_numbers(n, base, starts[last] - offset, out)
    if not p.noise > 0.0:
        return
    places = len(state)
    for at in range(0, last - first, lanes):
        longest = _pack(
            x, starts, offset, at, last - first, lanes, order, p.level, packed, rows, counts
        )
        for lane in range(lanes):
            sums[SCALE + lane] = 1.0
            sums[TOTAL + lane] = 1.0
        for t in range(longest):
            length = min(t, places)
            if length == places:
                _make_room(places, lanes, state)
                length -= 1
            now, here = packed[t], rows[t]
            _begin(state[length], here, t, lanes, base, p, sums)
            for j in range(length + 1):
                r = t if t >= places and j == 0 else length - j
                r = min(r, places)
                if r < LONG:
                    _take_in(now, state[j], sums, r, lanes, p, constant[r])
                else:
                    _take_in_long(now, state[j], sums, r, lanes, p, constant[r], r >= places)
            _weigh(sums, lanes)
            # place 0 began with the series: no change
            for j in range(length, max(1, length + 1 - p.recent) - 1, -1):
                _add_worse(state[j], sums, lanes, p.slack)
            _read(here, sums, lanes, p.probability, statistic, flagged, reason)


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
    level: float,
    packed: Array,
    rows: Array,
    counts: Array,
) -> int:
    """Lay the scores of the next dyads side by side; return how many the longest has."""
    longest = 0
    for lane in range(lanes):
        count = 0
        if at + lane < dyads:
            dyad = order[at + lane]
            for i in range(starts[dyad] - offset, starts[dyad + 1] - offset):
                if x[i] == x[i]:
                    packed[count][lane] = x[i]
                    rows[count][lane] = i
                    count += 1
        counts[lane] = count
        longest = max(longest, count)
    for lane in range(lanes):  # lanes that are done go on with a number that harms nobody
        for t in range(counts[lane], longest):
            packed[t][lane] = level
            rows[t][lane] = -1
    return longest


def _make_room(places: int, lanes: int, state: Array) -> None:
    """Let the two oldest runs share a place, with the numbers of the more probable one."""
    _merge(state[1], state[0], lanes)
    for j in range(1, places - 1):
        _copy(state[j + 1], state[j])


def _copy(source: Array, target: Array) -> None:
    for k in range(STATE):
        target[k] = source[k]


def _merge(source: Array, target: Array, lanes: int) -> None:
    for lane in range(lanes):
        if source[WEIGHT + lane] > target[WEIGHT + lane]:
            target[MEAN + lane] = source[MEAN + lane]
            target[SPREAD + lane] = source[SPREAD + lane]
        target[WEIGHT + lane] += source[WEIGHT + lane]


def _begin(
    state: Array, rows: Array, t: int, lanes: int, base: Array, p: Change, sums: Array
) -> None:
    """Let a run begin before this score: with the prior's numbers, and the chance of a change.

    ``sums`` holds the sum of the weights there are. The chance that no change came is left out
    here, as `_take_in` multiplies by it.
    """
    chance = (p.hazard if t > 0 else 1.0) / (1.0 - p.hazard)
    for lane in range(lanes):
        state[WEIGHT + lane] = chance * sums[TOTAL + lane]
        state[MEAN + lane] = p.level
        state[SPREAD + lane] = 1.0
        state[POWER + lane] = 1.0
        sums[TOTAL + lane] = 0.0
    for lane in range(lanes):
        state[BEFORE + lane] = base[rows[lane]] if rows[lane] >= 0 else p.level


def _take_in(
    now: Array, state: Array, sums: Array, r: int, lanes: int, p: Change, constant: float
) -> None:
    """Let the runs of one place, r scores long, take in the score of their lane."""
    kappa = p.pseudo + r
    # B is counted in (ν0 − 2)σ², so that the prior mean of the variance is σ²
    ratio = kappa / (kappa + 1.0) / ((p.degrees - 2) * p.noise * p.noise)
    step = 1.0 / (kappa + 1.0)
    goes_on = (1.0 - p.hazard) * constant
    power = p.degrees + r + 1
    if power & 1:
        _with_root(now, state, sums, lanes, ratio, step, goes_on, power >> 1)
    else:
        _without_root(now, state, sums, lanes, ratio, step, goes_on, power >> 1)


def _with_root(
    now: Array,
    state: Array,
    sums: Array,
    lanes: int,
    ratio: float,
    step: float,
    goes_on: float,
    whole: int,
) -> None:
    """Take in a score where (ν + 1)/2 is a whole number and a half."""
    bit0, bit1, bit2 = whole & 1 == 1, whole & 2 == 2, whole & 4 == 4  # noqa: PLR2004
    bit3, bit4 = whole & 8 == 8, whole & 16 == 16  # noqa: PLR2004
    for lane in range(lanes):
        away = now[lane] - state[MEAN + lane]
        b = state[SPREAD + lane] + away * away * ratio
        b = b if b < WIDEST else WIDEST
        b2 = b * b
        b4 = b2 * b2
        b8 = b4 * b4
        low = (b if bit0 else 1.0) * (b2 if bit1 else 1.0) * (b4 if bit2 else 1.0)
        power = low * ((b8 if bit3 else 1.0) * (b8 * b8 if bit4 else 1.0)) * math.sqrt(b)
        before = state[WEIGHT + lane] * state[POWER + lane] * sums[SCALE + lane]
        weight = before * goes_on / power
        state[WEIGHT + lane] = weight
        state[MEAN + lane] += away * step
        state[SPREAD + lane] = b
        state[POWER + lane] = power
        sums[TOTAL + lane] += weight


def _without_root(
    now: Array,
    state: Array,
    sums: Array,
    lanes: int,
    ratio: float,
    step: float,
    goes_on: float,
    whole: int,
) -> None:
    """Take in a score where (ν + 1)/2 is a whole number."""
    bit0, bit1, bit2 = whole & 1 == 1, whole & 2 == 2, whole & 4 == 4  # noqa: PLR2004
    bit3, bit4 = whole & 8 == 8, whole & 16 == 16  # noqa: PLR2004
    for lane in range(lanes):
        away = now[lane] - state[MEAN + lane]
        b = state[SPREAD + lane] + away * away * ratio
        b = b if b < WIDEST else WIDEST
        b2 = b * b
        b4 = b2 * b2
        b8 = b4 * b4
        low = (b if bit0 else 1.0) * (b2 if bit1 else 1.0) * (b4 if bit2 else 1.0)
        power = low * ((b8 if bit3 else 1.0) * (b8 * b8 if bit4 else 1.0))
        before = state[WEIGHT + lane] * state[POWER + lane] * sums[SCALE + lane]
        weight = before * goes_on / power
        state[WEIGHT + lane] = weight
        state[MEAN + lane] += away * step
        state[SPREAD + lane] = b
        state[POWER + lane] = power
        sums[TOTAL + lane] += weight


def _take_in_long(
    now: Array,
    state: Array,
    sums: Array,
    r: int,
    lanes: int,
    p: Change,
    constant: float,
    forget: bool,  # noqa: FBT001 -- a compiled function takes its arguments by position
) -> None:
    """Let long runs take in the score of their lane; with ``forget`` ν stays where it is."""
    kappa, degrees = p.pseudo + r, p.degrees + r
    ratio = kappa / (kappa + 1.0) / ((p.degrees - 2) * p.noise * p.noise)
    step = 1.0 / (kappa + 1.0)
    goes_on = (1.0 - p.hazard) * constant
    kept = degrees / (degrees + 1.0) if forget else 1.0
    for lane in range(lanes):
        away = now[lane] - state[MEAN + lane]
        b = state[SPREAD + lane] + away * away * ratio
        b = b if b < WIDEST else WIDEST
        square = state[SPREAD + lane] / b
        power = math.sqrt(square / b) if degrees & 1 else 1.0 / math.sqrt(b)
        k = degrees >> 1
        while k > 0:
            if k & 1:
                power *= square
            square *= square
            k >>= 1
        weight = state[WEIGHT + lane] * sums[SCALE + lane] * goes_on * power
        state[WEIGHT + lane] = weight
        state[MEAN + lane] += away * step
        state[SPREAD + lane] = b * kept
        sums[TOTAL + lane] += weight


def _weigh(sums: Array, lanes: int) -> None:
    """Note what each lane's weights are to be divided by."""
    for lane in range(lanes):
        total = sums[TOTAL + lane]
        total = total if total > 0.0 else 1.0
        sums[TOTAL + lane] = total
        sums[SCALE + lane] = 1.0 / total
        sums[WORSE + lane] = 0.0


def _add_worse(state: Array, sums: Array, lanes: int, slack: float) -> None:
    """Add the probability of a run that lies below what was to be expected when it began."""
    for lane in range(lanes):
        below = state[MEAN + lane] < state[BEFORE + lane] - slack
        sums[WORSE + lane] += state[WEIGHT + lane] * sums[SCALE + lane] if below else 0.0


def _read(
    rows: Array,
    sums: Array,
    lanes: int,
    probability: float,
    statistic: Array,
    flagged: Array,
    reason: Array,
) -> None:
    """Write the answers for one score of each lane."""
    wide = len(statistic) > 0
    for lane in range(lanes):
        i, worse = rows[lane], sums[WORSE + lane]
        if i >= 0 and reason[i] == EVALUABLE:
            flagged[i] = worse >= probability
            if wide:
                statistic[i] = -worse


def _open_rows(
    x: Array, n: Array, best: Array, rows: int, p: Change, flagged: Array, reason: Array
) -> None:
    """Write what is known of each row before it is judged."""
    for i in range(rows):
        known = EVALUABLE if p.noise > 0.0 else NO_SPREAD
        known = AT_THE_END if best[i] > p.share * n[i] else known
        known = TOO_FEW if n[i] < p.few else known
        reason[i] = NO_FORM if x[i] != x[i] else known
        flagged[i] = False


def _open_numbers(n: Array, base: Array, rows: int, out: Out) -> None:
    for i in range(rows):
        out.statistic[i] = math.nan
        out.limit[i] = math.nan
        out.n_used[i] = n[i]
        out.expected[i] = base[i] if n[i] > 0 else math.nan
