# SPDX-License-Identifier: Apache-2.0
"""On which forms each agreed change is asked about: one on a form, the oldest first, three at most.

Counted are the forms that a session asked, whether they were filled or not: what is asked next,
and what a page says of it, must not tell of an answer that nobody may see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from django.utils import timezone

from attunement.clinic.models import (
    AgreedChange,
    Assignment,
    Attended,
    FollowUpAnswer,
    FollowUpQuestion,
    Moment,
    Perspective,
)
from attunement.clinic.services.forms import config
from attunement.clinic.services.loop.story import Story

MOST_ASKED = 3  # forms on which one question stands before it is left alone
_ONCE_MORE = 2  # what did not happen is asked once more


class Turn(StrEnum):
    """What becomes of the question whether a change helped."""

    ANSWERED = "answered"
    NEXT = "next"  # on the next form
    LATER = "later"  # an earlier change is asked about first
    NO_MORE = "no_more"  # it stood on three forms without a word


@dataclass(frozen=True, slots=True)
class AskedForm:
    """A client's form after a session."""

    session_id: str
    session_no: int
    held_on: date
    made_at: datetime


@dataclass(frozen=True, slots=True)
class _Held:
    """A change with when it stopped to hold, and the client's words on it by session number."""

    change: AgreedChange
    until: datetime | None
    said: tuple[tuple[int, str], ...]

    def can_be_asked(self, form: AskedForm) -> bool:
        """Whether it is to be asked on a form, as far as its own words go."""
        change = self.change
        if form.session_id == change.session_id or not _later(form, change):
            return False
        if self.until is not None and form.made_at >= self.until:
            return False
        return self.waits([answer for number, answer in self.said if number < form.session_no])

    def waits(self, said: Sequence[str]) -> bool:
        """Whether these words leave the question open."""
        not_yet = [answer for answer in said if answer == FollowUpAnswer.DID_NOT_HAPPEN]
        return len(said) == len(not_yet) < _ONCE_MORE


def forms_of(about: dict[str, Any]) -> dict[str, list[AskedForm]]:
    """Return the clients' forms after sessions by dyad, in order: one query.

    ``about`` filters sessions, such as ``{"dyad": dyad}``.
    """
    rows = Assignment.objects.filter(
        **{f"session__{name}": value for name, value in about.items()},
        perspective=Perspective.CLIENT,
        moment=Moment.AFTER,
        session__attended=Attended.ATTENDED,
    )
    found: dict[str, list[AskedForm]] = defaultdict(list)
    for dyad_id, session_id, number, held_on, made_at in rows.order_by(
        "session__session_no"
    ).values_list(
        "session__dyad_id", "session_id", "session__session_no", "session__held_on", "made_at"
    ):
        found[dyad_id].append(AskedForm(session_id, number, held_on, made_at))
    return found


def change_to_ask(
    loops: Iterable[Story], forms: Sequence[AskedForm], about: AskedForm
) -> AgreedChange | None:
    """Return the change that a form asks about: the oldest that waits and was not asked enough."""
    held = _held(loops)
    stood = _stood(held, [one for one in forms if one.session_no < about.session_no])
    return _asked_on(held, stood, about)


def turns_of(
    loops: Iterable[Story], forms: Sequence[AskedForm], *, now: datetime
) -> dict[int, Turn]:
    """Return what becomes of the question about each change in force of one dyad.

    A form counts once its time is over: a later session was held, or its link no longer opens.
    """
    held = _held(loops)
    over = [
        one
        for at, one in enumerate(forms)
        if at + 1 < len(forms) or one.made_at + config().link_lifetime <= now
    ]
    stood = _stood(held, over)
    found: dict[int, Turn] = {}
    for one in sorted((each for each in held if each.until is None), key=lambda h: h.change.pk):
        waits = one.waits([answer for _, answer in one.said])
        if not waits:
            found[one.change.pk] = Turn.ANSWERED
        elif stood[one.change.pk] >= MOST_ASKED:
            found[one.change.pk] = Turn.NO_MORE
        else:
            first = Turn.NEXT not in found.values()
            found[one.change.pk] = Turn.NEXT if first else Turn.LATER
    return found


def _held(loops: Iterable[Story]) -> list[_Held]:
    held: list[_Held] = []
    for story in loops:
        said: dict[int | None, list[tuple[int, str]]] = defaultdict(list)
        for row in story.answers:
            if row.question == FollowUpQuestion.HELPED:
                said[row.change_id].append((row.response.session.session_no, row.answer))
        following = (change.recorded_at for change in story.changes[1:])
        held += [
            _Held(change, until, tuple(said[change.pk]))
            for change, until in zip_longest(story.changes, following)
            if change.words
        ]
    return held


def _stood(held: Sequence[_Held], forms: Sequence[AskedForm]) -> Mapping[int, int]:
    """Return on how many forms the question about each change has stood."""
    stood: dict[int, int] = defaultdict(int)
    for form in forms:
        asked = _asked_on(held, stood, form)
        if asked is not None:
            stood[asked.pk] += 1
    return stood


def _asked_on(
    held: Sequence[_Held], stood: Mapping[int, int], form: AskedForm
) -> AgreedChange | None:
    waiting = [
        one.change
        for one in held
        if stood.get(one.change.pk, 0) < MOST_ASKED and one.can_be_asked(form)
    ]
    return min(waiting, key=lambda change: change.pk, default=None)


def _later(form: AskedForm, change: AgreedChange) -> bool:
    """Whether a form is about a session after the one in which a change was agreed."""
    if form.made_at > change.recorded_at:
        return True
    return form.held_on > timezone.localdate(change.recorded_at)
