# SPDX-License-Identifier: Apache-2.0
"""Who looked at a client's record, for the client: which roles, when, and what for.

No name is in it, and nothing that anybody wrote: only that somebody looked, in plain words. It
opens behind the same second check as the own chart, to whoever has just passed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.config.model import Words
from attunement.clinic.models import Dyad, Login, Role
from attunement.clinic.services.forms import config
from attunement.clinic.services.gate import CLIENT_LINK, act, done
from attunement.clinic.services.own_chart import just_seen
from attunement.clinic.services.readers import acts_on

MOST_LINES = 60
RECORD, ANSWERS, TOGETHER, EMERGENCY, SHEET, LIST = (
    "looked at your page",
    "looked at your answers",
    "looked at your chart with you, or made ready to",
    "in an emergency: opened how to reach you and whether an answer about risk waits",
    "typed in a paper form of yours, or printed one",
    "looked at this list",
)
# What is a look. What people wrote down or answered is theirs, and no look.
_LOOKS: dict[str, str] = {
    Action.DYAD_VIEW: RECORD,
    Action.SESSION_VIEW: RECORD,
    Action.BEFORE_VIEW: RECORD,
    Action.LEDGER_VIEW: RECORD,
    Action.GOALS_VIEW: RECORD,
    Action.PICTURE_VIEW: ANSWERS,
    Action.SIGNAL_VIEW: ANSWERS,
    Action.CASE_VIEW: ANSWERS,
    Action.LEAD_ANSWERS_VIEW: ANSWERS,
    Action.TOGETHER_VIEW: TOGETHER,
    Action.BREAK_GLASS_OPEN: EMERGENCY,
    Action.BREAK_GLASS_VIEW: EMERGENCY,
    Action.PAPER_ENTER: SHEET,
    Action.PAPER_PRINT: SHEET,
    Action.READERS_VIEW: LIST,
}


@dataclass(frozen=True, slots=True)
class Look:
    """That somebody in a role looked, on a day: what at, and how often."""

    who: str
    what: str
    day: date
    times: int


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks at a client's record, newest day first."""

    lines: tuple[Look, ...]
    cut_off: bool  # there are older ones


def looked(grant: str, *, now: datetime) -> Looks:
    """Return who looked at the record of the client who has just opened the own chart.

    Raises
    ------
    AccessError
        E-ACCESS-002 unless this opened link has just shown the chart.
    """
    action = Action.READERS_VIEW
    with act(CLIENT_LINK, action, now=now):
        _, seen = just_seen(grant, now=now)
        dyad = Dyad.objects.select_related("therapist").get(pk=seen.dyad_id)
        found = looks_at(dyad)
        done(CLIENT_LINK, action, now=now, target=f"dyad:{dyad.pk}")
    return found


def looks_at(dyad: Dyad) -> Looks:
    """Return the looks at a dyad's record; permission is asked before."""
    acts, cut_off = acts_on(dyad)
    times: dict[tuple[date, str, str], int] = {}
    for login, action, at in acts:
        what = _LOOKS.get(action)
        if what is not None:
            key = (timezone.localdate(at), _who(login, dyad, config().words), what)
            times[key] = times.get(key, 0) + 1
    newest = sorted(times, key=lambda key: (-key[0].toordinal(), key[1], key[2]))
    lines = tuple(Look(who, what, day, times[day, who, what]) for day, who, what in newest)
    return Looks(lines[:MOST_LINES], cut_off or len(lines) > MOST_LINES)


def _who(login: Login, dyad: Dyad, words: Words) -> str:
    """Return what somebody is to the client, by role: the client need not know the name."""
    if dyad.therapist.login_id == login.pk:
        return f"your {words.therapist}"
    others = {
        Role.THERAPIST: f"another {words.therapist}",
        Role.SUPERVISOR: "a supervisor",
        Role.LEAD: "a lead of the practice",
    }
    return others.get(Role(login.role), "somebody else of the practice")
