# SPDX-License-Identifier: Apache-2.0
"""Before every act: who asks, how they stand to the record, and one transaction around it all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Q
from django.utils import timezone

from attunement.clinic.access import (
    RULES,
    Action,
    Actor,
    ActorRole,
    Relation,
    may,
    may_in_any,
)
from attunement.clinic.access.visibility import Viewer, Visibility
from attunement.clinic.errors import AccessError
from attunement.clinic.models import (
    Assignment,
    BreakGlass,
    CareTeamMember,
    Dyad,
    Login,
    Perspective,
    Session,
    SupervisionLink,
    TeamPlace,
    Therapist,
    is_id,
)
from attunement.clinic.services.audit import record, record_alone
from attunement.clinic.store.statements import Prepared

CLIENT_LINK = "client-link"
_READS = ("SELECT", "WITH", "SAVEPOINT", "RELEASE", "ROLLBACK")
_AFTERWARDS: ContextVar[list[dict[str, Any]] | None] = ContextVar("afterwards", default=None)
ANONYMOUS = "anonymous"
_DYAD = Prepared(lambda pk: Dyad.objects.select_related("client", "therapist").filter(pk=pk), str)
_SESSION = Prepared(
    lambda pk: Session.objects.select_related(
        "dyad", "dyad__client", "dyad__therapist", "care_episode"
    ).filter(pk=pk),
    str,
)


class AccessDeniedError(AccessError):
    """An access error that also carries what the audit log is told."""

    def __init__(self, *, code: str = "E-ACCESS-001", target: str, reason: str) -> None:
        super().__init__(
            code,
            what=self.codes[code],
            next_step="Check the address, or ask whoever sent it",
        )
        self.target = target
        self.reason = reason


def actor_of(login: Any) -> Actor:
    """Return what the policy needs to know of a login; anything else is an anonymous actor."""
    if not isinstance(login, Login):
        return Actor(role=ActorRole.ANONYMOUS)
    return Actor(role=ActorRole(login.role), active=login.is_active)


def actor_name(login: Any) -> str:
    """Return the actor's identifier for the audit log."""
    return login.pk if isinstance(login, Login) else ANONYMOUS


@contextmanager
def act(actor: str, action: Action, *, now: datetime, reading: bool = False) -> Iterator[None]:
    """Run an act in one transaction; a denial undoes it and leaves one audit event.

    Parameters
    ----------
    actor, action, now
        Who does what, and when.
    reading : bool
        The act only looks. On SQLite it then waits for no turn to write: it reads one state of
        the store, and its audit event is written after it, before anybody is shown anything.
        Whatever would write in it is refused.
    """
    try:
        with _reading() if reading else transaction.atomic():
            yield
    except AccessDeniedError as refusal:
        record_alone(
            actor=actor,
            action=action,
            outcome="denied",
            now=now,
            target=refusal.target,
            why=refusal.reason,
        )
        raise


@contextmanager
def _reading() -> Iterator[None]:
    events: list[dict[str, Any]] = []
    token = _AFTERWARDS.set(events)
    try:
        with snapshot(), connection.execute_wrapper(_refuse_to_write):
            yield
    finally:
        _AFTERWARDS.reset(token)
    with transaction.atomic():
        for event in events:
            record(**event)


@contextmanager
def snapshot() -> Iterator[None]:
    """Read one state of the store, on SQLite without a turn to write."""
    looking = None if connection.in_atomic_block else getattr(connection, "looking", None)
    with transaction.atomic() if looking is None else looking():
        yield


