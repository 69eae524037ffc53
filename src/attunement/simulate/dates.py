# SPDX-License-Identifier: Apache-2.0
"""When sessions take place: weekly, on the dyad's own weekday, with the practice's holidays."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from attunement.simulate.errors import SimulationError
from attunement.simulate.settings import Settings

WORKING_DAYS = 5
SHORTEST_WEEKS = 8
# The practice is closed in a week whose Monday falls in one of these spans (month, day).
CLOSED_SPANS: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = (
    ((8, 3), (8, 16)),
    ((12, 21), (12, 31)),
)


def session_dates(
    therapist: NDArray[np.intp],
    *,
    length: int,
    start: date,
    until: date | None,
    settings: Settings,
    rng: np.random.Generator,
) -> NDArray[np.datetime64]:
    """Return the date of every session, dyads × ``length``, rising along each row.

    Each therapist is away for one week of their own in every half-year. With ``until`` every
    dyad begins before it; later dates are returned too and cut off by the caller.

    Raises
    ------
    SimulationError
        E-SIM-003, when there are fewer than eight weeks from ``start`` to ``until``.
    """
    _check(start, until)
    monday = start + timedelta(days=-start.weekday() % 7)
    weeks = settings.intake_weeks + 2 * length + 40
    mondays = np.datetime64(monday) + 7 * np.arange(weeks)
    practice_open = ~np.array([_closed(day) for day in mondays.astype(object)])
    begin = rng.integers(0, settings.intake_weeks, len(therapist))
    weekday = rng.integers(0, WORKING_DAYS, len(therapist))
    last = None if until is None else np.datetime64(until)

    dates = np.empty((len(therapist), length), dtype="datetime64[D]")
    for number in np.unique(therapist):
        mine = therapist == number
        away = np.zeros(weeks, dtype=np.bool_)
        away[np.arange(0, weeks - 26, 26) + rng.integers(0, 26, len(range(0, weeks - 26, 26)))] = 1
        open_weeks = mondays[practice_open & ~away]
        latest = len(open_weeks) - length
        if last is not None:
            in_time = int(np.searchsorted(open_weeks + (WORKING_DAYS - 1), last, side="right"))
            latest = min(latest, in_time - 1)
        first = np.minimum(begin[mine], latest)
        dates[mine] = open_weeks[first[:, None] + np.arange(length)] + weekday[mine][:, None]
    return dates


def _check(start: date, until: date | None) -> None:
    if until is not None and until - start < timedelta(weeks=SHORTEST_WEEKS):
        raise SimulationError(
            "E-SIM-003",
            what="there is no room for sessions between start and until",
            got=f"{(until - start).days} days from {start} to {until}",
            expected=f"at least {SHORTEST_WEEKS} weeks",
            next_step="Choose an earlier start or a later end",
        )


def _closed(monday: date) -> bool:
    day = (monday.month, monday.day)
    return any(low <= day <= high for low, high in CLOSED_SPANS)
