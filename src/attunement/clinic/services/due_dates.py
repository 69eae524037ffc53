# SPDX-License-Identifier: Apache-2.0
"""What is due, computed from dates alone: rules and a history in, a list out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

SESSIONS, WEEKS, NUMBERS, NEVER = "sessions", "weeks", "numbers", "never"
SOME_DAYS = timedelta(days=3)  # between two sessions: not before so long after the one
QUIET = timedelta(weeks=12)  # after so long without a session nobody is asked any more


@dataclass(frozen=True, slots=True)
class AskRule:
    """How often one form is asked.

    ``kind`` is ``"sessions"`` (every one), ``"weeks"`` (``every`` so many weeks), ``"numbers"``
    (the sessions of ``numbers``, then every ``every``-th after the last of them) or ``"never"``.
    """

    measure_id: str
    moment: str
    kind: str = SESSIONS
    numbers: tuple[int, ...] = ()
    every: int = 1


@dataclass(frozen=True, slots=True)
class PastAsk:
    """That a form was asked on a day."""

    measure_id: str
    moment: str
    on_day: date


def due_forms(
    rules: Sequence[AskRule], past: Iterable[PastAsk], *, session_no: int, on_day: date
) -> tuple[AskRule, ...]:
    """Return the rules whose form is due at a session, in the order of the rules.

    Parameters
    ----------
    rules : sequence of AskRule
        What the practice or the care episode asks.
    past : iterable of PastAsk
        What this client was asked before, in any session.
    session_no : int
        The session's number within its dyad, from 1.
    on_day : date
        Its day.

    Returns
    -------
    tuple of AskRule
        Never two of one measure, and none of a measure that was asked on the same day: nobody is
        asked the same thing twice in a day.
    """
    history = tuple(past)
    asked_today = {one.measure_id for one in history if one.on_day == on_day}
    due: list[AskRule] = []
    for rule in rules:
        if rule.measure_id in asked_today:
            continue
        earlier = [
            one.on_day
            for one in history
            if (one.measure_id, one.moment) == (rule.measure_id, rule.moment)
            and one.on_day < on_day
        ]
        if is_due(rule, session_no=session_no, on_day=on_day, last=max(earlier, default=None)):
            due.append(rule)
            asked_today.add(rule.measure_id)
    return tuple(due)


def is_due(rule: AskRule, *, session_no: int, on_day: date, last: date | None) -> bool:
    """Whether a form is due by its rule; ``last`` is the day it was asked last."""
    if rule.kind == SESSIONS:
        return True
    if rule.kind == WEEKS:
        return last is None or on_day - last >= timedelta(weeks=rule.every)
    if rule.kind == NUMBERS:
        newest = max(rule.numbers, default=0)
        if session_no <= newest:
            return session_no in rule.numbers
        return (session_no - newest) % rule.every == 0
    return False


def due_between(
    rule: AskRule,
    past: Iterable[PastAsk],
    *,
    session_no: int,
    held_on: date,
    on_day: date,
) -> bool:
    """Whether a form between two sessions is due on a day.

    Parameters
    ----------
    rule : AskRule
        ``"sessions"`` and ``"numbers"`` ask once after a session, ``"weeks"`` once in so many.
    past : iterable of PastAsk
        What this client was asked before, with the day on which.
    session_no, held_on : int, date
        The session that was held last.
    on_day : date
        The day.

    Returns
    -------
    bool
        Never within three days of that session nor twelve weeks after it, and never on a day on
        which the same measure was asked at any other moment.
    """
    since = on_day - held_on
    if not SOME_DAYS <= since <= QUIET:
        return False
    same = [one for one in past if one.measure_id == rule.measure_id]
    if any(one.on_day == on_day for one in same):
        return False
    asked = [one.on_day for one in same if one.moment == rule.moment]
    if rule.kind == WEEKS:
        return is_due(rule, session_no=session_no, on_day=on_day, last=max(asked, default=None))
    if any(day > held_on for day in asked):
        return False
    return is_due(rule, session_no=session_no, on_day=on_day, last=None)


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form that waits for a client, as far as reminding needs to know."""

    key: str
    client: str
    measure_id: str
    asked_on: date


def due_reminders(
    waiting: Iterable[OpenForm], reminded: Iterable[tuple[str, date]], *, on_day: date
) -> tuple[OpenForm, ...]:
    """Return the forms of which a client is reminded on a day: at most one for each client.

    Parameters
    ----------
    waiting : iterable of OpenForm
        Forms that are due for a reminder by the clock and were not answered.
    reminded : iterable of (client, day)
        Reminders that were planned before, sent or not.
    on_day : date
        The day.

    Returns
    -------
    tuple of OpenForm
        The newest form of each client who was not reminded on that day.
    """
    done = {client for client, day in reminded if day == on_day}
    newest: dict[str, OpenForm] = {}
    for form in waiting:
        if form.client in done:
            continue
        known = newest.get(form.client)
        if known is None or (form.asked_on, form.key) > (known.asked_on, known.key):
            newest[form.client] = form
    return tuple(newest[client] for client in sorted(newest))
