# SPDX-License-Identifier: Apache-2.0
"""The shape of a course as two people look at it together: which words to begin with.

A pattern chooses openers and nothing else. It is no rule: it raises no signal, has no null rate,
and its thresholds are plain choices on the scale's own range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from attunement.signals.errors import SignalError

FALL = 1 / 6  # of the range: one point of 0-6, as in the alliance check's own rule
BACK = 1 / 12  # of the range: as near to where it was as counts for being back
SPLIT = 1 / 4  # of the range: one and a half points of 0-6, as in the alliance check's own rule
TOP = 0.95  # of the range, from which a rating is at the top
LOW = 0.6  # of the range, below which a beginning is low
FIRST = 3  # sessions that are a beginning
RUN = 3  # ratings at the top that make it flat
EARLIER = 6  # ratings to which a fall is compared, at most
LATELY = 3  # ratings in which a fall that is put right may lie


class Pattern(StrEnum):
    """The shape that the newest rating ends."""

    LOW_START = "low_start"
    DROP = "drop"
    SPLIT = "split"
    FLAT_TOP = "flat_top"
    OFF_CEILING = "off_ceiling"
    REPAIRED = "repaired"
    STEADY = "steady"  # none of the others; also where there is nothing to read yet


@dataclass(frozen=True, slots=True)
class Course:
    """Both chairs' ratings of the same sessions, oldest first; None where there is none.

    Parameters
    ----------
    client, therapist : tuple of float or None
        Totals on one scale, one for each session that may be shown.
    minimum, maximum : float
        The scale's ends.
    higher_is_better : bool
        False turns the scale round.
    """

    client: tuple[float | None, ...]
    therapist: tuple[float | None, ...]
    minimum: float
    maximum: float
    higher_is_better: bool = True


def pattern_of(course: Course, *, dipped: bool = False) -> Pattern:
    """Return the shape of a course, by its newest client rating.

    Parameters
    ----------
    course : Course
        What may be shown; the caller has left everything else out.
    dipped : bool
        Whether a rule asks about the newest rating: then it is a drop, whatever its size.

    Returns
    -------
    Pattern
        The first that fits, in this order:

        ``DROP``  at least ``FALL`` below the median of up to ``EARLIER`` ratings before it (two or
        more), or ``dipped``;
        ``OFF_CEILING``  below the top after ``RUN`` ratings in a row at the top;
        ``REPAIRED``  within ``BACK`` of where it was before a fall in the last ``LATELY`` ratings;
        ``LOW_START``  among the first ``FIRST`` ratings, and their median below ``LOW``;
        ``SPLIT``  two sessions running at least ``SPLIT`` apart, the same chair lower;
        ``FLAT_TOP``  the last ``RUN`` ratings at the top;
        ``STEADY``  otherwise. Missing ratings are left out, never filled in.

    Raises
    ------
    SignalError
        ``E-SIGNAL-001`` for two lines of different length or a scale without a range.

    Notes
    -----
    Source: thresholds of the alliance check's own form, and choices; not validated.
    """
    _check(course)
    own = [value for value in _shares(course, course.client) if value is not None]
    if not own:
        return Pattern.STEADY
    fits = (
        (len(own) > 1 and (dipped or _fell(own)), Pattern.DROP),
        (_stepped_off(own), Pattern.OFF_CEILING),
        (_is_back(own), Pattern.REPAIRED),
        (len(own) <= FIRST and median(own) < LOW, Pattern.LOW_START),
        (_is_split(course), Pattern.SPLIT),
        (len(own) >= RUN and all(value >= TOP for value in own[-RUN:]), Pattern.FLAT_TOP),
    )
    return next((pattern for is_so, pattern in fits if is_so), Pattern.STEADY)


def _fell(own: Sequence[float]) -> bool:
    before = own[:-1][-EARLIER:]
    return len(before) > 1 and own[-1] <= median(before) - FALL + _ROUNDING


def _stepped_off(own: Sequence[float]) -> bool:
    before = own[-RUN - 1 : -1]
    return len(before) == RUN and all(value >= TOP for value in before) and own[-1] < TOP


def _is_back(own: Sequence[float]) -> bool:
    """Whether one of the last ratings had fallen, and the newest is where it had been before."""
    for at in range(max(2, len(own) - 1 - LATELY), len(own) - 1):
        before = median(own[:at][-EARLIER:])
        if own[at] <= before - FALL + _ROUNDING and own[-1] >= before - BACK - _ROUNDING:
            return True
    return False


def _is_split(course: Course) -> bool:
    pairs = [
        mine - theirs
        for mine, theirs in zip(
            _shares(course, course.client), _shares(course, course.therapist), strict=True
        )
        if mine is not None and theirs is not None
    ][-2:]
    apart = SPLIT - _ROUNDING
    return len(pairs) == 2 and (  # noqa: PLR2004 -- two sessions running
        all(gap >= apart for gap in pairs) or all(gap <= -apart for gap in pairs)
    )


_ROUNDING = 1e-9


def _shares(course: Course, values: Sequence[float | None]) -> list[float | None]:
    """Return values as shares of the range, 1 where it is best."""
    width = course.maximum - course.minimum
    up = [None if value is None else (value - course.minimum) / width for value in values]
    return up if course.higher_is_better else [None if v is None else 1.0 - v for v in up]


def _check(course: Course) -> None:
    if len(course.client) == len(course.therapist) and course.minimum < course.maximum:
        return
    raise SignalError(
        "E-SIGNAL-001",
        what="a course cannot be read",
        got=f"{len(course.client)} and {len(course.therapist)} ratings",
        expected="one rating or None of each chair for each session, on a scale with a range",
        next_step="Give both chairs the same sessions",
    )
