# SPDX-License-Identifier: Apache-2.0
"""Writing the audit log, and proving that nobody changed it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from attunement.clinic.models import AuditEvent
from attunement.clinic.store.statements import Prepared, insert

GENESIS = "0" * 64
_CHAIN_LOCK = 0x41545455  # any number, the same for every writer: one event at a time

_LAST = Prepared(lambda: AuditEvent.objects.order_by("-id").values_list("hash")[:1])

Detail = Mapping[str, str | int | bool]


def record(
    *,
    actor: str,
    action: str,
    outcome: str,
    now: datetime,
    target: str = "",
    detail: Detail | None = None,
) -> None:
    """Append one event to the chain, inside the caller's transaction.

    Parameters
    ----------
    actor : str
        A login's id, ``"client-link"``, ``"system"`` or ``"anonymous"``.
    action : str
        One of ``attunement.clinic.access.Action``, or an act of the system.
    outcome : str
        ``"done"``, ``"denied"`` or ``"refused"``.
    now : datetime
        Aware.
    target : str
        Kind and identifier, such as ``"session:…"``.
    detail : mapping, optional
        Identifiers, codes and counts. Never a name, a word or an answer.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CHAIN_LOCK])
    # SQLite needs no lock of ours: every transaction begins IMMEDIATE, one writer at a time.
    last = _LAST.first()
    event = AuditEvent(
        at=now,
        actor=actor,
        action=action,
        target=target,
        outcome=outcome,
        detail=dict(detail or {}),
        previous=last[0] if last else GENESIS,
    )
    event.hash = event_hash(event)
    insert([event])


def record_alone(
    *, actor: str, action: str, outcome: str, now: datetime, target: str = "", why: str = ""
) -> None:
    """Write one event in a transaction of its own, for an act that changed nothing."""
    with transaction.atomic():
        record(
            actor=actor,
            action=action,
            outcome=outcome,
            now=now,
            target=target,
            detail={"why": why} if why else None,
        )


def event_hash(event: AuditEvent) -> str:
    """Return SHA-256 of the previous event's hash and this event's canonical JSON."""
    body: dict[str, Any] = {
        "action": event.action,
        "actor": event.actor,
        "at": event.at.isoformat(),
        "detail": event.detail,
        "outcome": event.outcome,
        "target": event.target,
    }
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{event.previous}{canonical}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What a walk along the chain found."""

    n_events: int
    first_bad: int | None  # the event's number, or None when the chain holds


def verify_chain() -> ChainCheck:
    """Walk along the audit chain from its first event.

    Finds a changed, removed or inserted event. It cannot find events cut off at the end, nor a
    chain that was rewritten as a whole: for that, a copy of the last hash has to lie elsewhere.
    """
    previous = GENESIS
    n_events = 0
    for event in AuditEvent.objects.order_by("id").iterator(chunk_size=2000):
        n_events += 1
        if event.previous != previous or event.hash != event_hash(event):
            return ChainCheck(n_events=n_events, first_bad=event.pk)
        previous = event.hash
    return ChainCheck(n_events=n_events, first_bad=None)
