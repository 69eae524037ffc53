# SPDX-License-Identifier: Apache-2.0
"""Care teams and supervision: who is on a client's case, from when, until when.

Access follows the rows as they are at each request. Leaving a team closes a case at once; what
was read before stays in the audit log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, TypeVar

from django.db.models import Q, QuerySet

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    CareTeamMember,
    Dyad,
    Login,
    Role,
    SupervisionLink,
    TeamPlace,
    Therapist,
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

_Dated = TypeVar("_Dated", CareTeamMember, SupervisionLink)

# Which logins can take which place.
PLACE_ROLES = {
    TeamPlace.SUPERVISOR: frozenset({Role.SUPERVISOR}),
    TeamPlace.CARE_LEAD: frozenset({Role.THERAPIST, Role.LEAD}),
    TeamPlace.SECOND_THERAPIST: frozenset({Role.THERAPIST}),
}


@dataclass(frozen=True, slots=True)
class Member:
    """One place on a care team."""

    member_id: str
    login_id: str
    name: str
    place: str
    from_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class TeamOfCase:
    """A dyad with its care team, those who left too."""

    dyad_id: str
    client_code: str
    therapist_name: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """Who supervises which therapist."""

    link_id: str
    supervisor_name: str
    therapist_name: str
    from_at: datetime


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who can be put on a team."""

    login_id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class TeamsPage:
    """The care teams of a practice, in the order of the clients' codes."""

    cases: tuple[TeamOfCase, ...]
    links: tuple[Link, ...]
    colleagues: tuple[Colleague, ...]
    therapists: tuple[tuple[str, str], ...]  # id and name


def teams(actor: Login, *, now: datetime) -> TeamsPage:
    """Return a practice's care teams for its lead: names and dates, no answers.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no lead.
    """
    with act(actor_name(actor), Action.TEAM_VIEW, now=now):
        require_self(actor, Action.TEAM_VIEW)
        practice = actor.practice_id
        dyads = Dyad.objects.filter(practice_id=practice, client__erased_at=None)
        dyads = dyads.select_related("client", "therapist")
        members = CareTeamMember.objects.filter(dyad__practice_id=practice).select_related("login")
        by_dyad: dict[str, list[Member]] = {}
        for row in members.order_by("from_at", "pk"):
            by_dyad.setdefault(row.dyad_id, []).append(_member(row))
        links = current(SupervisionLink.objects.all(), now=now).filter(
            therapist__practice_id=practice
        )
        page = TeamsPage(
            cases=tuple(
                TeamOfCase(
                    dyad.pk,
                    dyad.client.code,
                    dyad.therapist.display_name,
                    tuple(by_dyad.get(dyad.pk, ())),
                )
                for dyad in dyads.order_by("client__code", "pk")
            ),
            links=tuple(
                Link(one.pk, name_of(one.supervisor), one.therapist.display_name, one.from_at)
                for one in links.select_related("supervisor", "therapist").order_by("from_at")
            ),
            colleagues=tuple(
                Colleague(one.pk, name_of(one), one.role)
                for one in _colleagues(practice).order_by("display_name", "username")
            ),
            therapists=tuple(
                Therapist.objects.filter(practice_id=practice)
                .order_by("display_name")
                .values_list("pk", "display_name")
            ),
        )
        done(actor.pk, Action.TEAM_VIEW, now=now, target=f"practice:{practice}")
    return page


def add_member(
    actor: Login, dyad_id: str, *, login_id: str, place: str, now: datetime
) -> CareTeamMember:
    """Put somebody of the practice on a care team, from now on. Said twice, it is kept once.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the lead of the dyad's practice.
    ClinicError
        E-CLINIC-072 for somebody who cannot take the place.
    """
    action = Action.TEAM_CHANGE
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        login = _colleagues(dyad.practice_id).filter(pk=_id(login_id)).first()
        member = _join(dyad, login, place, by=actor, now=now)
        done(
            actor.pk,
            action,
            now=now,
            target=f"dyad:{dyad.pk}",
            detail={"joined": member.login_id, "place": place},
        )
    return member


def end_member(actor: Login, member_id: str, *, now: datetime) -> None:
    """End somebody's place on a care team, from this moment.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the lead of the dyad's practice.
    """
    action = Action.TEAM_CHANGE
    with act(actor_name(actor), action, now=now):
        row = CareTeamMember.objects.filter(pk=_id(member_id)).first()
        dyad = require_dyad(actor, row.dyad_id if row else "", action, now=now)
        if row is None:
            raise AccessDeniedError(target="member:unknown", reason="no such member")
        _leave(row, by=actor, now=now)
        done(actor.pk, action, now=now, target=f"dyad:{dyad.pk}", detail={"left": row.login_id})


def link_supervisor(
    actor: Login, *, supervisor_id: str, therapist_id: str, now: datetime
) -> SupervisionLink:
    """Say that a supervisor supervises a therapist, from now on. It opens no case by itself.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no lead.
    ClinicError
        E-CLINIC-072 for people who are not of the practice, or no supervisor.
    """
    action = Action.SUPERVISION_CHANGE
    with act(actor_name(actor), action, now=now):
        require_self(actor, action)
        supervisor = (
            _colleagues(actor.practice_id)
            .filter(pk=_id(supervisor_id), role=Role.SUPERVISOR)
            .first()
        )
        therapist = Therapist.objects.filter(
            pk=_id(therapist_id), practice_id=actor.practice_id
        ).first()
        if supervisor is None or therapist is None:
            _refuse("nobody of the practice, or no supervisor", "a supervisor and a therapist")
        link, _ = SupervisionLink.objects.get_or_create(
            supervisor=supervisor,
            therapist=therapist,
            until_at=None,
            defaults={"from_at": now, "added_by": actor.pk},
        )
        done(
            actor.pk,
            action,
            now=now,
            target=f"therapist:{therapist.pk}",
            detail={"supervisor": supervisor.pk},
        )
    return link