def _refuse_to_write(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
    if not sql.lstrip("( ").upper().startswith(_READS):
        message = "an act that only reads may not write"
        raise RuntimeError(message)
    return execute(sql, params, many, context)


def require_self(login: Any, action: Action) -> None:
    """Refuse unless the actor may do ``action`` about themselves.

    Raises
    ------
    AccessError
        E-ACCESS-001.
    """
    decision = may(actor_of(login), action, Relation.SELF)
    if not decision.allow:
        raise AccessDeniedError(target="", reason=decision.reason)


def require_dyad(login: Any, dyad_id: str, action: Action, *, now: datetime | None = None) -> Dyad:
    """Return the dyad if the actor may do ``action`` to it at ``now`` (by the clock: now).

    Raises
    ------
    AccessError
        E-ACCESS-001: not there, or not the actor's; nobody outside can tell which.
    """
    found: Dyad | None = _DYAD.first(dyad_id if is_id(dyad_id) else "")
    target = f"dyad:{found.pk}" if found else "dyad:unknown"
    _require(login, action, found, target=target, now=now)
    if found is None:
        raise AccessDeniedError(target="dyad:unknown", reason="no such dyad")
    return found


def require_session(
    login: Any, session_id: str, action: Action, *, now: datetime | None = None
) -> Session:
    """Return the session, with its dyad, if the actor may do ``action`` to it.

    Raises
    ------
    AccessError
        E-ACCESS-001: not there, or not the actor's; nobody outside can tell which.
    """
    found: Session | None = _SESSION.first(session_id if is_id(session_id) else "")
    target = f"session:{found.pk}" if found else "session:unknown"
    _require(login, action, found.dyad if found else None, target=target, now=now)
    if found is None:
        raise AccessDeniedError(target=target, reason="no such session")
    return found


def _require(
    login: Any, action: Action, dyad: Dyad | None, *, target: str, now: datetime | None
) -> None:
    actor = actor_of(login)
    decision = may(actor, action, relation_to(login, dyad))
    if not decision.allow and _by_team(actor, action):
        # As many queries for a record that does not exist as for one of others.
        team = team_relations(login, dyad, now=now or timezone.now())
        decision = may_in_any(actor, action, team) if team else decision
    if not decision.allow:
        raise AccessDeniedError(target=target, reason=decision.reason)


def _by_team(actor: Actor, action: Action) -> bool:
    """Whether there is a relation beyond the own dyad and the practice that this act goes by."""
    return any(actor.role in RULES.get((action, relation), ()) for relation in _TEAM_RELATIONS)


def relation_to(login: Any, dyad: Dyad | None) -> Relation:
    """Return how a login stands to a dyad; a missing dyad is ``NONE``."""
    if dyad is None or not isinstance(login, Login) or login.practice_id is None:
        return Relation.NONE
    if dyad.practice_id != login.practice_id:
        return Relation.NONE
    own: Therapist = dyad.therapist
    if own.login_id == login.pk:
        return Relation.OWN
    return Relation.PRACTICE


def team_relations(login: Any, dyad: Dyad | None, *, now: datetime) -> frozenset[Relation]:
    """Return how a login stands to a dyad by care team, supervision and emergency at ``now``.

    Read from the database each time: who left a team a second ago stands in none of them.
    """
    if not isinstance(login, Login) or login.practice_id is None:
        return frozenset()
    same_practice = dyad is not None and dyad.practice_id == login.practice_id
    dyad_id = dyad.pk if dyad is not None and same_practice else ""
    therapist_id = dyad.therapist_id if dyad is not None and same_practice else ""
    today = Q(from_at__lte=now) & (Q(until_at__isnull=True) | Q(until_at__gt=now))
    places = CareTeamMember.objects.filter(today, dyad_id=dyad_id, login_id=login.pk)
    found = {_PLACES[place] for place in places.values_list("place", flat=True)}
    given = Assignment.objects.filter(
        session__dyad_id=dyad_id,
        perspective=Perspective.CLIENT,
        visibility=Visibility.SUPERVISOR,
    )
    links = SupervisionLink.objects.filter(today, supervisor_id=login.pk, therapist_id=therapist_id)
    if links.filter(Exists(given)).exists():
        found.add(Relation.SUPERVISES_THERAPIST)
    if BreakGlass.objects.filter(
        dyad_id=dyad_id, login_id=login.pk, opened_at__lte=now, until_at__gt=now
    ).exists():
        found.add(Relation.BREAK_GLASS)
    return frozenset(found)


def viewer_of(login: Any, dyad: Dyad, *, now: datetime) -> Viewer:
    """Return as whom a login sees a dyad's answers: the widest place that the person has now."""
    actor, relation = actor_of(login), relation_to(login, dyad)
    if relation is Relation.NONE or not actor.active:
        return Viewer.NOBODY
    if relation is Relation.OWN and actor.role is ActorRole.THERAPIST:
        return Viewer.THERAPIST
    team = team_relations(login, dyad, now=now)
    for place, viewer in _VIEWERS.items():
        if place in team and may(actor, Action.CASE_VIEW, place).allow:
            return viewer
    if actor.role is ActorRole.LEAD:
        return Viewer.LEAD
    return Viewer.BREAK_GLASS if Relation.BREAK_GLASS in team else Viewer.NOBODY


_PLACES: dict[str, Relation] = {
    TeamPlace.SUPERVISOR: Relation.SUPERVISION,
    TeamPlace.CARE_LEAD: Relation.CARE_TEAM,
    TeamPlace.SECOND_THERAPIST: Relation.CARE_TEAM,
}
_VIEWERS = {
    Relation.SUPERVISION: Viewer.SUPERVISOR,
    Relation.CARE_TEAM: Viewer.CARE_TEAM,
    Relation.SUPERVISES_THERAPIST: Viewer.THERAPISTS_SUPERVISOR,
}
_TEAM_RELATIONS = (*_VIEWERS, Relation.BREAK_GLASS)


def done(
    actor: str,
    action: Action,
    *,
    now: datetime,
    target: str,
    detail: dict[str, str | int | bool] | None = None,
    outcome: str = "done",
) -> None:
    """Write the audit event of an act, as the last statement of its transaction."""
    event: dict[str, Any] = {
        "actor": actor,
        "action": action,
        "outcome": outcome,
        "now": now,
        "target": target,
        "detail": detail,
    }
    afterwards = _AFTERWARDS.get()
    if afterwards is None:
        record(**event)
    else:
        afterwards.append(event)
