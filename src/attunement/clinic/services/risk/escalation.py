# SPDX-License-Identifier: Apache-2.0
"""By when who is told, as a rule that only ever goes forward, whatever a clock does.

An alert's waiting is counted, not read off a clock: each look adds the time since the last one.
A clock that is set forward makes the next step come early; one that is set back changes nothing
while the worker runs, and hides at most the time in which no worker ran. Too early is a nuisance,
too late is a person not told.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum

from attunement.clinic.config.model import RiskRule


class Level(IntEnum):
    """Who is told at a step; each step keeps those before it."""

    FIRST = 1
    NEXT = 2
    LEAD = 3
    ALL = 4


def level_due(waited: timedelta, rule: RiskRule) -> Level:
    """Return up to which level people must have been told after waiting that long."""
    if waited >= rule.all_after:
        return Level.ALL
    if waited >= rule.lead_after:
        return Level.LEAD
    if waited >= rule.next_after:
        return Level.NEXT
    return Level.FIRST


def added(counted_at: datetime, now: datetime, *, steady: timedelta | None) -> timedelta:
    """Return how much waiting to add: the longer of the wall clock's and the steady clock's time.

    Parameters
    ----------
    counted_at, now : datetime
        The wall clock at the last look, and now; ``now`` may be earlier.
    steady : timedelta, optional
        What a clock that nobody sets measured since the same look; None where this process did
        not take that look itself.
    """
    return max(now - counted_at, steady or timedelta(0), timedelta(0))
