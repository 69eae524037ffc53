# SPDX-License-Identifier: Apache-2.0
"""A client's own chart: once, soon after sending a form, and after a second check.

A link gives leave to write, never to read. So the chart asks for something that whoever merely
holds the phone does not have: the number that the client set, or else the year of birth.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NoReturn

from django.db.models import F, QuerySet

from attunement.clinic.access import Action, Actor, ActorRole, Relation, may
from attunement.clinic.models import (
    ChartPermission,
    Client,
    ClientSetting,
    Grant,
    Moment,
    Perspective,
    Response,
    Score,
)
from attunement.clinic.services.forms import config, measure_of
from attunement.clinic.services.gate import CLIENT_LINK, AccessDeniedError, act, done
from attunement.clinic.services.results import ChartLine
from attunement.clinic.services.secrets_of_links import keyed_sha256, token_sha256
from attunement.measures.schema import Direction

AFTER_SENDING = timedelta(minutes=15)  # so soon after a form came in
LIFE = timedelta(minutes=10)
MOST_TRIES = 5
REST = timedelta(hours=24)  # after so many wrong ones, whatever the link
_PIN = re.compile(r"[0-9]{4,8}", re.ASCII)


class Check(StrEnum):
    """What a client is asked before the chart is shown."""

    PIN = "pin"
    YEAR = "year"
    NONE = "none"  # neither is known: the practice has to note the year of birth first
    REST = "rest"  # too many wrong ones: not before tomorrow


@dataclass(frozen=True, slots=True)
class OwnChart:
    """A client's own totals; nothing of the therapist's."""

    line: ChartLine
    minimum: float
    maximum: float
    higher_is_better: bool
    title: str


def chart_check(grant: str, *, now: datetime) -> Check:
    """Return what to ask before the chart, and note the permission to ask it once.

    Raises
    ------
    AccessError
        E-ACCESS-002 when the practice does not offer it, nothing was sent from this opened link
        within the last minutes, it was sent on a shared screen, or the chart was seen already.
    """
    with act(CLIENT_LINK, Action.CLIENT_CHART_VIEW, now=now):
        held, permission = _permitted(grant, now=now)
        check = _check(held.invitation.assignment.session.dyad.client, now=now)
        done(
            CLIENT_LINK,
            Action.CLIENT_CHART_VIEW,
            now=now,
            target=f"dyad:{permission.dyad_id}",
            detail={"asked": str(check)},
        )
    return check


def chart_may_open(grant: str, *, now: datetime) -> bool:
    """Whether there is something to ask before this client's chart, so that it can be opened."""
    held = (
        Grant.objects.select_related("invitation__assignment__session__dyad__client")
        .filter(grant_sha256=token_sha256(grant))
        .first()
    )
    if held is None:
        return False
    client = held.invitation.assignment.session.dyad.client
    return _check(client, now=now) in {Check.PIN, Check.YEAR}


def own_chart(grant: str, answer: object, *, now: datetime) -> OwnChart | None:
    """Return the chart when the answer is right, once; None when it is wrong.

    Raises
    ------
    AccessError
        As ``chart_check``; and after five wrong answers.
    """
    with act(CLIENT_LINK, Action.CLIENT_CHART_VIEW, now=now):
        held, permission = _permitted(grant, now=now)
        client = held.invitation.assignment.session.dyad.client
        right = _is_right(client, answer, now=now)
        if right:
            ChartPermission.objects.filter(pk=permission.pk).update(used_at=now)
        else:
            _note_wrong(client, permission, now=now)
        done(
            CLIENT_LINK,
            Action.CLIENT_CHART_VIEW,
            now=now,
            target=f"dyad:{permission.dyad_id}",
            outcome="done" if right else "refused",
        )
        return _chart(permission.dyad_id) if right else None


def set_pin(grant: str, pin: object, *, now: datetime) -> bool:
    """Keep the number that opens the chart from now on; False when it is not 4 to 8 digits.

    Raises
    ------
    AccessError
        E-ACCESS-002 unless this opened link has just shown the chart.
    """
    with act(CLIENT_LINK, Action.CLIENT_CHART_VIEW, now=now):
        held, seen = just_seen(grant, now=now)
        good = isinstance(pin, str) and bool(_PIN.fullmatch(pin))
        if good:
            client = held.invitation.assignment.session.dyad.client
            row, _ = ClientSetting.objects.get_or_create(client=client)
            row.pin_sha256 = _pin_sha256(client, str(pin))
            row.save(update_fields=["pin_sha256"])
        done(
            CLIENT_LINK,
            Action.CLIENT_CHART_VIEW,
            now=now,
            target=f"dyad:{seen.dyad_id}",
            detail={"pin_set": good},
        )
    return good


