# SPDX-License-Identifier: Apache-2.0
"""A therapist's day: whom to look at and why, within the weekly budget, and what waits.

As many queries for six clients as for sixty.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.models import (
    Assignment,
    Attended,
    Dyad,
    Intent,
    Login,
    Moment,
    Perspective,
    Session,
    Therapist,
)
from attunement.clinic.services.gate import AccessDeniedError, act, actor_name, done, require_self
from attunement.clinic.services.loop.results import (
    DayList,
    DaySession,
    Expected,
    Need,
    OpenForm,
    WaitingLoop,
)
from attunement.clinic.services.loop.story import Story, by_dyad, stories
from attunement.clinic.services.loop.turns import Turn, forms_of, turns_of
from attunement.clinic.services.sealing import warm, words_of
from attunement.clinic.services.week import TakenWeek, take_week, therapist_of
from attunement.signals.loop import Stage

RHYTHM = timedelta(days=14)  # within which a weekday counts as usual
LONGEST_OPEN = timedelta(days=60)  # a form that is older than this is not asked for any more
_WAITS = frozenset({Stage.AGREED, Stage.REOPENED})


def day_list(actor: Login, *, now: datetime) -> DayList:
    """Return a therapist's day.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no therapist.
    """
    with act(actor_name(actor), Action.DAY_VIEW, now=now):
        require_self(actor, Action.DAY_VIEW)
        therapist = therapist_of(actor)
        if therapist is None:
            raise AccessDeniedError(target="", reason="no therapist behind the login")
        found = _day(therapist, now=now)
        done(
            actor.pk,
            Action.DAY_VIEW,
            now=now,
            target=f"therapist:{therapist.pk}",
            detail={"n_needs": len(found.needs), "n_waiting": len(found.waiting)},
        )
    return found


def _day(therapist: Therapist, *, now: datetime) -> DayList:
    today = timezone.localdate(now)
    week = take_week(therapist, now=now, older=False)
    loops = stories({"dyad__therapist": therapist, "dyad__client__erased_at": None}, now=now)
    dyads = {
        dyad.pk: dyad
        for dyad in Dyad.objects.filter(therapist=therapist, client__erased_at=None)
        .select_related("client")
        .order_by("client__code", "pk")
    }
    needs = _needs(week, loops)
    sessions, open_forms = _sessions(therapist, today)
    waiting = [one for one in loops.values() if one.loop.stage in _WAITS]
    warm(dyads[one.dyad_id].client for one in waiting)
    return DayList(
        today=today,
        budget=week.budget,
        needs=needs[: week.budget],
        n_put_off=sum(1 for one in week.shown if _put_off(loops.get(one.session_id), week.monday)),
        n_listed=len(week.listed),
        sessions=sessions,
        expected=_expected(dyads, {one.dyad_id for one in sessions}, today),
        waiting=_waiting(waiting, loops, dyads, now=now),
        open_forms=open_forms,
        n_clients=len(dyads),
    )


def _needs(week: TakenWeek, loops: Mapping[str, Story]) -> tuple[Need, ...]:
    found: list[Need] = []
    for one in week.shown:
        story = loops.get(one.session_id)
        if _put_off(story, week.monday):
            continue
        first = one.first
        intent = story.intent if story is not None else None
        found.append(
            Need(
                dyad_id=first.dyad_id,
                session_id=first.session_id,
                signal_id=first.pk,
                client_code=first.dyad.client.code,
                session_no=first.session.session_no,
                held_on=first.session.held_on,
                sentence=first.sentence,
                to_raise=intent is not None and intent.intent == Intent.RAISE,
            )
        )
    return tuple(found)


def _put_off(story: Story | None, monday: date) -> bool:
    """Whether a question was put off this week; a new week asks again."""
    intent = story.intent if story is not None else None
    if intent is None or intent.intent != Intent.NOT_TODAY:
        return False
    return timezone.localdate(intent.recorded_at) >= monday


def _sessions(
    therapist: Therapist, today: date
) -> tuple[tuple[DaySession, ...], tuple[OpenForm, ...]]:
    """Return today's sessions, and the therapist's own forms that are not in: one query."""
    rows = (
        Assignment.objects.filter(
            session__dyad__therapist=therapist,
            session__dyad__client__erased_at=None,
            session__held_on__gte=today - LONGEST_OPEN,
            session__attended=Attended.ATTENDED,
            perspective=Perspective.THERAPIST,
            moment=Moment.AFTER,
        )
        .order_by("-session__held_on", "session__dyad__client__code", "-session__session_no")
        .values_list(
            "session_id",
            "session__dyad_id",
            "session__dyad__client__code",
            "session__session_no",
            "session__modality",
            "session__held_on",
            "response__pk",
        )
    )
    todays: list[DaySession] = []
    still_open: list[OpenForm] = []
    for session_id, dyad_id, code, number, modality, held_on, response_id in rows:
        missing = response_id is None
        if held_on == today:
            todays.append(
                DaySession(session_id, dyad_id, code, number, modality, your_form_open=missing)
            )
        elif missing:
            still_open.append(OpenForm(session_id, code, number, held_on))
    return tuple(todays), tuple(still_open)


def _expected(dyads: Mapping[str, Dyad], here: set[str], today: date) -> tuple[Expected, ...]:
    """Return who was last here on this weekday, not long ago, and whose care goes on."""
    last = dict(
        Session.objects.filter(dyad__in=list(dyads), attended=Attended.ATTENDED)
        .filter(care_episode__ended_on__isnull=True)
        .values_list("dyad_id")
        .annotate(last=Max("held_on"))
        .order_by()
    )
    return tuple(
        Expected(dyad_id, dyads[dyad_id].client.code, last[dyad_id])
        for dyad_id in dyads
        if dyad_id in last
        and dyad_id not in here
        and last[dyad_id] < today
        and today - last[dyad_id] <= RHYTHM
        and last[dyad_id].weekday() == today.weekday()
    )


def _waiting(
    found: list[Story], every: dict[str, Story], dyads: Mapping[str, Dyad], *, now: datetime
) -> tuple[WaitingLoop, ...]:
    numbers = dict(
        Session.objects.filter(pk__in=[one.session_id for one in found]).values_list(
            "pk", "session_no"
        )
    )
    lines: list[WaitingLoop] = []
    here = {one.dyad_id for one in found}
    of_dyads = {pk: loops for pk, loops in by_dyad(every).items() if pk in here}
    forms = forms_of({"dyad__in": sorted(here)})
    turns = {
        pk: turn
        for dyad_id, loops in of_dyads.items()
        for pk, turn in turns_of(loops, forms[dyad_id], now=now).items()
    }
    for one in found:
        change, word = one.change, one.on_change() or one.on_repair()
        if change is not None:
            change.dyad = dyads[one.dyad_id]  # whose client's key opens it, without a query
        lines.append(
            WaitingLoop(
                dyad_id=one.dyad_id,
                client_code=dyads[one.dyad_id].client.code,
                session_no=numbers[one.session_id],
                stage=one.loop.stage,
                change="" if change is None else words_of(change, "words"),
                word=word.answer if word is not None else "",
                turn=Turn.NEXT if change is None else turns.get(change.pk, Turn.NEXT),
            )
        )
    return tuple(sorted(lines, key=lambda line: (line.client_code, line.session_no)))
