# SPDX-License-Identifier: Apache-2.0
"""Which forms a session asks beside the two after it, by the practice's or the episode's rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db.models.functions import Coalesce

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    AskingSchedule,
    Assignment,
    CareEpisode,
    Goal,
    Login,
    Moment,
    Perspective,
    ScheduleKind,
    Session,
)
from attunement.clinic.services.due_dates import AskRule, PastAsk, due_forms
from attunement.clinic.services.forms import config, measure_of
from attunement.clinic.services.gate import act, actor_name, done, require_dyad

GOALS_FORM = "goal-tracker"  # before a session, where a client has goals and no other form is asked
MOST_EVERY, MOST_NUMBERS, HIGHEST_NUMBER = 52, 20, 999


def ask_before(session: Session, *, now: datetime) -> Assignment | None:
    """Make the form before a session, if one is due; its measure version is frozen here."""
    rules = rules_for(session.care_episode)
    past = asked_before(session.dyad.client_id, but_after=session)
    due = due_forms(rules, past, session_no=session.session_no, on_day=session.held_on)
    measure_id = next((rule.measure_id for rule in due if rule.moment == Moment.BEFORE), "")
    if not measure_id and Goal.objects.filter(dyad=session.dyad, ended_at=None).exists():
        measure_id = GOALS_FORM
    if not measure_id:
        return None
    return make_assignment(session, measure_id, _promised(session), moment=Moment.BEFORE, now=now)


def make_assignment(
    session: Session,
    measure_id: str,
    promised: Mapping[str, object],
    *,
    now: datetime,
    perspective: str = Perspective.CLIENT,
    moment: str = Moment.AFTER,
    asked_on: date | None = None,
) -> Assignment:
    """Make a form; its measure version, and who will see it, are frozen here."""
    return Assignment.objects.create(
        session=session,
        perspective=perspective,
        measure_id=measure_id,
        measure_version=measure_of(measure_id).version,
        moment=moment,
        made_at=now,
        asked_on=asked_on,
        **promised,
    )


def asked_before(client_id: str, *, but_after: Session | None = None) -> list[PastAsk]:
    """Return every form that a client was asked in any dyad, with its day.

    ``but_after`` leaves out the form after one session: it is asked whatever else is.
    """
    rows = Assignment.objects.filter(
        session__dyad__client_id=client_id, perspective=Perspective.CLIENT
    )
    if but_after is not None:
        rows = rows.exclude(session=but_after, moment=Moment.AFTER)
    on_day = Coalesce("asked_on", "session__held_on")
    return [PastAsk(*row) for row in rows.values_list("measure_id", "moment", on_day)]


def asks_before(session_id: str) -> bool:
    """Whether a session has a form before it too, answered or not."""
    return Assignment.objects.filter(session_id=session_id, moment=Moment.BEFORE).exists()


def _promised(session: Session) -> dict[str, object]:
    """Return who sees it: the same people as see the form after the session."""
    after = Assignment.objects.filter(
        session=session, perspective=Perspective.CLIENT, moment=Moment.AFTER
    ).first()
    if after is None:
        return {}
    return {"visibility": after.visibility, "reveal_at": after.reveal_at}


def rules_for(episode: CareEpisode, moment: str = Moment.BEFORE) -> tuple[AskRule, ...]:
    """Return what is asked at a moment of an episode: by its own rule, else the practice's.

    Without either it is the form of the configuration: before every session, and between two as
    often as the configuration says.
    """
    measure_id = asked_at(moment)
    if not measure_id:
        return ()
    rows = AskingSchedule.objects.filter(
        practice_id=episode.dyad.practice_id, measure_id=measure_id, moment=moment
    ).order_by("set_at", "pk")
    row = rows.filter(care_episode=episode).last() or rows.filter(care_episode__isnull=True).last()
    if row is not None:
        return (AskRule(measure_id, moment, row.kind, tuple(row.numbers), row.every),)
    if moment == Moment.BEFORE:
        return (AskRule(measure_id, moment),)
    weeks = config().capture.between_weeks
    kind = ScheduleKind.EVERY_WEEKS if weeks else ScheduleKind.NEVER
    return (AskRule(measure_id, moment, kind, (), max(1, weeks)),)


def asked_at(moment: str) -> str:
    """Return the measure that the configuration asks before or between sessions; empty for none."""
    asked = {Moment.BEFORE: config().capture.before, Moment.BETWEEN: config().capture.between}
    return asked.get(Moment(moment), "")


def set_schedule(
    actor: Login,
    dyad_id: str,
    *,
    kind: str,
    numbers: tuple[int, ...] = (),
    every: int = 1,
    moment: str = Moment.BEFORE,
    now: datetime,
) -> None:
    """Say how often the client of a dyad is asked before sessions, or between them, from now on.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    ClinicError
        E-CLINIC-005 when there is no open care episode; E-CLINIC-041 for a rule that cannot be.
    """
    possible = (
        kind in ScheduleKind.values
        and 1 <= every <= MOST_EVERY
        and len(numbers) <= MOST_NUMBERS
        and all(1 <= number <= HIGHEST_NUMBER for number in numbers)
        and (kind != ScheduleKind.AT_SESSIONS or numbers)
        and moment in {Moment.BEFORE, Moment.BETWEEN}
        and asked_at(moment)
    )
    with act(actor_name(actor), Action.SCHEDULE_SET, now=now):
        dyad = require_dyad(actor, dyad_id, Action.SCHEDULE_SET)
        episode = CareEpisode.objects.filter(dyad=dyad, ended_on__isnull=True).first()
        if episode is None or not possible:
            raise ClinicError(
                "E-CLINIC-041",
                what="how often to ask cannot be set like this",
                expected="an open care episode, a form of the configuration, and session numbers "
                "from 1 or 1 to 52 weeks",
                next_step="Correct it and send the form again",
            )
        AskingSchedule(
            practice_id=dyad.practice_id,
            care_episode=episode,
            measure_id=asked_at(moment),
            moment=moment,
            kind=kind,
            numbers=sorted(set(numbers)),
            every=every,
            set_by=actor.pk,
            set_at=now,
        ).save()
        done(actor.pk, Action.SCHEDULE_SET, now=now, target=f"dyad:{dyad.pk}")
