# SPDX-License-Identifier: Apache-2.0
"""What a client is promised before answering: frozen in the form, kept with the response."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NoReturn

from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.access.visibility import Visibility
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    LONGEST_DELAY_DAYS,
    Assignment,
    CareEpisode,
    CareTeamMember,
    Dyad,
    EpisodeVisibility,
    Login,
    Moment,
    Perspective,
    Session,
    SupervisionLink,
    TeamPlace,
)
from attunement.clinic.services.forms import config
from attunement.clinic.services.gate import act, actor_name, done, require_dyad
from attunement.clinic.services.opening import day_begins
from attunement.clinic.services.wording import (
    before_who_sees,
    client_who_sees,
    closed_words,
    supervisor_too,
    team_too,
    therapist_team_too,
    therapist_who_sees,
)
from attunement.clinic.store.statements import Prepared

MOST_SESSIONS = 12  # whose form a lead can let fewer people see
_CLIENT_FORM = Prepared(
    lambda session_id: Assignment.objects.filter(
        session=session_id, perspective=Perspective.CLIENT, moment=Moment.AFTER
    ),
    str,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """How a care episode's next forms are asked."""

    visibility: str
    delay_days: int

    def reveal_at(self, held_on: date) -> datetime | None:
        """Return the moment that a delayed form after a session of that day opens."""
        if self.visibility != Visibility.DELAYED or not self.delay_days:
            return None
        return day_begins(held_on + timedelta(days=self.delay_days))


def rule_of(episode: CareEpisode) -> Rule:
    """Return how an episode's next forms are asked: its newest choice, else the practice's."""
    newest = EpisodeVisibility.objects.filter(care_episode=episode).order_by("set_at", "pk").last()
    if newest is not None:
        return Rule(newest.visibility, newest.delay_days)
    return Rule(config().visibility.client, config().visibility.delay_days)


def promise(session: Session, *, on_day: date | None = None) -> dict[str, object]:
    """Return the fields of a new client's assignment that say who will see its response.

    ``on_day`` is the day of a form between two sessions, from which its delay counts.
    """
    rule = rule_of(session.care_episode)
    return {
        "visibility": rule.visibility,
        "reveal_at": rule.reveal_at(on_day or session.held_on),
    }


def client_told(assignment: Assignment) -> str:
    """Return who sees the answers, in the words that are shown and kept with the response."""
    told = client_who_sees if assignment.moment == Moment.AFTER else before_who_sees
    return told(
        config().words, visibility=assignment.visibility, reveal_on=_day(assignment.reveal_at)
    )


def therapist_told(asked: Assignment | None) -> str:
    """Return what the therapist is told before answering; ``asked`` is the client's form."""
    if asked is None:
        return therapist_who_sees(config().words)
    return therapist_who_sees(
        config().words, visibility=asked.visibility, reveal_on=_day(asked.reveal_at)
    )


def closed_told(session: Session) -> str:
    """Return what the therapist's page says while a session's form is closed."""
    asked = _client_form(session)
    if asked is None:
        return ""
    return closed_words(
        config().words, visibility=asked.visibility, reveal_on=_day(asked.reveal_at)
    )


def names_team(who_sees: str) -> bool:
    """Whether the words that were shown named the care team as readers."""
    words = config().words
    named = (team_too(words), supervisor_too(), therapist_team_too(words))
    return any(sentence in who_sees for sentence in named)


@dataclass(frozen=True, slots=True)
class VisibilityPage:
    """How a care episode is asked now, and the choices so far, newest first."""

    dyad_id: str
    client_code: str
    rule: Rule
    by_practice: bool  # nobody has chosen for this episode
    history: tuple[EpisodeVisibility, ...]
    supervised: bool
    supervisors: tuple[tuple[str, str, bool], ...]  # id, name, whether the therapist shared it
    sessions: tuple[tuple[str, int, date], ...]  # id, number, day; newest first
    birth_year_noted: bool  # which one is on no page


