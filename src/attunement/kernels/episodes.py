# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PLR0917 -- a compiled function takes its arrays by position
"""From flagged sessions to episodes: onset, lowest point, and whether the score came back."""

from __future__ import annotations

from typing import Any

REPAIRED, UNREPAIRED, OPEN, CENSORED = 0, 1, 2, 3

Array = Any  # a numpy array, or a list of the same length


def find_episodes(
    x: Array,
    sessions: Array,
    starts: Array,
    ended: Array,
    flagged: Array,
    expected: Array,
    from_previous: bool,  # noqa: FBT001 -- a compiled function takes no keyword-only arguments
    window: int,
    tolerance: float,
    fewest: int,
    max_gap: int,
    slack: float,
    least: float,
    further: float,
    first: int,
    last: int,
    onset: Array,
    before: Array,
    nadir: Array,
    repair: Array,
    pre: Array,
    status: Array,
    gap: Array,
) -> int:
    """Write the episodes of the dyads ``first`` … ``last − 1`` and return how many there are.

    Positions are rows. ``x`` is turned so that higher is better, ``pre`` and ``expected`` as well.
    An episode begins at a flagged row that lies at least ``least`` below ``pre``, outside any
    other; flags up to its end belong to it. It ends with the repair or with the window. After a
    window without a repair the rupture goes on: no other begins before a score is back at that
    level, or has fallen by ``further`` below the lowest one.

    Parameters
    ----------
    from_previous : bool
        Whether ``pre`` is the last score before the onset (where there is one) or what the rule
        expected.
    fewest : int
        Scores that the window must hold to say *unrepaired*.
    ended : array of uint8, shape (D,) or (0,)
        1 where the care episode is known to have ended. ``(0,)``: not known.
    """
    found = 0
    for dyad in range(first, last):
        begin, end = starts[dyad], starts[dyad + 1]
        over = ended[dyad] == 1 if len(ended) else False
        earlier, row = -1, begin
        going, mended, bottom = False, 0.0, 0.0
        while row < end:
            if going and x[row] == x[row]:
                going = mended > x[row] > bottom - further
            if going or not flagged[row] or x[row] != x[row]:
                earlier = row if x[row] == x[row] else earlier
                row += 1
                continue
            level = expected[row]
            if earlier >= 0 and (from_previous or level != level):  # noqa: PLR0124 -- NaN
                level = x[earlier]
            if x[row] > level - least:
                earlier = row
                row += 1
                continue
            back = level - tolerance - slack
            lowest, scores, seen, at = _follow(x, sessions, row, end, window, back)
            passed = at < end or sessions[end - 1] - sessions[row] >= window
            verdict = REPAIRED if seen >= 0 else _without_repair(passed, over, scores >= fewest)
            onset[found], before[found], nadir[found], repair[found] = row, earlier, lowest, seen
            pre[found], status[found] = level, verdict
            gap[found] = earlier >= 0 and sessions[row] - sessions[earlier] - 1 > max_gap
            found += 1
            going, mended, bottom = seen < 0, back, x[lowest]
            stop = seen if seen >= 0 else at
            while row < stop:  # the flags in between belong to this episode
                earlier = row if x[row] == x[row] else earlier
                row += 1
    return found


def _follow(
    x: Array, sessions: Array, row: int, end: int, window: int, back: float
) -> tuple[int, int, int, int]:
    """Return the row of the lowest score, scores seen, the row that is back (or −1), the end."""
    lowest, scores, seen, at = row, 0, -1, row + 1
    while at < end and seen < 0 and sessions[at] - sessions[row] <= window:
        if x[at] == x[at]:
            scores += 1
            if x[at] >= back:
                seen = at
            elif x[at] < x[lowest]:
                lowest = at
        at += 1
    return lowest, scores, seen, at


def _without_repair(
    passed: bool,  # noqa: FBT001 -- a compiled function takes no keyword-only arguments
    over: bool,  # noqa: FBT001
    enough: bool,  # noqa: FBT001
) -> int:
    """Tell an episode that was left alone from one of which too little is known."""
    if passed:
        return UNREPAIRED if enough else CENSORED
    return CENSORED if over else OPEN
