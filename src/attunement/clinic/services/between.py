# SPDX-License-Identifier: Apache-2.0
"""A brief form on a day between two sessions: by hand, once in so many weeks, or by a rule.

Such a form stands on the session that was held last, and is about the time since. By a rule it
goes out with a message, so only to clients who said yes to those; by hand, a link is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NoReturn

from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    Assignment,
    Attended,
    CareEpisode,
    Dyad,
    Login,
    Moment,
    Session,
)
from attunement.clinic.services.asking import asked_at, asked_before, make_assignment, rules_for
from attunement.clinic.services.due_dates import NEVER, QUIET, AskRule, due_between
from attunement.clinic.services.gate import act, actor_name, done, require_dyad
from attunement.clinic.services.invitations import issue
from attunement.clinic.services.promises import promise
from attunement.clinic.services.results import IssuedInvitation

EARLIEST, LATEST = 9, 20  # by a rule, people are asked from nine in the morning to eight at night


def ask_between(actor: Login, dyad_id: str, *, now: datetime) -> IssuedInvitation:
    """Make a link to a brief form about the time since the last session.

    Asked twice on a day, it is the same form with a new link. The result is alike whatever the
    client did before.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    ClinicError
        E-CLINIC-041 without such a form, an open care episode or an earlier session, and on a day
        on which the client is asked the same thing already.
    """
    today = timezone.localdate(now)
    with act(actor_name(actor), Action.INVITATION_MAKE, now=now):
        dyad = require_dyad(actor, dyad_id, Action.INVITATION_MAKE)
        Dyad.objects.select_for_update().get(pk=dyad.pk)  # two clicks at once: one form
        session = last_held(dyad, on_day=today)
        measure_id = asked_at(Moment.BETWEEN)
        if session is None or not measure_id:
            _refuse("a form between sessions, an open care episode, and a session before today")
        known = Assignment.objects.select_for_update().filter(
            session__dyad=dyad, moment=Moment.BETWEEN, asked_on=today
        )
        assignment = known.first()
        if assignment is None:
            past = asked_before(dyad.client_id)
            if any((one.measure_id, one.on_day) == (measure_id, today) for one in past):
                _refuse("another day: they are asked this today already")
            assignment = make_between(session, measure_id, on_day=today, now=now)
        issued = issue(assignment, now=now)
        done(actor.pk, Action.INVITATION_MAKE, now=now, target=f"dyad:{dyad.pk}")
    return issued


def make_between(session: Session, measure_id: str, *, on_day: date, now: datetime) -> Assignment:
    """Make the form of a day; its measure version, and who will see it, are frozen here."""
    return make_assignment(
        session,
        measure_id,
        promise(session, on_day=on_day),
        moment=Moment.BETWEEN,
        now=now,
        asked_on=on_day,
    )


def between_rule_of(actor: Login, dyad_id: str, *, now: datetime) -> AskRule | None:
    """Return how often a dyad's client is asked between sessions; None where nothing can be.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    """
    with act(actor_name(actor), Action.SCHEDULE_SET, now=now):
        dyad = require_dyad(actor, dyad_id, Action.SCHEDULE_SET)
        episode = CareEpisode.objects.filter(dyad=dyad, ended_on__isnull=True).first()
        rules = () if episode is None else rules_for(episode, Moment.BETWEEN)
        done(actor.pk, Action.SCHEDULE_SET, now=now, target=f"dyad:{dyad.pk}")
    return next(iter(rules), None)


def make_due(client_ids: Iterable[str], *, now: datetime) -> list[Assignment]:
    """Make the forms that are due by a rule for some clients, at most one for each.

    Whether an earlier one was answered makes no difference: what is asked must not tell.
    """
    today, hour = timezone.localdate(now), timezone.localtime(now).hour
    if not asked_at(Moment.BETWEEN) or not EARLIEST <= hour < LATEST:
        return []
    made: dict[str, Assignment] = {}
    dyads = Dyad.objects.filter(client__in=list(client_ids)).select_related("client")
    for dyad in dyads.order_by("pk"):
        session = None if dyad.client_id in made else last_held(dyad, on_day=today)
        if session is None or today - session.held_on > QUIET:
            continue
        for rule in rules_for(session.care_episode, Moment.BETWEEN):
            if rule.kind != NEVER and due_between(
                rule,
                asked_before(dyad.client_id),
                session_no=session.session_no,
                held_on=session.held_on,
                on_day=today,
            ):
                made[dyad.client_id] = make_between(session, rule.measure_id, on_day=today, now=now)
    return list(made.values())


def last_held(dyad: Dyad, *, on_day: date) -> Session | None:
    """Return the session of an open care episode that was held last before a day."""
    return (
        Session.objects.filter(
            dyad=dyad,
            attended=Attended.ATTENDED,
            held_on__lt=on_day,
            care_episode__ended_on__isnull=True,
        )
        .select_related("care_episode__dyad", "dyad__client")
        .order_by("session_no")
        .last()
    )


def _refuse(expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-041",
        what="a form between two sessions cannot be asked",
        expected=expected,
        next_step="Ask on another day, or look at what this client is asked",
    )
