# SPDX-License-Identifier: Apache-2.0
"""What the people who are named may see of an alert: that an answer was given, never which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from attunement.clinic.access import Action, Relation, may
from attunement.clinic.models import (
    OPEN_STATES,
    ActKind,
    AlertState,
    DeliveryState,
    Login,
    RiskAct,
    RiskAlert,
    RiskDelivery,
    Role,
    is_id,
)
from attunement.clinic.services.forms import config, measure_of
from attunement.clinic.services.gate import (
    AccessDeniedError,
    act,
    actor_name,
    actor_of,
    done,
    require_self,
)
from attunement.clinic.services.risk.turns import is_on_rota
from attunement.clinic.services.sealing import words_of

KEPT_ON_THE_PAGE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Told:
    """One person who is told by one channel."""

    name: str
    channel: str
    level: int
    at: datetime | None  # when it reached the list, or the mail server took it
    problem: str  # why a mail was not taken yet, in a word of ours


@dataclass(frozen=True, slots=True)
class Done:
    """What a person did."""

    name: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """The alerts of one form, as one thing to look at."""

    public_id: str
    client_code: str
    therapist_name: str
    perspective: str
    session_no: int
    taken: bool  # False: the form itself was not, because another was before it or its link closed
    measure_title: str
    kinds: tuple[str, ...]  # what the items ask about, in the words of the measure's file
    answered_at: datetime | None
    clock_suspect: bool
    received_at: datetime
    state: AlertState
    told: tuple[Told, ...]
    acknowledged: Done | None
    closed: Done | None

    @property
    def is_open(self) -> bool:
        """Whether nobody has acknowledged it."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True)
class AlertList:
    """What the page of alerts shows, in the order in which they came in."""

    open: tuple[ShownAlert, ...]
    acknowledged: tuple[ShownAlert, ...]
    closed: tuple[ShownAlert, ...]
    named: bool  # on the rota, or a lead
    procedure: str


def is_named(login: Login) -> bool:
    """Whether the site's rule names a login: a lead, or anybody on the rota."""
    return login.role == Role.LEAD or is_on_rota(login)


def alert_list(login: Any, *, now: datetime) -> AlertList:
    """Return the alerts that a login may see.

    Raises
    ------
    AccessError
        E-ACCESS-001 for a role that nobody can name.
    """
    with act(actor_name(login), Action.ALERTS_VIEW, now=now):
        require_self(login, Action.ALERTS_VIEW)
        named = is_named(login)
        rows = _visible(login, named=named, since=now - KEPT_ON_THE_PAGE)
        shown = _shown(rows)
        done(
            actor_name(login),
            Action.ALERTS_VIEW,
            now=now,
            target=f"login:{login.pk}",
            detail={"n": len(shown)},
        )
    return AlertList(
        open=tuple(each for each in shown if each.is_open),
        acknowledged=tuple(each for each in shown if each.state == AlertState.ACKNOWLEDGED),
        closed=tuple(each for each in shown if each.state == AlertState.CLOSED),
        named=named,
        procedure=config().risk.procedure,
    )


def alert_view(login: Any, public_id: str, *, now: datetime) -> ShownAlert:
    """Return one form's alerts. Looking at them acknowledges nothing.

    Raises
    ------
    AccessError
        E-ACCESS-001: not there, or not for this login.
    """
    with act(actor_name(login), Action.ALERT_VIEW, now=now):
        alert = require_alert(login, public_id, Action.ALERT_VIEW)
        shown = _shown(_rows().filter(bundle=alert.bundle))[0]
        done(actor_name(login), Action.ALERT_VIEW, now=now, target=f"alert:{alert.public_id}")
    return shown


def require_alert(login: Any, public_id: str, action: Action) -> RiskAlert:
    """Return the alert if the login may do ``action`` to it.

    Raises
    ------
    AccessError
        E-ACCESS-001.
    """
    found = _rows().filter(public_id=public_id if is_id(public_id) else "").first()
    target = f"alert:{found.public_id}" if found else "alert:unknown"
    decision = may(actor_of(login), action, _relation(login, found))
    if found is None or not decision.allow:
        raise AccessDeniedError(target=target, reason=decision.reason)
    return found


