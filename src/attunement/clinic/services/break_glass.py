# SPDX-License-Identifier: Apache-2.0
"""Access in an emergency: a reason, one hour, everybody who should know told, a review closed.

It opens whom to call and whether an answer about risk waits. It opens no answer, no score and no
words, whatever the person is to the client.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NoReturn

from django.db.models import Q

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    LONGEST_NOTE,
    OPEN_STATES,
    BreakGlass,
    CareTeamMember,
    Client,
    Dyad,
    Login,
    RiskAlert,
    Role,
    Session,
    TeamPlace,
    is_id,
)
from attunement.clinic.services.gate import (
    AccessDeniedError,
    act,
    actor_name,
    done,
    require_dyad,
    require_self,
)
from attunement.clinic.services.sealing import client_name, words_of
from attunement.clinic.services.team import current, name_of

SHORTEST_REASON = 20
_MOST_FACTS = 10
LASTS = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class RiskFact:
    """That an answer about risk was given, and whether somebody has taken it up; never which."""

    received_at: datetime
    taken_up: bool


@dataclass(frozen=True, slots=True)
class EmergencyPage:
    """What an emergency opens: whom to call, and whether an answer about risk waits."""

    dyad_id: str
    client_code: str
    client_name: str
    therapist_name: str
    team: tuple[str, ...]
    last_session_on: date | None
    next_session_no: int
    risk: tuple[RiskFact, ...]
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """One access in an emergency, for the review."""

    glass_id: str
    by: str
    by_oneself: bool
    client_code: str
    opened_at: datetime
    until_at: datetime
    reason: str
    reviewed_by: str
    reviewed_at: datetime | None
    review: str


def find_dyad(actor: Login, code: str, *, now: datetime) -> str:
    """Return the dyad of a client's code, to be opened in an emergency; ``""`` where none is.

    Raises
    ------
    AccessError
        E-ACCESS-001 for a role that works with no clients.
    """
    action = Action.BREAK_GLASS_FIND
    with act(actor_name(actor), action, now=now):
        require_self(actor, action)
        client = Client.objects.filter(practice_id=actor.practice_id, code=code).first()
        dyad = Dyad.objects.filter(client=client).order_by("-pk").first() if client else None
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}" if dyad else "dyad:unknown")
    return dyad.pk if dyad is not None else ""


def break_glass(actor: Login, dyad_id: str, *, reason: str, now: datetime) -> BreakGlass:
    """Open a client's contact and risk facts for an hour. The lead is told in the same moment.

    Raises
    ------
    AccessError
        E-ACCESS-001 for a record of another practice, or a role that works with no clients.
    ClinicError
        E-CLINIC-073 for a reason that is too short or too long.
    """
    action = Action.BREAK_GLASS_OPEN
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        words = " ".join(reason.split())
        if not SHORTEST_REASON <= len(words) <= LONGEST_NOTE or "\x00" in words:
            _refuse(
                "a reason that is too short or too long",
                f"{SHORTEST_REASON} to {LONGEST_NOTE} characters",
            )
        row = BreakGlass(
            practice_id=dyad.practice_id,
            dyad=dyad,
            login=actor,
            reason=words,
            opened_at=now,
            until_at=now + LASTS,
        )
        row.save()
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}", detail={"break_glass": row.pk})
    return row


def emergency_page(actor: Login, dyad_id: str, *, now: datetime) -> EmergencyPage:
    """Return what an emergency opened, while its hour lasts.

    Raises
    ------
    AccessError
        E-ACCESS-001 before it was opened, after its hour, and for every record that is not there.
    """
    action = Action.BREAK_GLASS_VIEW
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        row = (
            BreakGlass.objects.filter(dyad=dyad, login=actor, until_at__gt=now)
            .order_by("-until_at")
            .first()
        )
        if row is None:
            raise AccessDeniedError(target=f"dyad:{dyad.pk}", reason="the hour is over")
        last = Session.objects.filter(dyad=dyad).order_by("session_no").last()
        team = current(CareTeamMember.objects.filter(dyad=dyad), now=now).select_related("login")
        page = EmergencyPage(
            dyad_id=dyad.pk,
            client_code=dyad.client.code,
            client_name=client_name(dyad.client),
            therapist_name=dyad.therapist.display_name,
            team=tuple(f"{name_of(one.login)}, {one.get_place_display()}" for one in team),
            last_session_on=last.held_on if last else None,
            next_session_no=last.session_no + 1 if last else 1,
            risk=_risk_facts(dyad),
            until_at=row.until_at,
        )
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}", detail={"break_glass": row.pk})
    return page


def openings(actor: Login, *, now: datetime) -> tuple[Opening, ...]:
    """Return the accesses in emergencies of a practice, those to review first.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no lead.
    """
    action = Action.BREAK_GLASS_LIST
    with act(actor_name(actor), action, now=now):
        require_self(actor, action)
        rows = BreakGlass.objects.filter(practice_id=actor.practice_id).select_related(
            "login", "dyad__client", "reviewed_by"
        )
        found = tuple(_opening(row, actor) for row in rows.order_by("-opened_at", "-pk"))
        done(actor.pk, action, now=now, target=f"practice:{actor.practice_id}")
    return tuple(sorted(found, key=lambda one: one.reviewed_at is not None))


def review(actor: Login, glass_id: str, *, words: str, now: datetime) -> None:
    """Close the review of an access in an emergency; never of one's own.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but a lead of the practice.
    ClinicError
        E-CLINIC-073 for one's own access, no words, or a review that is closed.
    """
    action = Action.BREAK_GLASS_REVIEW
    with act(actor_name(actor), action, now=now):
        row = BreakGlass.objects.filter(pk=glass_id if is_id(glass_id) else "").first()
        dyad = require_dyad(actor, row.dyad_id if row else "", action, now=now)
        if row is None:
            raise AccessDeniedError(target="break_glass:unknown", reason="no such access")
        text = " ".join(words.split())
        if row.login_id == actor.pk:
            _refuse("one's own access", "another lead")
        if row.reviewed_at is not None:
            _refuse("a review that is closed", "an open one")
        if not 0 < len(text) <= LONGEST_NOTE or "\x00" in text:
            _refuse("no words, or too many", f"1 to {LONGEST_NOTE} characters")
        row.reviewed_by, row.reviewed_at, row.review = actor, now, text
        row.save(update_fields=["reviewed_by", "reviewed_at", "review"])
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}", detail={"break_glass": row.pk})


def unreviewed_for(login: Login, *, now: datetime) -> int:
    """Return how many accesses wait for a review that concerns a login: the notice on each page.

    A lead is told of every one in the practice; a lead of care, of those to their cases.
    """
    waiting = BreakGlass.objects.filter(
        practice_id=login.practice_id, reviewed_at__isnull=True
    ).exclude(login=login)
    if login.role == Role.LEAD:
        return waiting.count()
    led = current(CareTeamMember.objects.filter(login=login, place=TeamPlace.CARE_LEAD), now=now)
    return waiting.filter(Q(dyad__in=led.values("dyad"))).count()


def _risk_facts(dyad: Dyad) -> tuple[RiskFact, ...]:
    rows = RiskAlert.objects.filter(dyad=dyad).order_by("-number")[:_MOST_FACTS]
    return tuple(
        RiskFact(received_at, taken_up=state not in OPEN_STATES)
        for received_at, state in rows.values_list("received_at", "outbox__state")
    )


def _opening(row: BreakGlass, actor: Login) -> Opening:
    return Opening(
        glass_id=row.pk,
        by=name_of(row.login),
        by_oneself=row.login_id == actor.pk,
        client_code=row.dyad.client.code,
        opened_at=row.opened_at,
        until_at=row.until_at,
        reason=words_of(row, "reason"),
        reviewed_by=name_of(row.reviewed_by) if row.reviewed_by is not None else "",
        reviewed_at=row.reviewed_at,
        review=words_of(row, "review"),
    )


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-073",
        what="access in an emergency cannot be taken like this",
        got=got,
        expected=expected,
        next_step="Write it again",
    )
