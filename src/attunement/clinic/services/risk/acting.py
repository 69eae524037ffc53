# SPDX-License-Identifier: Apache-2.0
"""Acknowledging and closing: acts of a logged-in person, each written once and kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NoReturn

from attunement.clinic.access import Action
from attunement.clinic.config.plain import is_plain
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    OPEN_STATES,
    ActKind,
    AlertState,
    Login,
    RiskAct,
    RiskAlert,
    RiskOutbox,
)
from attunement.clinic.services.gate import act, actor_name, done
from attunement.clinic.services.risk.seeing import require_alert

LONGEST_REASON = 1000


def acknowledge(login: Any, public_id: str, *, now: datetime) -> bool:
    """Say that one looks after a form's alerts; nobody else is told of them from now on.

    Returns
    -------
    bool
        False when somebody had acknowledged already: the first stays.

    Raises
    ------
    AccessError
        E-ACCESS-001: not there, or not for this login.
    """
    action = Action.ALERT_ACKNOWLEDGE
    with act(actor_name(login), action, now=now):
        alert = require_alert(login, public_id, action)
        first = _move(alert, login, OPEN_STATES, ActKind.ACKNOWLEDGED, reason="", now=now)
        done(
            actor_name(login),
            action,
            now=now,
            target=f"alert:{alert.public_id}",
            detail={"first": first},
        )
    return first


def close(login: Any, public_id: str, *, reason: str, now: datetime) -> bool:
    """Close a form's alerts with what was done; they must have been acknowledged.

    Returns
    -------
    bool
        False when they were closed already: the first reason stays.

    Raises
    ------
    ClinicError
        E-CLINIC-032 without a reason, with one that cannot be shown, or before acknowledging.
    AccessError
        E-ACCESS-001: not there, or not for this login.
    """
    words = reason.replace("\r\n", "\n").strip()
    action = Action.ALERT_CLOSE
    with act(actor_name(login), action, now=now):
        alert = require_alert(login, public_id, action)
        if not words or len(words) > LONGEST_REASON or not is_plain(words, lines=True):
            _refuse("no reason that can be kept", f"1 to {LONGEST_REASON} characters")
        if RiskOutbox.objects.filter(alert__bundle=alert.bundle, state__in=OPEN_STATES).exists():
            _refuse("an alert that nobody has acknowledged", "one that somebody looks after")
        first = _move(
            alert, login, (AlertState.ACKNOWLEDGED,), ActKind.CLOSED, reason=words, now=now
        )
        done(
            actor_name(login),
            action,
            now=now,
            target=f"alert:{alert.public_id}",
            detail={"first": first},
        )
    return first


def _move(
    alert: RiskAlert,
    login: Login,
    before: tuple[AlertState, ...],
    kind: ActKind,
    *,
    reason: str,
    now: datetime,
) -> bool:
    """Bring every alert of the form forward, each guarded by the state it must be in."""
    moved = False
    rows = RiskAlert.objects.select_related("dyad__client").order_by("number")
    for each in rows.filter(bundle=alert.bundle):
        taken = RiskOutbox.objects.filter(pk=each.pk, state__in=before).update(state=kind.value)
        if taken:
            RiskAct(alert=each, kind=kind, by=login, at=now, reason=reason).save()
            moved = True
    return moved


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-032",
        what="what was done about an alert cannot be taken",
        got=got,
        expected=expected,
        next_step="Send the page again",
    )
