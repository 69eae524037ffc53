# SPDX-License-Identifier: Apache-2.0
"""The rota as it is kept: who is named, whom a notice reaches, and what would reach nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from django.db import transaction

from attunement.clinic.config.notices import is_mail_address
from attunement.clinic.errors import ClinicError, ConfigError
from attunement.clinic.models import Login, Practice, Role, RotaTurn
from attunement.clinic.services.audit import record
from attunement.clinic.services.forms import config
from attunement.clinic.services.risk.configured import asked_measures, risk_items
from attunement.clinic.services.risk.rota import Span, Turn, holes, read_minute, spans_between

NAMED_ROLES = frozenset({Role.THERAPIST, Role.SUPERVISOR, Role.LEAD})
MAX_PLACE = 9
MOST_NAMED = 5  # holes that a message names


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A turn as the command shows it."""

    number: int
    username: str
    place: int
    span: Span
    trouble: str  # why a notice would not reach this person, or ""


@dataclass(frozen=True, slots=True)
class RotaCheck:
    """What a notice would meet in any minute of the week."""

    holes: tuple[Span, ...]
    troubled: tuple[KeptTurn, ...]
    n_turns: int
    has_lead: bool  # somebody to tell after the rota


def trouble_of(login: Login) -> str:
    """Return why a notice would not reach a login, or "" where it would."""
    if not login.is_active:
        return "the login is not active"
    if login.role not in NAMED_ROLES:
        return f"the role {login.role} has no page for it"
    if config().mail is not None and not is_mail_address(login.email):
        return "no mail address that a notice can go to"
    return ""


def kept_turns(practice: Practice) -> tuple[KeptTurn, ...]:
    """Return the turns that hold, in the order of place and minute."""
    return tuple(
        KeptTurn(
            number=row.pk,
            username=row.login.get_username(),
            place=row.place,
            span=Span(row.starts, row.ends),
            trouble=trouble_of(row.login),
        )
        for row in _rows(practice.pk)
    )


def turns_of(practice_id: str) -> tuple[Turn, ...]:
    """Return the turns that hold as the rule wants them."""
    return tuple(
        Turn(row.login_id, row.place, row.starts, row.ends, reachable=not trouble_of(row.login))
        for row in _rows(practice_id)
    )


def is_on_rota(login: Login) -> bool:
    """Whether a login has a turn, at whatever time."""
    return RotaTurn.objects.filter(login=login, removed_at__isnull=True).exists()


def leads_of(practice_id: str) -> tuple[str, ...]:
    """Return the logins of the practice's leads that can be reached."""
    rows = Login.objects.filter(practice_id=practice_id, role=Role.LEAD).order_by("pk")
    return tuple(row.pk for row in rows if not trouble_of(row))


def check_rota(practice: Practice) -> RotaCheck:
    """Look at every minute of the week, and at everybody who is named."""
    kept = kept_turns(practice)
    return RotaCheck(
        holes=holes(turns_of(practice.pk)),
        troubled=tuple(turn for turn in kept if turn.trouble),
        n_turns=len(kept),
        has_lead=bool(leads_of(practice.pk)),
    )


def refuse_holes(practice: Practice | None) -> None:
    """Refuse to ask about risk while an answer might reach nobody; without a practice it would.

    Raises
    ------
    ConfigError
        E-CONFIG-011 where a form that is asked has a risk item and there is nobody named, a
        minute of the week without anybody who can be reached, or no mail server.
    """
    asked = [measure.id for measure in asked_measures() if risk_items(measure)]
    if not asked:
        return
    if config().mail is None and not config().risk.pages_only:
        _reaches_nobody(
            asked,
            "no [mail], so nobody is told outside the pages",
            "the section [mail], or risk.pages_only = true",
        )
    if practice is None:
        _reaches_nobody(asked, "no practice yet", "a clinic that was opened once")
    found = check_rota(practice)
    if found.holes:
        shown = ", ".join(str(span) for span in found.holes[:MOST_NAMED])
        more = f" and {len(found.holes) - MOST_NAMED} more" if len(found.holes) > MOST_NAMED else ""
        who = "; ".join(f"{turn.username}: {turn.trouble}" for turn in found.troubled)
        _reaches_nobody(
            asked,
            f"nobody on the rota in {shown}{more}" + (f" ({who})" if who else ""),
            "somebody who can be told in every minute of the week",
        )


def _reaches_nobody(asked: list[str], got: str, expected: str) -> NoReturn:
    raise ConfigError(
        "E-CONFIG-011",
        what=f"the form {' and '.join(asked)} asks about risk, and an answer might reach nobody",
        got=got,
        expected=expected,
        next_step="See: attunement serve rota show; docs/how-to/risk-answers.md",
    )


def add_turn(
    username: str, *, starts: str, ends: str, place: int, now: datetime, by: str
) -> tuple[KeptTurn, ...]:
    """Put somebody on the rota for a part of every week, or for all of it.

    Parameters
    ----------
    username : str
        A login of the practice.
    starts, ends : str
        ``mon 08:00``; over Sunday midnight too. Two equal ends are the whole week.
    place : int
        1 is told first; 2 is next.
    now, by
        When, and who did it.

    Raises
    ------
    ClinicError
        E-CLINIC-031 for a time that cannot be read, a login that is not there or cannot be told.
    """
    first, last = read_minute(starts), read_minute(ends)
    if first is None or last is None:
        _refuse("a time that cannot be read", "a day and a time such as mon 08:00")
    if not 1 <= place <= MAX_PLACE:
        _refuse(f"place {place}", f"1 to {MAX_PLACE}")
    login = Login.objects.filter(username__iexact=username).first()
    if login is None or login.practice is None:
        _refuse("a user name that is unknown", "a login of this practice")
    trouble = trouble_of(login)
    if trouble:
        _refuse(trouble, "an active login that a notice reaches")
    with transaction.atomic():
        rows = [
            RotaTurn.objects.create(
                practice=login.practice,
                login=login,
                place=place,
                starts=span.starts,
                ends=span.ends,
                made_by=by,
                made_at=now,
            )
            for span in spans_between(first, last)
        ]
        record(
            actor=by,
            action="rota.add",
            outcome="done",
            now=now,
            target=f"login:{login.pk}",
            detail={"starts": first, "ends": last, "place": place},
        )
    made = {row.pk for row in rows}
    return tuple(turn for turn in kept_turns(login.practice) if turn.number in made)


def remove_turn(number: int, *, now: datetime, by: str) -> None:
    """Take a turn off the rota; its row stays.

    Raises
    ------
    ClinicError
        E-CLINIC-031 when no such turn holds.
    """
    with transaction.atomic():
        taken = RotaTurn.objects.filter(pk=number, removed_at__isnull=True).update(removed_at=now)
        if not taken:
            _refuse(f"turn {number}, which does not hold", "a number that rota show names")
        record(
            actor=by, action="rota.remove", outcome="done", now=now, target=f"rota-turn:{number}"
        )


def _rows(practice_id: str) -> list[RotaTurn]:
    turns = RotaTurn.objects.filter(practice_id=practice_id, removed_at__isnull=True)
    return list(turns.select_related("login").order_by("place", "starts", "pk"))


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-031",
        what="the rota cannot be changed like this",
        got=got,
        expected=expected,
        next_step="Run the command again",
    )
