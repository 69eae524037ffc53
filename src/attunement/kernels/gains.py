# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0124, PLR0917, PLR1714 -- NaN alone differs from itself; compiled functions are plain
"""Sudden gains: three criteria on every interval between two neighbouring sessions.

One person after the other lies in flat arrays; a person's rows are sessions without a hole in the
numbering, NaN where there is no score. The interval of a row leads from it to the next row.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# A criterion's answer takes two bits of an interval's code: criterion 1 the lowest, then 2, 3, and
# the verdict on top.
NO: Final = 0
YES: Final = 1
MISSING: Final = 2
OFF: Final = 3
NOT_TESTED: Final = 255  # everything off: the interval is at an end of the series

SLACK: Final = 1e-9  # relative: how close counts as equal

# Columns of what `describe_intervals` writes.
MEAN_BEFORE: Final = 0
MEAN_AFTER: Final = 1
SD_BEFORE: Final = 2
SD_AFTER: Final = 3
N_BEFORE: Final = 4
N_AFTER: Final = 5
T_CRITICAL: Final = 6
NEEDED: Final = 7
N_FACTS: Final = 8


class GainRule(NamedTuple):
    """The criteria as numbers.

    ``sign`` is 1 where a fall is looked for and -1 where a rise is. ``t2`` … ``t4`` are the
    factors of criterion 3 by degrees of freedom.
    """

    sign: float
    use_1: bool
    use_2: bool
    use_3: bool
    cutoff: float
    share: float
    origin: float
    vacuous: bool
    t2: float
    t3: float
    t4: float
    strict: bool


def judge_intervals(
    values: Array,
    starts: Array,
    first: int,
    last: int,
    rule: GainRule,
    codes: Array,
    judged: Array,
) -> None:
    """Judge every interval of the persons ``first`` to ``last`` (not included).

    Parameters
    ----------
    values : array of float64, shape (rows,)
        Scores; NaN where there is none.
    starts : array of int64, shape (persons + 1,)
        Where each person's rows begin, and the number of rows at the end.
    codes : array of uint8, shape (rows,)
        Takes the answers, two bits each; ``NOT_TESTED`` for the first interval and the last two
        rows of a person, which no rule can judge.
    judged : array of int64, shape (persons,)
        Takes how many intervals of each person have a verdict.
    """
    for person in range(first, last):
        begin, end = starts[person], starts[person + 1]
        for row in range(begin, end):
            codes[row] = NOT_TESTED
        count = 0
        for row in range(begin + 1, end - 2):
            far_before = values[row - 2] if row - 2 >= begin else np.nan
            far_after = values[row + 3] if row + 3 < end else np.nan
            code = judge_interval(
                far_before,
                values[row - 1],
                values[row],
                values[row + 1],
                values[row + 2],
                far_after,
                rule,
            )
            codes[row] = code
            count += 1 if code < 64 * MISSING else 0
        judged[person] = count


def judge_interval(
    a: float, b: float, before: float, after: float, y: float, z: float, rule: GainRule
) -> int:
    """Judge the interval from ``before`` to ``after``; two sessions more on either side."""
    one = MISSING if rule.use_1 else OFF
    two = MISSING if rule.use_2 else OFF
    three = MISSING if rule.use_3 else OFF
    if before != before or after != after:
        return one + 4 * two + 16 * three + 64 * MISSING
    change = rule.sign * (before - after)
    slack = SLACK * max(abs(before), abs(after), 1e-300)
    if rule.use_1:
        one = YES if change >= rule.cutoff - slack else NO
    if rule.use_2:
        least = rule.share * (before - rule.origin)
        if rule.vacuous:
            two = YES if -change <= least + slack else NO
        else:
            two = YES if change > slack and change >= least - slack else NO
    if rule.use_3:
        n_before, mean_before, squares_before = _side(a, b, before)
        n_after, mean_after, squares_after = _side(z, y, after)
        if n_before > 1 and n_after > 1:
            df = n_before + n_after - 2
            needed = _factor(df, rule) * np.sqrt((squares_before + squares_after) / df)
            apart = rule.sign * (mean_before - mean_after)
            three = YES if apart > needed + slack else NO
    return one + 4 * two + 16 * three + 64 * _verdict(one, two, three, rule.strict)


def _verdict(one: int, two: int, three: int, strict: bool) -> int:  # noqa: FBT001 -- compiled
    """Join the criteria: all must hold; a missing one leaves it open, or loses to a NO."""
    refused = one == NO or two == NO or three == NO
    unknown = one == MISSING or two == MISSING or three == MISSING
    if unknown and not (strict and refused):
        return MISSING
    return NO if refused else YES


def _side(far: float, middle: float, near: float) -> tuple[int, float, float]:
    """Count, mean and sum of squared deviations of up to three scores; ``near`` is there."""
    n = 1
    total = near
    if middle == middle:
        n += 1
        total += middle
    if far == far:
        n += 1
        total += far
    mean = total / n
    squares = (near - mean) * (near - mean)
    if middle == middle:
        squares += (middle - mean) * (middle - mean)
    if far == far:
        squares += (far - mean) * (far - mean)
    return n, mean, squares


def _factor(df: int, rule: GainRule) -> float:
    """Return the factor of criterion 3 for 2, 3 or 4 degrees of freedom."""
    if df == 4:  # noqa: PLR2004 -- three scores on either side
        return rule.t4
    return rule.t3 if df == 3 else rule.t2  # noqa: PLR2004 -- one score is missing


def count_analysable(values: Array, starts: Array, first: int, last: int, counts: Array) -> None:
    """Count per person the testable intervals with a score at both ends and two on each side."""
    for person in range(first, last):
        begin, end = starts[person], starts[person + 1]
        found = 0
        for row in range(begin + 1, end - 2):
            if values[row] != values[row] or values[row + 1] != values[row + 1]:
                continue
            left = values[row - 1] == values[row - 1]
            if row - 2 >= begin and values[row - 2] == values[row - 2]:
                left = True
            right = values[row + 2] == values[row + 2]
            if row + 3 < end and values[row + 3] == values[row + 3]:
                right = True
            if left and right:
                found += 1
        counts[person] = found


def describe_intervals(
    values: Array, begins: Array, ends: Array, rows: Array, rule: GainRule, facts: Array
) -> None:
    """Write what criterion 3 looks at for some intervals.

    Parameters
    ----------
    begins, ends : array of int64, shape (intervals,)
        The first row of the interval's person, and the row behind the last.
    rows : array of int64, shape (intervals,)
        The row that each interval leads from.
    facts : array of float64, shape (N_FACTS, intervals)
        Means, standard deviations and counts of both sides, the factor and what it asks of the
        difference of means; NaN where an end of the interval or a side has too few scores.
    """
    for k in range(rows.size):
        row = rows[k]
        for fact in range(N_FACTS):
            facts[fact, k] = np.nan
        before, after = values[row], values[row + 1]
        if before != before or after != after:
            continue
        far_before = values[row - 2] if row - 2 >= begins[k] else np.nan
        near_before = values[row - 1] if row - 1 >= begins[k] else np.nan
        near_after = values[row + 2] if row + 2 < ends[k] else np.nan
        far_after = values[row + 3] if row + 3 < ends[k] else np.nan
        n_before, mean_before, squares_before = _side(far_before, near_before, before)
        n_after, mean_after, squares_after = _side(far_after, near_after, after)
        facts[MEAN_BEFORE, k], facts[MEAN_AFTER, k] = mean_before, mean_after
        facts[N_BEFORE, k], facts[N_AFTER, k] = n_before, n_after
        if n_before > 1:
            facts[SD_BEFORE, k] = np.sqrt(squares_before / (n_before - 1))
        if n_after > 1:
            facts[SD_AFTER, k] = np.sqrt(squares_after / (n_after - 1))
        if n_before > 1 and n_after > 1:
            df = n_before + n_after - 2
            factor = _factor(df, rule)
            facts[T_CRITICAL, k] = factor
            facts[NEEDED, k] = factor * np.sqrt((squares_before + squares_after) / df)


def find_reversals(
    values: Array, ends: Array, rows: Array, sign: float, limits: Array, reversals: Array
) -> None:
    """Find where half of a gain was lost again.

    Parameters
    ----------
    rows, ends : array of int64, shape (gains,)
        The row that each gain leads from, and the row behind the last of its person.
    limits : array of float64, shape (gains,)
        Takes the score half way back.
    reversals : array of int64, shape (gains,)
        Takes the first row, from the second after the gain on, with a score beyond the limit;
        -1 where there is none, -2 where no later score could show it.
    """
    for k in range(rows.size):
        row = rows[k]
        before, after = values[row], values[row + 1]
        limit = after + (before - after) / 2
        slack = SLACK * max(abs(before), abs(after))
        limits[k] = limit
        reversals[k] = -2
        for later in range(row + 2, ends[k]):
            if values[later] != values[later]:
                continue
            if sign * (values[later] - limit) > slack:
                reversals[k] = later
                break
            reversals[k] = -1
