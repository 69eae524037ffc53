# SPDX-License-Identifier: Apache-2.0
"""From an alert to the people who are told: step by step, and never back."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from attunement.clinic.models import (
    OPEN_STATES,
    AlertState,
    DeliveryChannel,
    DeliveryState,
    Login,
    RiskDelivery,
    RiskOutbox,
)
from attunement.clinic.services.audit import record
from attunement.clinic.services.forms import config
from attunement.clinic.services.mailing import stable_message_id
from attunement.clinic.services.risk.escalation import Level, level_due
from attunement.clinic.services.risk.rota import minute_of_week, order_at
from attunement.clinic.services.risk.turns import leads_of, trouble_of, turns_of

_LOG = logging.getLogger("attunement.serve.worker")


def open_outbox() -> list[RiskOutbox]:
    """Return every alert that nobody has acknowledged, oldest first."""
    rows = RiskOutbox.objects.filter(state__in=OPEN_STATES)
    return list(rows.select_related("alert", "alert__dyad__therapist__login").order_by("pk"))


def route(row: RiskOutbox, *, now: datetime) -> int:
    """Bring an alert up to the level that its waiting asks for; return how many people are new.

    The rows that say whom to tell are written together with the level, in one transaction, so a
    worker that dies in between leaves neither.
    """
    due = level_due(timedelta(milliseconds=row.waited_ms), config().risk)
    if due <= row.levels_told < Level.ALL:
        return 0
    told = {delivery.login_id for delivery in row.alert.deliveries.all()}
    fresh: dict[str, int] = {}
    level = row.levels_told
    # Nobody at a level is no reason to wait for the next one.
    while level < due or (not told and not fresh and level < Level.ALL):
        level += 1
        fresh |= dict.fromkeys(_new(row, Level(level), {*told, *fresh}, now=now), level)
    if row.levels_told == Level.ALL:  # named since: a lead who was made, a login that came back
        fresh = {login: int(Level.ALL) for login in _new(row, Level.ALL, told, now=now)}
        if not fresh:
            return 0
    return _tell(row, level, fresh, now=now)


def _new(row: RiskOutbox, level: Level, told: set[str], *, now: datetime) -> tuple[str, ...]:
    """Return who is told at a level and was not before."""
    practice_id = row.practice_id
    if level in {Level.FIRST, Level.NEXT}:
        minute = minute_of_week(now, ZoneInfo(config().timezone))
        waiting = [login for login in order_at(turns_of(practice_id), minute) if login not in told]
        return tuple(waiting[:1])
    named: Sequence[str] = leads_of(practice_id)
    if level is Level.ALL:
        own = row.alert.dyad.therapist.login
        named = (
            *order_at(turns_of(practice_id), 0),
            *named,
            *((own.pk,) if own is not None and not trouble_of(own) else ()),
        )
    return tuple(dict.fromkeys(login for login in named if login not in told))


def _tell(row: RiskOutbox, level: int, fresh: dict[str, int], *, now: datetime) -> int:
    with transaction.atomic():
        moved = RiskOutbox.objects.filter(
            pk=row.pk, levels_told=row.levels_told, state__in=OPEN_STATES
        ).update(levels_told=level)
        if not moved:
            return 0  # another worker, or somebody acknowledged
        for login in Login.objects.filter(pk__in=fresh):
            _queue(row, login, fresh[login.pk], now=now)
        if fresh:
            record(
                actor="system",
                action="alert.tell",
                outcome="done",
                now=now,
                target=f"alert:{row.alert.public_id}",
                detail={"level": level, "people": len(fresh)},
            )
            _forward(row)
    row.levels_told = level
    if not fresh and level == Level.ALL and not row.alert.deliveries.exists():
        _LOG.error("an alert reaches nobody: no one is named who can be told")
    return len(fresh)


def _queue(row: RiskOutbox, login: Login, level: int, *, now: datetime) -> None:
    """Put an alert on a person's list, which is at once, and a mail on its way."""
    RiskDelivery.objects.get_or_create(
        alert_id=row.pk,
        login=login,
        channel=DeliveryChannel.LIST,
        defaults={
            "level": level,
            "state": DeliveryState.DELIVERED,
            "queued_at": now,
            "delivered_at": now,
        },
    )
    mailed = RiskDelivery.objects.filter(
        alert__bundle=row.alert.bundle, login=login, channel=DeliveryChannel.MAIL
    )
    if config().mail is None or mailed.exists():
        return  # one mail for one form, however many of its answers are passed on
    RiskDelivery.objects.create(
        alert_id=row.pk,
        login=login,
        channel=DeliveryChannel.MAIL,
        level=level,
        queued_at=now,
        # Of the form, not of the alert: where two workers write it at once, it shows once.
        message_id=stable_message_id(row.alert.bundle, str(login.pk)),
    )


def _forward(row: RiskOutbox) -> None:
    """Say how far the alert is: on its way while a mail is waited for, delivered otherwise."""
    waiting = RiskDelivery.objects.filter(
        alert__bundle=row.alert.bundle, channel=DeliveryChannel.MAIL
    )
    known = waiting.filter(state=DeliveryState.DELIVERED).exists() or not waiting.exists()
    state = AlertState.DELIVERED if known else AlertState.QUEUED
    earlier = (AlertState.RAISED, AlertState.QUEUED)
    RiskOutbox.objects.filter(pk=row.pk, state__in=earlier).update(state=state)


def count_waiting(row: RiskOutbox, add: timedelta, *, now: datetime, by: str) -> bool:
    """Add waiting to an alert; False where another worker counted in the meantime."""
    ms = int(add.total_seconds() * 1000)
    with transaction.atomic():
        counted = RiskOutbox.objects.filter(
            pk=row.pk, waited_ms=row.waited_ms, counted_at=row.counted_at
        ).update(waited_ms=F("waited_ms") + ms, counted_at=now, counted_by=by)
    return bool(counted)
