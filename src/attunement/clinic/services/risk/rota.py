# SPDX-License-Identifier: Apache-2.0
"""The week of who is told first, as arithmetic on minutes: no clock, no database.

Minutes are those of a clock on the practice's wall, from Monday 00:00, so a night with 25 hours
has no minute that the week does not name, and none of a night with 23 is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from attunement.clinic.models.risk import WEEK_MINUTES

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
_SPOKEN = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]* +([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Turn:
    """One person's part of every week; ``reachable`` is False where telling them would fail."""

    login_id: str
    place: int
    starts: int
    ends: int
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of the week, the end not included."""

    starts: int
    ends: int

    def __str__(self) -> str:
        """Return the span as it is said: ``sat 08:00 to sun 08:00``, or ``the whole week``."""
        if (self.starts, self.ends) == (0, WEEK_MINUTES):
            return "the whole week"
        return f"{say_minute(self.starts)} to {say_minute(self.ends % WEEK_MINUTES)}"


def minute_of_week(now: datetime, zone: ZoneInfo) -> int:
    """Return the minute that the practice's clock shows, from Monday 00:00."""
    local = now.astimezone(zone)
    return local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute


def read_minute(text: str) -> int | None:
    """Return the minute of ``mon 08:00``; None where it cannot be read."""
    found = _SPOKEN.fullmatch(" ".join(text.lower().split()))
    if found is None:
        return None
    return DAYS.index(found[1]) * DAY_MINUTES + int(found[2]) * 60 + int(found[3])


def say_minute(minute: int) -> str:
    """Return a minute of the week as it is written: ``mon 08:00``."""
    day, rest = divmod(minute, DAY_MINUTES)
    return f"{DAYS[day]} {rest // 60:02d}:{rest % 60:02d}"


def spans_between(starts: int, ends: int) -> tuple[Span, ...]:
    """Return one span, or two where it runs over Sunday midnight; equal ends are the whole week."""
    if starts < ends:
        return (Span(starts, ends),)
    late = (Span(starts, WEEK_MINUTES),) if starts < WEEK_MINUTES else ()
    return late + ((Span(0, ends),) if ends else ())


def holes(turns: Iterable[Turn]) -> tuple[Span, ...]:
    """Return every span of the week in which nobody who can be reached is on the rota."""
    covered = sorted((turn.starts, turn.ends) for turn in turns if turn.reachable)
    found: list[Span] = []
    reached = 0
    for starts, ends in covered:
        if starts > reached:
            found.append(Span(reached, starts))
        reached = max(reached, ends)
    if reached < WEEK_MINUTES:
        found.append(Span(reached, WEEK_MINUTES))
    return tuple(found)


def order_at(turns: Sequence[Turn], minute: int) -> tuple[str, ...]:
    """Return whom to tell at a minute, first to last: who is on, then whose turn begins next.

    Everybody on the rota who can be reached is in it once.
    """

    def wait(turn: Turn) -> tuple[int, int, int]:
        on = turn.starts <= minute < turn.ends
        return (0 if on else 1, 0 if on else (turn.starts - minute) % WEEK_MINUTES, turn.place)

    reachable = [turn for turn in turns if turn.reachable]
    return tuple(dict.fromkeys(turn.login_id for turn in sorted(reachable, key=wait)))