def end_supervision(actor: Login, link_id: str, *, now: datetime) -> None:
    """End a supervision, and with it every case that the therapist had shared by it.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody who is no lead, or a link of another practice.
    """
    action = Action.SUPERVISION_CHANGE
    with act(actor_name(actor), action, now=now):
        require_self(actor, action)
        link = (
            SupervisionLink.objects.select_related("therapist")
            .filter(pk=_id(link_id), therapist__practice_id=actor.practice_id)
            .first()
        )
        if link is None:
            raise AccessDeniedError(target="supervision:unknown", reason="no such link")
        if link.until_at is None:
            link.until_at, link.ended_by = now, actor.pk
            link.save(update_fields=["until_at", "ended_by"])
            shared = CareTeamMember.objects.filter(
                dyad__therapist_id=link.therapist_id,
                login_id=link.supervisor_id,
                place=TeamPlace.SUPERVISOR,
                added_by=link.therapist.login_id or "",
                until_at__isnull=True,
            )
            for row in shared:
                _leave(row, by=actor, now=now)
        done(
            actor.pk,
            action,
            now=now,
            target=f"therapist:{link.therapist_id}",
            detail={"ended": link.supervisor_id},
        )


def share_case(actor: Login, dyad_id: str, *, supervisor_id: str, now: datetime) -> None:
    """Share an own case with a supervisor who supervises the therapist now.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the dyad's therapist.
    ClinicError
        E-CLINIC-072 for somebody who does not supervise the therapist.
    """
    action = Action.CASE_SHARE
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        link = (
            current(SupervisionLink.objects.all(), now=now)
            .filter(therapist_id=dyad.therapist_id, supervisor_id=_id(supervisor_id))
            .select_related("supervisor")
            .first()
        )
        _join(
            dyad,
            link.supervisor if link is not None else None,
            TeamPlace.SUPERVISOR,
            by=actor,
            now=now,
        )
        done(
            actor.pk,
            action,
            now=now,
            target=f"dyad:{dyad.pk}",
            detail={"shared_with": supervisor_id},
        )


def unshare_case(actor: Login, dyad_id: str, *, supervisor_id: str, now: datetime) -> None:
    """Take back what the therapist shared, from this moment. A lead's choice stays.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but the dyad's therapist.
    """
    action = Action.CASE_SHARE
    with act(actor_name(actor), action, now=now):
        dyad = require_dyad(actor, dyad_id, action, now=now)
        rows = CareTeamMember.objects.filter(
            dyad=dyad,
            login_id=_id(supervisor_id),
            place=TeamPlace.SUPERVISOR,
            added_by=actor.pk,
            until_at__isnull=True,
        )
        for row in rows:
            _leave(row, by=actor, now=now)
        done(
            actor.pk,
            action,
            now=now,
            target=f"dyad:{dyad.pk}",
            detail={"taken_back_from": supervisor_id if is_id(supervisor_id) else ""},
        )


def current(rows: QuerySet[_Dated], *, now: datetime) -> QuerySet[_Dated]:
    """Return the rows that hold at ``now``."""
    return rows.filter(from_at__lte=now).filter(Q(until_at__isnull=True) | Q(until_at__gt=now))


def name_of(login: Login) -> str:
    """Return the name that pages show for a login."""
    return login.display_name or login.get_username()


def _join(
    dyad: Dyad, login: Login | None, place: str, *, by: Login, now: datetime
) -> CareTeamMember:
    if place not in TeamPlace.values:
        _refuse("no place of a care team", ", ".join(TeamPlace.values))
    if login is None or login.role not in PLACE_ROLES[TeamPlace(place)]:
        _refuse("somebody who cannot take this place", "somebody of the practice with that role")
    if login.pk == dyad.therapist.login_id:
        _refuse("the client's own therapist", "somebody else")
    Dyad.objects.select_for_update().get(pk=dyad.pk)
    member, _ = CareTeamMember.objects.get_or_create(
        dyad=dyad,
        login=login,
        place=place,
        until_at=None,
        defaults={"from_at": now, "added_by": by.pk},
    )
    return member


def _leave(row: CareTeamMember, *, by: Login, now: datetime) -> None:
    if row.until_at is None:
        row.until_at, row.ended_by = max(now, row.from_at), by.pk
        row.save(update_fields=["until_at", "ended_by"])


def _colleagues(practice_id: str | None) -> QuerySet[Login]:
    roles = frozenset().union(*PLACE_ROLES.values())
    return Login.objects.filter(practice_id=practice_id, is_active=True, role__in=roles)


def _member(row: CareTeamMember) -> Member:
    return Member(row.pk, row.login_id, name_of(row.login), row.place, row.from_at, row.until_at)


def _id(text: str) -> str:
    return text if is_id(text) else ""


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-072",
        what="a care team cannot be changed like this",
        got=got,
        expected=expected,
        next_step="Choose again",
    )
