# SPDX-License-Identifier: Apache-2.0
"""A shared screen: handed over by a person who logged in, left with a PIN, bound to a practice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import check_password, make_password

from attunement.clinic.access import Action
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import Kiosk, Login, is_id
from attunement.clinic.services.gate import (
    AccessDeniedError,
    act,
    actor_name,
    done,
    require_self,
)
from attunement.clinic.services.secrets_of_links import new_token, token_sha256

PIN_TRIES = 5
PIN_SHUT = timedelta(minutes=15)
LONGEST_LABEL = 60
KIOSK_LIFE = timedelta(days=90)
_PIN = re.compile(r"[0-9]{4,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RunningKiosk:
    """One screen that was handed over and not taken back."""

    kiosk_id: str
    label: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Left:
    """What a PIN did: the screen was left, or it was wrong, or one has to wait."""

    left: bool
    wait_seconds: int = 0


def start_kiosk(actor: Any, *, label: str, pin: str, now: datetime) -> str:
    """Hand this device over; return its token, to keep in a cookie in place of the login.

    Raises
    ------
    AccessError
        E-ACCESS-001 unless a person of a practice asks.
    ClinicError
        E-CLINIC-051 for a PIN that is none.
    """
    with act(actor_name(actor), Action.KIOSK_START, now=now):
        practice_id = _practice_of(actor)
        if not _PIN.fullmatch(pin) or len(set(pin)) == 1:
            raise ClinicError(
                "E-CLINIC-051",
                what="the PIN cannot be used",
                expected="4 to 8 figures, not all alike",
                next_step="Choose another",
            )
        token = new_token()
        kiosk = Kiosk.objects.create(
            practice_id=practice_id,
            label=" ".join(label.split())[:LONGEST_LABEL],
            token_sha256=token_sha256(token),
            pin_hash=make_password(pin),
            started_by=actor.pk,
            started_at=now,
        )
        done(actor.pk, Action.KIOSK_START, now=now, target=f"kiosk:{kiosk.pk}")
    return token


def kiosk_of(token: str, *, now: datetime) -> Kiosk | None:
    """Return the screen that holds a token; None when it was taken back or is too old."""
    found = Kiosk.objects.filter(token_sha256=token_sha256(token), ended_at__isnull=True).first()
    return found if found is not None and found.started_at + KIOSK_LIFE > now else None


def leave_kiosk(kiosk: Kiosk, *, pin: str, now: datetime) -> Left:
    """Take a screen back with its PIN. Five wrong ones shut it for a quarter of an hour."""
    actor = f"kiosk:{kiosk.pk}"
    with act(actor, Action.KIOSK_LEAVE, now=now):
        row = Kiosk.objects.select_for_update().get(pk=kiosk.pk)
        if row.pin_shut_until is not None and row.pin_shut_until > now:
            return Left(
                left=False, wait_seconds=int((row.pin_shut_until - now).total_seconds()) + 1
            )
        right = bool(_PIN.fullmatch(pin)) and check_password(pin, row.pin_hash)
        if right:
            row.ended_at = now
        else:
            row.pin_tries += 1
            if row.pin_tries >= PIN_TRIES:
                row.pin_tries, row.pin_shut_until = 0, now + PIN_SHUT
        row.save(update_fields=["ended_at", "pin_tries", "pin_shut_until"])
        outcome = "done" if right else "refused"
        done(actor, Action.KIOSK_LEAVE, now=now, target=actor, outcome=outcome)
    wait = int(PIN_SHUT.total_seconds()) if not right and row.pin_tries == 0 else 0
    return Left(left=right, wait_seconds=wait)


def running_kiosks(actor: Any, *, now: datetime) -> tuple[RunningKiosk, ...]:
    """Return the screens of the actor's practice that are handed over.

    Raises
    ------
    AccessError
        E-ACCESS-001 unless a person of a practice asks.
    """
    with act(actor_name(actor), Action.KIOSK_START, now=now):
        practice_id = _practice_of(actor)
        rows = Kiosk.objects.filter(
            practice=practice_id, ended_at__isnull=True, started_at__gt=now - KIOSK_LIFE
        ).order_by("started_at", "id")
        return tuple(RunningKiosk(row.pk, row.label, row.started_at) for row in rows)


def end_kiosk(actor: Any, kiosk_id: str, *, now: datetime) -> None:
    """Take a screen back from afar: it was lost, or its PIN was forgotten.

    Raises
    ------
    AccessError
        E-ACCESS-001 when there is no such screen in the actor's practice.
    """
    with act(actor_name(actor), Action.KIOSK_START, now=now):
        practice_id = _practice_of(actor)
        rows = Kiosk.objects.filter(pk=kiosk_id if is_id(kiosk_id) else "", practice=practice_id)
        if not rows.filter(ended_at__isnull=True).update(ended_at=now):
            raise AccessDeniedError(target="kiosk:unknown", reason="no such screen")
        done(
            actor.pk,
            Action.KIOSK_START,
            now=now,
            target=f"kiosk:{kiosk_id}",
            detail={"ended": True},
        )


def _practice_of(actor: Any) -> str:
    require_self(actor, Action.KIOSK_START)
    if not isinstance(actor, Login) or actor.practice_id is None:
        raise AccessDeniedError(target="", reason="no practice")
    return actor.practice_id