def just_seen(grant: str, *, now: datetime) -> tuple[Grant, ChartPermission]:
    """Return the opened link that has just shown the chart, and so passed the second check.

    Raises
    ------
    AccessError
        E-ACCESS-002 unless it has, within the last minutes.
    """
    held = _held(grant)
    seen = ChartPermission.objects.filter(
        secret_sha256=_secret(grant), used_at__gt=now - LIFE
    ).first()
    if seen is None:
        _refuse("the chart was not just seen")
    return held, seen


def just_sent(held: Grant, *, now: datetime) -> QuerySet[Response]:
    """Return the forms that were sent from an opened link within the last minutes."""
    return Response.objects.filter(
        session=held.invitation.assignment.session,
        perspective=Perspective.CLIENT,
        received_at__gt=max(now - AFTER_SENDING, held.opened_at - timedelta(seconds=1)),
    ).exclude(mode="kiosk")


def _permitted(grant: str, *, now: datetime) -> tuple[Grant, ChartPermission]:
    """Return the opened link and its one permission, made when it is first asked for."""
    if not config().capture.own_chart:
        _refuse("the practice does not offer it")
    held = _held(grant)
    session = held.invitation.assignment.session
    if held.expires_at <= now or not just_sent(held, now=now).exists():
        _refuse("nothing was sent from this link just now")
    row, _ = ChartPermission.objects.get_or_create(
        secret_sha256=_secret(grant),
        defaults={"dyad": session.dyad, "made_at": now, "expires_at": now + LIFE},
    )
    row = ChartPermission.objects.select_for_update().get(pk=row.pk)
    if row.used_at is not None or row.expires_at <= now or row.tries >= MOST_TRIES:
        _refuse("the permission is used up")
    return held, row


def _held(grant: str) -> Grant:
    found = (
        Grant.objects.select_related("invitation__assignment__session__dyad__client")
        .filter(grant_sha256=token_sha256(grant))
        .first()
    )
    relation = Relation.NONE if found is None else Relation.OWN
    decision = may(Actor(role=ActorRole.CLIENT_LINK), Action.CLIENT_CHART_VIEW, relation)
    if found is None or not decision.allow:
        _refuse(decision.reason)
    return found


def _refuse(reason: str) -> NoReturn:
    raise AccessDeniedError(code="E-ACCESS-002", target="grant:unknown", reason=reason)


def _check(client: Client, *, now: datetime) -> Check:
    setting = ClientSetting.objects.filter(client=client).first()
    if setting is not None and _rests(setting, now=now):
        return Check.REST
    if setting is not None and setting.pin_sha256:
        return Check.PIN
    return Check.YEAR if client.birth_year else Check.NONE


def _is_right(client: Client, answer: object, *, now: datetime) -> bool:
    check = _check(client, now=now)
    typed = answer.strip() if isinstance(answer, str) else ""
    if check is Check.PIN:
        kept = ClientSetting.objects.get(client=client).pin_sha256
        return hmac.compare_digest(kept, _pin_sha256(client, typed))
    return check is Check.YEAR and typed == str(client.birth_year)


def _note_wrong(client: Client, permission: ChartPermission, *, now: datetime) -> None:
    ChartPermission.objects.filter(pk=permission.pk).update(tries=F("tries") + 1)
    row, _ = ClientSetting.objects.get_or_create(client=client)
    if row.failed_at is None or row.failed_at <= now - REST:
        row.check_failures = 0
    row.check_failures += 1
    row.failed_at = now
    row.save(update_fields=["check_failures", "failed_at"])


def _rests(setting: ClientSetting, *, now: datetime) -> bool:
    recent = setting.failed_at is not None and setting.failed_at > now - REST
    return recent and setting.check_failures >= MOST_TRIES


def _secret(grant: str) -> str:
    return keyed_sha256("chart permission", token_sha256(grant))


def _pin_sha256(client: Client, pin: str) -> str:
    return keyed_sha256("chart number", f"{client.pk}.{pin}")


def _chart(dyad_id: str) -> OwnChart | None:
    rows = Score.objects.filter(
        response__session__dyad_id=dyad_id,
        response__perspective=Perspective.CLIENT,
        response__moment=Moment.AFTER,
        scale="total",
    ).order_by("response__session__session_no")
    found = list(
        rows.values_list(
            "response__session__session_no",
            "value",
            "response__measure_id",
            "response__measure_version",
        )
    )
    if not found:
        return None
    key = found[-1][2:]
    drawn = [(number, value) for number, value, *of in found if tuple(of) == tuple(key)]
    measure = measure_of(*key)
    scale = next((s for s in measure.scales if s.id == "total"), None)
    low, high = (scale.bounds if scale else None) or (0.0, 1.0)
    words = config().words
    return OwnChart(
        line=ChartLine(
            label="You",
            sessions=tuple(number for number, _ in drawn),
            values=tuple(value for _, value in drawn),
        ),
        minimum=low,
        maximum=high,
        higher_is_better=measure.direction is Direction.HIGHER_IS_BETTER,
        title=f"Your {words.sessions}, as you rated them",
    )
