# SPDX-License-Identifier: Apache-2.0
"""Deliveries that were refused and kept: never dropped silently, noticed by a person."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from attunement.clinic.access import Action
from attunement.clinic.models import HeldDelivery, HeldReason, Practice, is_id
from attunement.clinic.services.gate import (
    CLIENT_LINK,
    AccessDeniedError,
    act,
    actor_name,
    done,
    require_self,
)
from attunement.clinic.services.sealed_queue.box import Envelope

WINDOW = timedelta(minutes=15)
FROM_ONE_ADDRESS = 20  # within the window; more wait on their phones, where nothing is lost
MOST_UNNOTED = 10_000  # then everybody waits until the lead has looked
_SHOWN = 200
_LOG = logging.getLogger("attunement.serve")


class TooManyHeldError(Exception):
    """More unreadable deliveries than anybody sends by accident."""

    def __init__(self, wait_seconds: int) -> None:
        super().__init__("too many deliveries that cannot be taken")
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class Held:
    """One line of the lead's page: when, why, how often. Never whose."""

    held_id: str
    why: str
    first_at: datetime
    last_at: datetime
    times: int
    noted_at: datetime | None


def hold(
    body: bytes,
    envelope: Envelope,
    reason: HeldReason,
    *,
    from_where: str,
    now: datetime,
    practice: Practice | None = None,
) -> None:
    """Keep a delivery that cannot be taken, once however often it comes, and say so.

    Raises
    ------
    TooManyHeldError
        When the address sent too many, or nobody has looked for too long; nothing is kept then,
        and the phone keeps what it has.
    """
    fingerprint = hashlib.sha256(body).hexdigest()
    with act(CLIENT_LINK, Action.SEALED_RECEIVE, now=now):
        again = HeldDelivery.objects.filter(envelope_sha256=fingerprint)
        if again.update(times=F("times") + 1, last_at=now):
            return
        _refuse_a_flood(from_where, now=now)
        row, _ = HeldDelivery.objects.get_or_create(
            envelope_sha256=fingerprint,
            defaults={
                "practice": practice,
                "submission_id": str(envelope.submission_id),
                "key_id": envelope.key_id,
                "envelope": body.decode("utf-8"),
                "reason": reason,
                "address_sha256": from_where,
                "first_at": now,
                "last_at": now,
            },
        )
        done(
            CLIENT_LINK,
            Action.SEALED_RECEIVE,
            now=now,
            target=f"held:{row.pk}",
            detail={"why": str(reason)},
            outcome="refused",
        )
    _LOG.warning("A sealed form was kept that cannot be taken (%s); see /held/.", str(reason))


def _refuse_a_flood(from_where: str, *, now: datetime) -> None:
    lately = HeldDelivery.objects.filter(address_sha256=from_where, first_at__gt=now - WINDOW)
    if lately.count() >= FROM_ONE_ADDRESS:
        raise TooManyHeldError(int(WINDOW.total_seconds()))
    if HeldDelivery.objects.filter(noted_at__isnull=True).count() >= MOST_UNNOTED:
        raise TooManyHeldError(int(timedelta(hours=1).total_seconds()))


def held_deliveries(actor: Any, *, now: datetime) -> tuple[Held, ...]:
    """Return what is kept, what nobody has noted first; for a lead or an operator.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody else.
    """
    with act(actor_name(actor), Action.HELD_VIEW, now=now):
        require_self(actor, Action.HELD_VIEW)
        rows = _seen_by(actor).order_by(F("noted_at").desc(nulls_first=True), "-first_at", "id")
        found = tuple(
            Held(
                held_id=row.pk,
                why=HeldReason(row.reason).label,
                first_at=row.first_at,
                last_at=row.last_at,
                times=row.times,
                noted_at=row.noted_at,
            )
            for row in rows[:_SHOWN]
        )
        done(actor.pk, Action.HELD_VIEW, now=now, target="", detail={"rows": len(found)})
    return found


def n_unnoted(actor: Any) -> int:
    """Return how many kept deliveries wait for this lead's or operator's eye."""
    return _seen_by(actor).filter(noted_at__isnull=True).count()


def note_held(actor: Any, held_id: str, *, now: datetime) -> None:
    """Write down that a person has noticed one; it stays kept.

    Raises
    ------
    AccessError
        E-ACCESS-001 for anybody but a lead or an operator, or when there is no such delivery.
    """
    with act(actor_name(actor), Action.HELD_NOTE, now=now):
        require_self(actor, Action.HELD_NOTE)
        row = _seen_by(actor).filter(pk=held_id if is_id(held_id) else "").first()
        if row is None:
            raise AccessDeniedError(target="held:unknown", reason="no such delivery")
        _seen_by(actor).filter(pk=row.pk, noted_at__isnull=True).update(
            noted_at=now, noted_by=actor.pk
        )
        done(actor.pk, Action.HELD_NOTE, now=now, target=f"held:{row.pk}")


def _seen_by(actor: Any) -> QuerySet[HeldDelivery]:
    """Return the rows of the actor's practice, and those that nobody can place."""
    return HeldDelivery.objects.filter(Q(practice__isnull=True) | Q(practice=actor.practice_id))
