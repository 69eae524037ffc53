# SPDX-License-Identifier: Apache-2.0
"""A therapist's week: which questions take its places, and which are listed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from attunement.clinic.models import (
    CareEpisode,
    Dyad,
    Login,
    LookTogether,
    Perspective,
    SignalOutcome,
    SignalRecord,
    SignalShown,
    Therapist,
    TherapistBudget,
)
from attunement.clinic.services.revealing import refresh_opened
from attunement.signals.budget import PER_WEEK, Pending, prioritised, this_week

# A question that nobody took up in so many weeks is listed, and takes no place any more.
FRESH_WEEKS = 4
_LONG = ("inputs", "why", "source", "null_sentence", "rate_sentence")


@dataclass(frozen=True, slots=True)
class Question:
    """What one session asks: its strongest signal first. Never more than one place in a week."""

    session_id: str
    signals: tuple[SignalRecord, ...]

    @property
    def first(self) -> SignalRecord:
        """Return the signal that is read."""
        return self.signals[0]


@dataclass(frozen=True, slots=True)
class TakenWeek:
    """The week as it stands: every unanswered question is in exactly one of the three."""

    monday: date
    budget: int
    n_taken: int  # places taken, answered ones too
    shown: tuple[Question, ...]
    listed: tuple[Question, ...]  # fresh, and not pushed
    older: tuple[Question, ...]  # from before, or from care that has ended


def monday_of(now: datetime) -> date:
    """Return the Monday of the week in which ``now`` lies, where the clinic is."""
    today = timezone.localdate(now)
    return today - timedelta(days=today.weekday())


def therapist_of(login: Login) -> Therapist | None:
    """Return the therapist behind a login."""
    return Therapist.objects.filter(login=login).first()


def budget_of(therapist: Therapist) -> int:
    """Return how many questions a week a therapist is asked."""
    newest = TherapistBudget.objects.filter(therapist=therapist).order_by("set_at", "pk").last()
    return newest.per_week if newest is not None else PER_WEEK


def take_week(therapist: Therapist, *, now: datetime, older: bool = True) -> TakenWeek:
    """Give the free places of this week to the strongest questions, and say what is where.

    Inside the caller's transaction. A place that was taken stays taken, whether its question was
    answered or a stronger one came: a week never holds more than its budget. Without ``older``
    questions that may take no place any more are not read, which after a year are most of them.
    """
    # Two pages at once wait for each other here; the second finds the places taken.
    Therapist.objects.select_for_update().get(pk=therapist.pk)
    refresh_opened(
        list(Dyad.objects.filter(therapist=therapist).select_related("client", "therapist")),
        now=now,
    )
    monday, budget = monday_of(now), budget_of(therapist)
    taken = list(
        SignalShown.objects.filter(therapist=therapist, week=monday)
        .order_by("pk")
        .values_list("session_id", flat=True)
    )
    recent = Q(session__held_on__gte=_fresh_since(now)) | Q(session_id__in=taken)
    questions = _questions(therapist, Q() if older else recent)
    fresh = _fresh(questions, taken, now=now)
    by_session = {one.session_id: one for one in questions}
    week = this_week(
        [_pending(one.first, key=one.session_id) for one in fresh], budget=budget, taken=taken
    )
    SignalShown.objects.bulk_create(
        SignalShown(therapist=therapist, session_id=key, week=monday, shown_at=now)
        for key in week.shown
        if key not in taken
    )
    places = set(week.shown) | set(week.listed)
    return TakenWeek(
        monday=monday,
        budget=budget,
        n_taken=len({*taken, *week.shown}),
        shown=tuple(by_session[key] for key in week.shown),
        listed=tuple(by_session[key] for key in week.listed),
        older=tuple(one for one in questions if one.session_id not in places),
    )


def answered_sessions(therapist: Therapist) -> set[str]:
    """Return the sessions that the therapist has taken up: in an answer, or in a look together."""
    return _taken_up({"dyad__therapist": therapist})


def answered_sessions_of(dyad: Dyad) -> set[str]:
    """Return the sessions of one dyad that its therapist has taken up."""
    return _taken_up({"dyad": dyad})


def _taken_up(about: dict[str, Any]) -> set[str]:
    said = SignalOutcome.objects.filter(**about, perspective=Perspective.THERAPIST)
    looked = LookTogether.objects.filter(**about)
    return {
        *said.values_list("session_id", flat=True),
        *looked.values_list("session_id", flat=True),
    }


def _questions(therapist: Therapist, which: Q) -> list[Question]:
    """Return every unanswered question of a therapist, the newest session first.

    Nobody is asked about a client who was erased; a place such a question had stays taken.
    """
    answered = answered_sessions(therapist)
    here = Dyad.objects.filter(therapist=therapist, client__erased_at=None)
    dyads = {one.pk: one for one in here.select_related("client")}
    rows: dict[str, list[SignalRecord]] = defaultdict(list)
    found = (
        SignalRecord.objects.filter(which, dyad__therapist=therapist, dyad__client__erased_at=None)
        .select_related("session")
        .defer(*_LONG)  # a year's questions are listed by their first line
        .order_by("-session__held_on", "dyad__client__code", "-session__session_no", "rule_id")
    )
    for row in found:
        if row.session_id not in answered:
            row.dyad = row.session.dyad = dyads[row.dyad_id]
            rows[row.session_id].append(row)
    return [Question(session_id, strongest_first(group)) for session_id, group in rows.items()]


def _fresh_since(now: datetime) -> date:
    return timezone.localdate(now) - timedelta(weeks=FRESH_WEEKS)


def _fresh(questions: Sequence[Question], taken: Sequence[str], *, now: datetime) -> list[Question]:
    """Return those that may take a place: recent, and of care that goes on."""
    ongoing = set(
        CareEpisode.objects.filter(
            dyad__in={one.first.dyad_id for one in questions}, ended_on__isnull=True
        ).values_list("dyad_id", flat=True)
    )
    since = _fresh_since(now)
    return [
        one
        for one in questions
        if one.session_id in taken
        or (one.first.dyad_id in ongoing and one.first.session.held_on >= since)
    ]


def strongest_first(rows: Sequence[SignalRecord]) -> tuple[SignalRecord, ...]:
    """Return a session's signals in the order in which they are read."""
    by_key = {row.pk: row for row in rows}
    return tuple(by_key[one.key] for one in prioritised([_pending(row) for row in rows]))


def _pending(row: SignalRecord, *, key: str = "") -> Pending:
    return Pending(
        key=key or row.pk,
        said=row.said,
        probability=row.probability,
        excess=row.excess,
        since=float(row.session.held_on.toordinal()),
    )


def answers_of_session(session_id: str) -> dict[str, SignalOutcome]:
    """Return what each chair said last about a session's signals, by perspective."""
    rows = SignalOutcome.objects.filter(session_id=session_id).order_by("pk")
    return {row.perspective: row for row in rows}
