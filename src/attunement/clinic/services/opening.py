# SPDX-License-Identifier: Apache-2.0
"""When answers open: the mode of each form, its moment, and what changed it since.

Everything here is asked for whole dyads at once, with as many queries whatever was answered: how
often the database is asked must not tell of an answer that may not be seen.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import F
from django.utils import timezone

from attunement.clinic.access.visibility import Seen, Viewer, Visibility, Wish, sees
from attunement.clinic.models import (
    Answer,
    AnswerWish,
    Dyad,
    Session,
    VisibilityChange,
)
from attunement.clinic.store.statements import Prepared


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode with its moment, as a form was asked in or a response stands now."""

    visibility: str
    reveal_at: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session stands in time, as far as opening answers is concerned."""

    ended_on: date | None  # of its care episode
    held_on: date
    next_on: date | None  # the day of the dyad's next session, where there is one

    def ended(self, now: datetime) -> bool:
        """Whether the care episode has ended."""
        return self.ended_on is not None and self.ended_on <= timezone.localdate(now)

    def reveal_at(self, mode: Mode) -> datetime | None:
        """Return the moment of a delayed response: its own, or the day of the next session.

        "Before your next session" is the beginning of that day, never the day of the session
        itself: a session that is started at once to look would open nothing early.
        """
        if mode.reveal_at is not None or self.next_on is None:
            return mode.reveal_at
        return day_begins(max(self.next_on, self.held_on + timedelta(days=1)))

    def opened_on(self, mode: Mode) -> datetime | None:
        """Return when time opened such a response, for a mode that waits for time."""
        if mode.visibility == Visibility.DELAYED:
            return self.reveal_at(mode)
        if mode.visibility == Visibility.END and self.ended_on is not None:
            return day_begins(self.ended_on)
        return None


def day_begins(day: date) -> datetime:
    """Return the first moment of a day, where the clinic is."""
    return timezone.make_aware(datetime.combine(day, time.min))


def seen_by(
    viewer: Viewer, mode: Mode, place: Place, *, both_in: bool, now: datetime, wish: str = ""
) -> Seen:
    """Ask ``sees`` about a form of a session."""
    return sees(
        mode.visibility,
        viewer,
        both_in=both_in,
        now=now,
        # Asked some ten thousand times for a caseload, and nearly never of a mode that waits.
        reveal_at=place.reveal_at(mode) if mode.visibility == Visibility.DELAYED else None,
        episode_ended=place.ended(now),
        wish=wish,
    )


def places_of(dyads: Iterable[Dyad]) -> dict[str, Place]:
    """Return where every session of some dyads stands: one query."""
    rows = (
        Session.objects.filter(dyad__in=list(dyads))
        .order_by("dyad_id", "session_no")
        .values_list("pk", "dyad_id", "held_on", F("care_episode__ended_on"))
    )
    by_dyad: dict[str, list[tuple[str, date, date | None]]] = defaultdict(list)
    for pk, dyad_id, held_on, ended_on in rows:
        by_dyad[dyad_id].append((pk, held_on, ended_on))
    return places_in_order(by_dyad.values())


def places_in_order(
    courses: Iterable[list[tuple[str, date, date | None]]],
) -> dict[str, Place]:
    """Return the places of sessions from their ids, days and ends, each course in order."""
    places: dict[str, Place] = {}
    for course in courses:
        following = itertools.zip_longest(course, (held_on for _, held_on, _ in course[1:]))
        for (pk, held_on, ended_on), next_on in following:
            places[pk] = Place(ended_on, held_on, next_on)
    return places


def changes_of(dyads: Iterable[Dyad]) -> dict[str, Mode]:
    """Return how responses are seen otherwise than they were answered: one query."""
    rows = VisibilityChange.objects.filter(response__session__dyad__in=list(dyads)).order_by("pk")
    return {
        response_id: Mode(visibility, reveal_at)
        for response_id, visibility, reveal_at in rows.values_list(
            "response_id", "visibility", "reveal_at"
        )
    }


_CHANGES = Prepared(
    lambda dyad_id, after: (
        VisibilityChange.objects.filter(
            response__session__dyad=dyad_id, response__session__session_no__gt=after
        )
        .order_by("pk")
        .values_list("response_id", "visibility", "reveal_at")
    ),
    str,
    int,
)
_WISHES = Prepared(
    lambda dyad_id, after: AnswerWish.objects.filter(
        response__session__dyad=dyad_id, response__session__session_no__gt=after
    ).values_list("response_id", "item", "wish"),
    str,
    int,
)


def changes_of_dyad(dyad: Dyad, *, after: int = 0) -> dict[str, Mode]:
    """Return ``changes_of`` for one dyad's sessions with a number above ``after``."""
    return {response_id: Mode(*mode) for response_id, *mode in _CHANGES.all(dyad.pk, after)}


def wishes_of_dyad(dyad: Dyad, *, after: int = 0) -> dict[str, dict[str, str]]:
    """Return ``wishes_of`` for one dyad's sessions with a number above ``after``."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for response_id, item, wish in _WISHES.all(dyad.pk, after):
        found[response_id][item] = wish
    return found


def wishes_of(dyads: Iterable[Dyad]) -> dict[str, dict[str, str]]:
    """Return clients' wishes by response and item: one query."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    rows = AnswerWish.objects.filter(response__session__dyad__in=list(dyads))
    for response_id, item, wish in rows.values_list("response_id", "item", "wish"):
        found[response_id][item] = wish
    return found


def answers_with_lead_only(dyads: Iterable[Dyad]) -> dict[str, list[Answer]]:
    """Return all answers of responses in which one is for the lead alone: one query."""
    rows = Answer.objects.filter(
        response__session__dyad__in=list(dyads),
        response__in=AnswerWish.objects.filter(wish=Wish.LEAD_ONLY).values("response"),
    ).select_related("response")
    found: dict[str, list[Answer]] = defaultdict(list)
    for answer in rows:
        found[answer.response_id].append(answer)
    return found


def lead_only(wishes: Mapping[str, str]) -> frozenset[str]:
    """Return the items that are for the lead alone."""
    return frozenset(item for item, wish in wishes.items() if wish == Wish.LEAD_ONLY)
