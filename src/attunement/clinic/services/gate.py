# SPDX-License-Identifier: Apache-2.0
"""Before every act: who asks, how they stand to the record, and one transaction around it all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from attunement.clinic.access import Action, Actor, ActorRole, Relation, may
from attunement.clinic.errors import AccessError
from attunement.clinic.models import Dyad, Login, Session, Therapist, is_id
from attunement.clinic.services.audit import record, record_alone

CLIENT_LINK = "client-link"
ANONYMOUS = "anonymous"


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
def act(actor: str, action: Action, *, now: datetime) -> Iterator[None]:
    """Run an act in one transaction; a denial undoes it and leaves one audit event."""
    try:
        with transaction.atomic():
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


def require_dyad(login: Any, dyad_id: str, action: Action) -> Dyad:
    """Return the dyad if the actor may do ``action`` to it.

    Raises
    ------
    AccessError
        E-ACCESS-001: not there, or not the actor's; nobody outside can tell which.
    """
    found = (
        Dyad.objects.select_related("client", "therapist")
        .filter(pk=dyad_id if is_id(dyad_id) else "")
        .first()
    )
    _require(login, action, found, target=f"dyad:{found.pk}" if found else "dyad:unknown")
    if found is None:
        raise AccessDeniedError(target="dyad:unknown", reason="no such dyad")
    return found


def require_session(login: Any, session_id: str, action: Action) -> Session:
    """Return the session, with its dyad, if the actor may do ``action`` to it.

    Raises
    ------
    AccessError
        E-ACCESS-001: not there, or not the actor's; nobody outside can tell which.
    """
    found = (
        Session.objects.select_related("dyad", "dyad__client", "dyad__therapist", "care_episode")
        .filter(pk=session_id if is_id(session_id) else "")
        .first()
    )
    target = f"session:{found.pk}" if found else "session:unknown"
    _require(login, action, found.dyad if found else None, target=target)
    if found is None:
        raise AccessDeniedError(target=target, reason="no such session")
    return found


def _require(login: Any, action: Action, dyad: Dyad | None, *, target: str) -> None:
    decision = may(actor_of(login), action, relation_to(login, dyad))
    if not decision.allow:
        raise AccessDeniedError(target=target, reason=decision.reason)


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
    record(actor=actor, action=action, outcome=outcome, now=now, target=target, detail=detail)
