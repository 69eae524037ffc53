# SPDX-License-Identifier: Apache-2.0
"""Who looked at this client: read from the audit log, for the lead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.models import (
    Assignment,
    AuditEvent,
    Dyad,
    Invitation,
    Login,
    Response,
    Session,
    SignalRecord,
)
from attunement.clinic.services.gate import act, actor_name, done, require_dyad
from attunement.clinic.services.team import name_of

MOST_EVENTS = 2000
# What a person does with a record, in words that everybody understands.
_WORDS: dict[str, str] = {
    Action.DYAD_VIEW: "looked at the client's page",
    Action.SESSION_VIEW: "looked at a session",
    Action.PICTURE_VIEW: "looked at answers from both chairs",
    Action.SIGNAL_VIEW: "looked at why a question is asked",
    Action.SIGNAL_ANSWER: "said what became of a question",
    Action.SESSION_START: "started a session",
    Action.BEFORE_VIEW: "looked at the page before a session",
    Action.INTENT_RECORD: "said whether to raise a question",
    Action.TOGETHER_VIEW: "opened the screen for two",
    Action.TOGETHER_RECORD: "kept what the two agreed on",
    Action.AFTER_VIEW: "opened the page after a session",
    Action.AFTER_RECORD: "wrote down a rupture, a strain or neither",
    Action.RUPTURE_NAME: "named a rupture",
    Action.LEDGER_VIEW: "looked at ruptures and repairs",
    Action.GOALS_VIEW: "looked at goals and at what is asked",
    Action.GOALS_SET: "changed a goal",
    Action.SCHEDULE_SET: "changed how often is asked",
    Action.REMINDERS_SET: "changed reminders",
    Action.PAPER_PRINT: "printed a sheet",
    Action.PAPER_FIND: "looked up a sheet",
    Action.PAPER_ENTER: "typed in a sheet",
    Action.INVITATION_MAKE: "made a link",
    Action.INVITATION_REVOKE: "closed a link",
    Action.THERAPIST_FORM_VIEW: "opened the therapist's form",
    Action.THERAPIST_RESPONSE_RECORD: "sent the therapist's form",
    Action.CASE_VIEW: "looked at the shared case",
    Action.CASE_QUESTION_LEAVE: "left a question for the therapist",
    Action.CASE_SHARE: "changed with whom the case is shared",
    Action.TEAM_CHANGE: "changed the care team",
    Action.VISIBILITY_CHOOSE: "looked at or chose who sees answers",
    Action.BIRTH_YEAR_NOTE: "noted the year of birth",
    Action.VISIBILITY_NARROW: "had fewer people see an answer",
    Action.WIDENING_ASK: "had the client asked whether more people may see an answer",
    Action.BREAK_GLASS_FIND: "looked the code up in an emergency",
    Action.BREAK_GLASS_OPEN: "opened contact and risk facts in an emergency",
    Action.BREAK_GLASS_VIEW: "looked at contact and risk facts in an emergency",
    Action.READERS_VIEW: "looked at this list",
    Action.BREAK_GLASS_REVIEW: "reviewed an emergency access",
    Action.LEAD_ANSWERS_VIEW: "read answers that were given to the lead",
}
_OTHER = "did something else with the record"


def in_words(action: str) -> str:
    """Return what an act of the audit log is called on the page."""
    return _WORDS.get(action, _OTHER)


@dataclass(frozen=True, slots=True)
class Reader:
    """One person, one act, one day: when first and last, and how often."""

    name: str
    role: str
    what: str
    day: date
    first_at: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class ReadersPage:
    """Who looked at a client's record, newest day first."""

    dyad_id: str
    client_code: str
    therapist_name: str
    readers: tuple[Reader, ...]
    cut_off: bool  # older acts are in the log and not on the page


def readers_page(actor: Login, dyad_id: str, *, now: datetime) -> ReadersPage:
    """Return who looked at a dyad's record, for the practice's lead.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the lead of the dyad's practice.
    """
    action = Action.READERS_VIEW
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        readers, cut_off = readers_of(dyad)
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}")
    return ReadersPage(
        dyad_id=dyad.pk,
        client_code=dyad.client.code,
        therapist_name=dyad.therapist.display_name,
        readers=readers,
        cut_off=cut_off,
    )


def readers_of(dyad: Dyad) -> tuple[tuple[Reader, ...], bool]:
    """Return who did what with a dyad's record, and whether older acts were left out.

    Permission is asked before: for the client's own page that is the opened link's. Denied tries
    are not readers; a list of many clients is not a look at one of them.
    """
    acts, cut_off = acts_on(dyad)
    people = {login.pk: login for login, _, _ in acts}
    found: dict[tuple[str, str, date], list[datetime]] = {}
    for login, action, at in acts:
        found.setdefault((login.pk, action, timezone.localdate(at)), []).append(at)
    readers = [
        Reader(
            name=name_of(people[actor]),
            role=people[actor].get_role_display(),
            what=in_words(action),
            day=day,
            first_at=min(moments),
            last_at=max(moments),
            times=len(moments),
        )
        for (actor, action, day), moments in found.items()
    ]
    readers.sort(key=lambda one: one.last_at, reverse=True)
    return tuple(readers), cut_off


def acts_on(dyad: Dyad) -> tuple[list[tuple[Login, str, datetime]], bool]:
    """Return what people did with a dyad's record, newest first, and whether there is more.

    Links and the program itself are nobody who looks.
    """
    events = AuditEvent.objects.filter(target__in=_targets(dyad), outcome="done").order_by("-id")
    rows = list(events.values_list("actor", "action", "at")[: MOST_EVENTS + 1])
    people = {one.pk: one for one in Login.objects.filter(pk__in={actor for actor, _, _ in rows})}
    acts = [
        (people[actor], action, at) for actor, action, at in rows[:MOST_EVENTS] if actor in people
    ]
    return acts, len(rows) > MOST_EVENTS


def _targets(dyad: Dyad) -> list[str]:
    """Return how the audit log names a dyad and everything of it."""
    about = (
        ("dyad", [dyad.pk]),
        ("client", [dyad.client_id]),
        ("session", Session.objects.filter(dyad=dyad).values_list("pk", flat=True)),
        ("assignment", Assignment.objects.filter(session__dyad=dyad).values_list("pk", flat=True)),
        (
            "invitation",
            Invitation.objects.filter(assignment__session__dyad=dyad).values_list("pk", flat=True),
        ),
        ("response", Response.objects.filter(session__dyad=dyad).values_list("pk", flat=True)),
        ("signal", SignalRecord.objects.filter(dyad=dyad).values_list("pk", flat=True)),
    )
    return [f"{kind}:{key}" for kind, keys in about for key in keys]