def visibility_page(actor: Login, dyad_id: str, *, now: datetime) -> VisibilityPage:
    """Return how a dyad's next forms are asked.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the dyad's therapist and the practice's lead.
    """
    action = Action.VISIBILITY_CHOOSE
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        episode = _episode(dyad)
        history = EpisodeVisibility.objects.filter(care_episode=episode).order_by("-set_at", "-pk")
        found = VisibilityPage(
            dyad_id=dyad.pk,
            client_code=dyad.client.code,
            rule=rule_of(episode),
            by_practice=not history.exists(),
            history=tuple(history),
            supervised=is_supervised(dyad, now=now),
            supervisors=_supervisors(dyad, now=now),
            birth_year_noted=dyad.client.birth_year is not None,
            sessions=tuple(
                Session.objects.filter(dyad=dyad)
                .order_by("-session_no")
                .values_list("pk", "session_no", "held_on")[:MOST_SESSIONS]
            ),
        )
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}", detail={"looked": True})
    return found


def choose_visibility(
    actor: Login, dyad_id: str, *, visibility: str, delay_days: int = 0, now: datetime
) -> None:
    """Choose who sees the answers to a care episode's next forms. Earlier forms stay as they are.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the dyad's therapist and the practice's lead.
    ClinicError
        E-CLINIC-071 for a mode that is unknown, or that nobody could read in.
    """
    action = Action.VISIBILITY_CHOOSE
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        if visibility not in Visibility.values:
            _refuse("no way of seeing answers", "one of those that are offered")
        if not 0 <= delay_days <= LONGEST_DELAY_DAYS:
            _refuse("days out of range", f"0 to {LONGEST_DELAY_DAYS}")
        if visibility == Visibility.SUPERVISOR and not is_supervised(dyad, now=now):
            _refuse("a supervisor, and there is none", "a supervisor on the care team first")
        EpisodeVisibility(
            care_episode=_episode(dyad),
            visibility=visibility,
            delay_days=delay_days if visibility == Visibility.DELAYED else 0,
            set_by=actor.pk,
            set_at=now,
        ).save()
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}", detail={"visibility": visibility})


def is_supervised(dyad: Dyad, *, now: datetime) -> bool:
    """Whether somebody supervises the dyad, by care team or by supervising its therapist."""
    member = CareTeamMember.objects.filter(
        dyad=dyad, place=TeamPlace.SUPERVISOR, until_at__isnull=True, login__is_active=True
    )
    link = SupervisionLink.objects.filter(
        therapist_id=dyad.therapist_id, until_at__isnull=True, supervisor__is_active=True
    )
    return member.filter(from_at__lte=now).exists() or link.filter(from_at__lte=now).exists()


def _supervisors(dyad: Dyad, *, now: datetime) -> tuple[tuple[str, str, bool], ...]:
    shared = set(
        CareTeamMember.objects.filter(
            dyad=dyad, place=TeamPlace.SUPERVISOR, from_at__lte=now, until_at__isnull=True
        ).values_list("login_id", flat=True)
    )
    links = SupervisionLink.objects.filter(
        therapist_id=dyad.therapist_id, from_at__lte=now, until_at__isnull=True
    ).select_related("supervisor")
    return tuple(
        (
            one.supervisor_id,
            one.supervisor.display_name or one.supervisor.get_username(),
            one.supervisor_id in shared,
        )
        for one in links.order_by("pk")
    )


def _client_form(session: Session) -> Assignment | None:
    found: Assignment | None = _CLIENT_FORM.first(session.pk)
    return found


def _episode(dyad: Dyad) -> CareEpisode:
    newest = CareEpisode.objects.filter(dyad=dyad).order_by("began_on", "pk").last()
    if newest is None:
        _refuse("a dyad without a care episode", "an open care episode")
    return newest


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else timezone.localdate(moment)


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-071",
        what="who sees answers cannot be set like this",
        got=got,
        expected=expected,
        next_step="Choose again",
    )
