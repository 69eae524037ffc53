# SPDX-License-Identifier: Apache-2.0
"""Where a loop stands: from a question to a conversation, a change, and the client's word on it.

A loop belongs to one session. It is a pure function of what happened, oldest first, so it is
stored nowhere and can be told again at any time. Only the client's word closes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Event(StrEnum):
    """What can happen to a loop."""

    ASKED = "asked"  # a signal took a place in a week, or a person named a rupture or a strain
    RAISE = "raise"  # the therapist means to raise it
    NOT_TODAY = "not_today"
    UNDONE = "undone"  # the last intention was taken back
    TALKED = "talked"  # the two looked at it together, or the therapist says they spoke of it
    SOMETHING_ELSE = "something_else"  # the therapist says that it was no rupture
    AGREED = "agreed"  # a change was agreed, or its words were put otherwise
    CHANGE_TAKEN_BACK = "change_taken_back"
    HELPED = "helped"
    HELPED_PARTLY = "helped_partly"
    DID_NOT_HELP = "did_not_help"
    DID_NOT_HAPPEN = "did_not_happen"
    PUT_RIGHT = "put_right"
    PARTLY_PUT_RIGHT = "partly_put_right"
    NOT_PUT_RIGHT = "not_put_right"
    NOTHING_WRONG = "nothing_wrong"  # the client says that nothing had gone wrong


class Stage(StrEnum):
    """Where a loop stands."""

    QUIET = "quiet"  # nothing asked, nothing agreed
    ASKED = "asked"
    TO_RAISE = "to_raise"
    NOT_TODAY = "not_today"
    TALKED = "talked"
    AGREED = "agreed"  # a change waits for the client's word
    CLOSED = "closed"
    REOPENED = "reopened"  # the client says that it did not help, or is not put right
    SOMETHING_ELSE = "something_else"


OPEN_STAGES = frozenset(
    {
        Stage.ASKED,
        Stage.TO_RAISE,
        Stage.NOT_TODAY,
        Stage.TALKED,
        Stage.AGREED,
        Stage.REOPENED,
    }
)
_GOOD = {Event.HELPED: "helped", Event.PUT_RIGHT: "right", Event.NOTHING_WRONG: "right"}
_BAD = {
    Event.HELPED_PARTLY: "helped",
    Event.DID_NOT_HELP: "helped",
    Event.DID_NOT_HAPPEN: "helped",
    Event.PARTLY_PUT_RIGHT: "right",
    Event.NOT_PUT_RIGHT: "right",
}
CLIENT_EVENTS = frozenset(_GOOD) | frozenset(_BAD)
_INTENTS = {Event.RAISE: Stage.TO_RAISE, Event.NOT_TODAY: Stage.NOT_TODAY}


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop after everything that happened.

    ``n_reopened`` counts how often the client's word reopened it, ``waits_for_word`` whether an
    agreed change has not been answered to.
    """

    stage: Stage = Stage.QUIET
    n_reopened: int = 0
    talked: bool = False  # ever
    changed: bool = False  # a change was ever agreed
    answered: bool = False  # the client ever answered
    waits_for_word: bool = False

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done or heard."""
        return self.stage in OPEN_STAGES


@dataclass(frozen=True, slots=True)
class _Held:
    """What decides the stage."""

    asked: bool = False
    intent: Stage | None = None
    talked: bool = False  # since the last bad word
    change: bool = False
    helped: bool | None = None  # the client's word on the change in force
    right: bool | None = None  # the client's word on the rupture
    dismissed: bool = False


def told(events: Iterable[Event]) -> Loop:
    """Return where a loop stands after ``events``, oldest first.

    Parameters
    ----------
    events : iterable of Event
        Everything that happened to one session's loop and may be known to whoever asks.

    Returns
    -------
    Loop
        ``CLOSED`` exactly where the client's last word on the change in force, or without a
        change on the rupture, is a good one and no last word is a bad one; ``REOPENED`` where a
        last word is a bad one and nothing has been talked about or agreed since. A new change
        waits for a new word. What the therapist says never closes a loop; ``SOMETHING_ELSE``
        sets it aside, until something more happens.
    """
    held, loop = _Held(), Loop()
    for event in events:
        held = _step(held, event)
        stage = _stage(held)
        fell_open = event in _BAD and stage is Stage.REOPENED
        loop = Loop(
            stage=stage,
            n_reopened=loop.n_reopened + fell_open,
            talked=loop.talked or event in (Event.TALKED, Event.AGREED),
            changed=loop.changed or event is Event.AGREED,
            answered=loop.answered or event in CLIENT_EVENTS,
            waits_for_word=held.change and held.helped is None,
        )
    return loop


def _step(held: _Held, event: Event) -> _Held:
    if event in CLIENT_EVENTS:
        return _answered(held, event)
    fresh = replace(held, dismissed=False)
    match event:
        case Event.ASKED:
            found = replace(held, asked=True)
        case Event.RAISE | Event.NOT_TODAY:
            found = replace(fresh, intent=_INTENTS[event])
        case Event.UNDONE:
            found = replace(held, intent=None)
        case Event.SOMETHING_ELSE:
            found = replace(held, dismissed=True)
        case Event.CHANGE_TAKEN_BACK:
            found = replace(fresh, change=False, helped=None)
        case Event.AGREED:
            found = replace(_talked(fresh), change=True, helped=None)
        case _:
            found = _talked(fresh)
    return found


def _answered(held: _Held, event: Event) -> _Held:
    """Take the client's word; on a change that is not in force it says nothing any more."""
    good = event in _GOOD
    about = (_GOOD if good else _BAD)[event]
    if about == "helped" and not held.change:
        return held
    fresh = replace(held, dismissed=False)
    if not good:
        fresh = replace(fresh, talked=False, intent=None)
    return replace(fresh, right=good) if about == "right" else replace(fresh, helped=good)


def _talked(held: _Held) -> _Held:
    """Let a conversation answer to every bad word before it."""
    return replace(
        held,
        talked=True,
        helped=None if held.helped is False else held.helped,
        right=None if held.right is False else held.right,
        change=held.change and held.helped is not False,
    )


def _stage(held: _Held) -> Stage:
    candidates = (
        (held.dismissed, Stage.SOMETHING_ELSE),
        (False in (held.helped, held.right), Stage.REOPENED),
        (held.change and held.helped is None, Stage.AGREED),
        (bool(held.helped or held.right), Stage.CLOSED),
        (held.talked, Stage.TALKED),
        (held.intent is not None, held.intent or Stage.QUIET),
        (held.asked, Stage.ASKED),
    )
    return next((stage for is_so, stage in candidates if is_so), Stage.QUIET)