def _relation(login: Any, alert: RiskAlert | None) -> Relation:
    if alert is None or not isinstance(login, Login) or alert.practice_id != login.practice_id:
        return Relation.NONE
    told = RiskDelivery.objects.filter(alert__bundle=alert.bundle, login=login)
    return Relation.NAMED if is_named(login) or told.exists() else Relation.PRACTICE


def _rows() -> QuerySet[RiskAlert]:
    return RiskAlert.objects.select_related(
        "outbox", "assignment__session", "dyad__client", "dyad__therapist"
    ).order_by("number")


def _visible(login: Login, *, named: bool, since: datetime) -> QuerySet[RiskAlert]:
    rows = _rows().filter(practice_id=login.practice_id)
    rows = rows.exclude(outbox__state=AlertState.CLOSED, received_at__lt=since)
    if named:
        return rows
    told = RiskDelivery.objects.filter(login=login).values("alert__bundle")
    return rows.filter(bundle__in=told)


def _shown(rows: Iterable[RiskAlert]) -> tuple[ShownAlert, ...]:
    """Return alerts grouped by the form they came with."""
    forms: dict[str, list[RiskAlert]] = {}
    for row in rows:
        forms.setdefault(row.bundle, []).append(row)
    ids = [alert.pk for alerts in forms.values() for alert in alerts]
    told = RiskDelivery.objects.filter(alert_id__in=ids).select_related("login").order_by("pk")
    acts = RiskAct.objects.filter(alert_id__in=ids).select_related("by", "alert__dyad__client")
    by_form: dict[int, str] = {a.pk: form for form, alerts in forms.items() for a in alerts}
    people: dict[str, list[RiskDelivery]] = {}
    for each in told:
        people.setdefault(by_form[each.alert_id], []).append(each)
    said: dict[tuple[int, str], RiskAct] = {(each.alert_id, each.kind): each for each in acts}
    return tuple(_form(alerts, people.get(form, []), said) for form, alerts in forms.items())


def _form(
    alerts: list[RiskAlert], told: list[RiskDelivery], said: dict[tuple[int, str], RiskAct]
) -> ShownAlert:
    first = alerts[0]
    form = first.assignment
    measure = measure_of(form.measure_id, form.measure_version)
    kinds = {item.id: item.risk.kind for item in measure.items if item.risk is not None}
    states = [AlertState(alert.outbox.state) for alert in alerts]
    return ShownAlert(
        public_id=first.public_id,
        client_code=first.dyad.client.code,
        therapist_name=first.dyad.therapist.display_name,
        perspective=form.perspective,
        session_no=form.session.session_no,
        taken=first.response_id is not None,
        measure_title=measure.title,
        kinds=tuple(dict.fromkeys(kinds.get(alert.item, "") for alert in alerts)),
        answered_at=first.answered_at,
        clock_suspect=first.clock_suspect,
        received_at=first.received_at,
        state=min(states, key=list(AlertState).index),
        told=_people(told),
        acknowledged=_done(said.get((first.pk, ActKind.ACKNOWLEDGED))),
        closed=_done(said.get((first.pk, ActKind.CLOSED))),
    )


def _people(rows: list[RiskDelivery]) -> tuple[Told, ...]:
    """Return each person once for each channel: a form with three alerts tells nobody thrice."""
    found: dict[tuple[str, str], Told] = {}
    for row in rows:
        delivered = row.delivered_at if row.state == DeliveryState.DELIVERED else None
        name = row.login.display_name or row.login.get_username()
        told = Told(name, row.channel, row.level, delivered, row.problem)
        found.setdefault((row.login_id, row.channel), told)
    return tuple(found.values())


def _done(row: RiskAct | None) -> Done | None:
    if row is None:
        return None
    name = row.by.display_name or row.by.get_username()
    return Done(name=name, at=row.at, reason=words_of(row, "reason"))
