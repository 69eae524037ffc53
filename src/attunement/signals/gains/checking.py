# SPDX-License-Identifier: Apache-2.0
"""One interval by itself: the criteria with the numbers behind them, and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from attunement.kernels.gains import (
    MEAN_AFTER,
    MEAN_BEFORE,
    MISSING,
    N_AFTER,
    N_BEFORE,
    N_FACTS,
    NEEDED,
    OFF,
    SD_AFTER,
    SD_BEFORE,
    T_CRITICAL,
    YES,
    describe_intervals,
    judge_interval,
)
from attunement.signals.errors import SignalError
from attunement.signals.gains.options import GainOptions
from attunement.signals.gains.wording import IntervalCheck
from attunement.signals.series import FloatArray

SIDE = 3


def answer(code: int) -> bool | None:
    """Return what two bits of a code mean; None for missing and for off."""
    return None if code in (MISSING, OFF) else code == YES


def check_interval(
    before: Sequence[float | None], after: Sequence[float | None], options: GainOptions
) -> IntervalCheck:
    """Judge one interval from the scores around it.

    Parameters
    ----------
    before : sequence of float or None
        Up to three scores, the last one at the beginning of the interval.
    after : sequence of float or None
        Up to three scores, the first one at the end of the interval.
    options : GainOptions

    Returns
    -------
    IntervalCheck

    Raises
    ------
    SignalError
        ``E-SIGNAL-001`` for none or more than three scores on a side.

    Examples
    --------
    >>> one = check_interval([32, 31, 33], [5, 6, 7], GainOptions(lower_is_better=True, cutoff=7))
    >>> one.verdict, one.mean_before, one.mean_after, round(one.t_critical, 3)
    (True, 32.0, 6.0, 2.776)
    """
    for side in (before, after):
        if not 1 <= len(side) <= SIDE:
            raise SignalError(
                "E-SIGNAL-001",
                what="an interval cannot be judged",
                got=f"{len(side)} scores on one side of it",
                expected="one to three, None where a session has no score",
                next_step="Give those that are nearest to the interval",
            )
    left: list[float | None] = [*([None] * (SIDE - len(before))), *before]
    right: list[float | None] = [*after, *([None] * (SIDE - len(after)))]
    line = np.array([math.nan if one is None else one for one in (*left, *right)], dtype=float)
    return check_line(line, SIDE - 1, options)


def check_line(line: FloatArray, row: int, options: GainOptions) -> IntervalCheck:
    """Judge the interval that leads from ``row`` of one person's scores."""
    rule = options.rule()
    six = np.full(2 * SIDE, np.nan)
    for place in range(2 * SIDE):
        at = row + place - (SIDE - 1)
        if 0 <= at < line.size:
            six[place] = line[at]
    a, b, start, end, y, z = (float(one) for one in six)
    code = judge_interval(a, b, start, end, y, z, rule)
    facts = np.empty((N_FACTS, 1))
    nought, length = np.zeros(1, dtype=np.int64), np.full(1, six.size)
    describe_intervals(six, nought, length, np.full(1, SIDE - 1), rule, facts)
    numbers = facts[:, 0]
    return IntervalCheck(
        criterion_1=answer(code & 3),
        criterion_2=answer((code >> 2) & 3),
        criterion_3=answer((code >> 4) & 3),
        verdict=answer(code >> 6),
        change=rule.sign * (start - end),
        mean_before=float(numbers[MEAN_BEFORE]),
        mean_after=float(numbers[MEAN_AFTER]),
        sd_before=float(numbers[SD_BEFORE]),
        sd_after=float(numbers[SD_AFTER]),
        n_before=_count(numbers[N_BEFORE], six[:SIDE]),
        n_after=_count(numbers[N_AFTER], six[SIDE:]),
        t_critical=float(numbers[T_CRITICAL]),
        needed=float(numbers[NEEDED]),
        options=options,
        before=start,
        after=end,
    )


def _count(number: float, side: FloatArray) -> int:
    return int(number) if number == number else int(np.count_nonzero(~np.isnan(side)))  # noqa: PLR0124 -- NaN alone differs from itself
