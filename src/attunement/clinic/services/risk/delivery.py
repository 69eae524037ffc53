# SPDX-License-Identifier: Apache-2.0
"""Mailing what waits to be mailed: claimed by one worker, sent, and only then marked as sent.

Between sending and marking there is a moment in which a worker can die. The mail is then sent
again, with the same ``Message-ID``: twice is possible, never is not.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from attunement.clinic.models import (
    OPEN_STATES,
    AlertState,
    DeliveryChannel,
    DeliveryState,
    RiskDelivery,
    RiskOutbox,
)
from attunement.clinic.services.audit import record
from attunement.clinic.services.forms import config
from attunement.clinic.services.mailing import MailNotSentError, send_mail

SUBJECT = "A response needs review."
CLAIM = timedelta(seconds=120)  # longer than any try may take
PATIENCE_SECONDS = 60  # for one try, whatever the server does
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=5)

_LOG = logging.getLogger("attunement.serve.worker")

Send = Callable[[str, str, str, str], str]  # to, subject, body, message id -> the server's name


def body() -> str:
    """Return the mail's words: a link to the list, no name, nothing about anybody."""
    return f"{SUBJECT}\n\n{config().base_url}/review/\n"


def send_by_mail(to: str, subject: str, words: str, message_id: str) -> str:
    """Send one mail, and give up on it after a minute however slowly the server speaks."""
    answer: list[str | Exception] = []

    def call() -> None:
        try:
            answer.append(send_mail(to, subject=subject, body=words, message_id=message_id))
        except Exception as problem:  # noqa: BLE001 -- handed to the thread that waits
            answer.append(problem)

    helper = threading.Thread(target=call, daemon=True, name="attunement-mail")
    helper.start()
    helper.join(PATIENCE_SECONDS)
    if not answer:
        raise MailNotSentError("timeout")
    if isinstance(answer[0], Exception):
        raise answer[0]
    return answer[0]


def drop_unneeded() -> None:
    """Take back mails that wait for an alert which somebody acknowledged."""
    rows = RiskDelivery.objects.filter(
        state__in=(DeliveryState.QUEUED, DeliveryState.SENDING),
        alert__outbox__state__in=(AlertState.ACKNOWLEDGED, AlertState.CLOSED),
    )
    if rows.exists():
        with transaction.atomic():
            rows.update(state=DeliveryState.NOT_NEEDED)


def waiting(*, now: datetime) -> list[RiskDelivery]:
    """Return the mails that may be tried now, those tried least first.

    A time that lies further ahead than any of ours can is from before the clock was set back.
    """
    free = Q(state=DeliveryState.QUEUED) & (
        Q(next_try_at__isnull=True)
        | Q(next_try_at__lte=now)
        | Q(next_try_at__gt=now + LONGEST_PAUSE)
    )
    left = Q(state=DeliveryState.SENDING) & (
        Q(claimed_until__lte=now) | Q(claimed_until__gt=now + CLAIM)
    )
    rows = RiskDelivery.objects.filter(
        free | left, channel=DeliveryChannel.MAIL, alert__outbox__state__in=OPEN_STATES
    )
    return list(rows.select_related("alert", "login").order_by("attempts", "pk"))


def claim(row: RiskDelivery, *, by: str, now: datetime) -> bool:
    """Take a mail for this worker; False where another one was quicker."""
    with transaction.atomic():
        taken = RiskDelivery.objects.filter(
            pk=row.pk,
            state=row.state,
            attempts=row.attempts,
            claimed_by=row.claimed_by,
            claimed_until=row.claimed_until,
        ).update(
            state=DeliveryState.SENDING,
            attempts=F("attempts") + 1,
            claimed_by=by,
            claimed_until=now + CLAIM,
        )
    row.attempts += 1
    return bool(taken)


def deliver(row: RiskDelivery, *, send: Send, by: str, clock: Callable[[], datetime]) -> bool:
    """Claim a mail, send it, and mark it; return whether the server took it."""
    if not claim(row, by=by, now=clock()):
        return False
    if not row.login.is_active:
        with transaction.atomic():
            _unless_delivered(row).update(
                state=DeliveryState.NOT_NEEDED, problem="the login is not active"
            )
        return False
    try:
        provider_id = send(row.login.email, SUBJECT, body(), row.message_id)
    except MailNotSentError as problem:
        _again(row, problem.problem, by=by, now=clock())
        return False
    except Exception:  # noqa: BLE001 -- one mail that cannot be made keeps no other from its person
        _LOG.exception("a mail could not be made")
        _again(row, "our fault", by=by, now=clock())
        return False
    _sent(row, provider_id, now=clock())
    return True


def _unless_delivered(row: RiskDelivery) -> QuerySet[RiskDelivery]:
    return RiskDelivery.objects.filter(pk=row.pk).exclude(state=DeliveryState.DELIVERED)


def _again(row: RiskDelivery, problem: str, *, by: str, now: datetime) -> None:
    """Put a mail back, to be tried after a pause that doubles up to five minutes."""
    pause = min(FIRST_PAUSE * 2 ** min(row.attempts - 1, 10), LONGEST_PAUSE)
    with transaction.atomic():
        RiskDelivery.objects.filter(pk=row.pk, state=DeliveryState.SENDING, claimed_by=by).update(
            state=DeliveryState.QUEUED,
            claimed_by="",
            claimed_until=None,
            next_try_at=now + pause,
            problem=problem,
        )


def _sent(row: RiskDelivery, provider_id: str, *, now: datetime) -> None:
    """Mark a mail as sent, whoever holds the claim by now: it was."""
    with transaction.atomic():
        _unless_delivered(row).update(
            state=DeliveryState.DELIVERED,
            delivered_at=now,
            provider_id=provider_id,
            problem="",
        )
        RiskOutbox.objects.filter(
            alert__bundle=row.alert.bundle,
            state__in=(AlertState.RAISED, AlertState.QUEUED),
        ).update(state=AlertState.DELIVERED)
        record(
            actor="system",
            action="alert.mail",
            outcome="done",
            now=now,
            target=f"alert:{row.alert.public_id}",
            detail={"attempt": row.attempts, "login": row.login_id},
        )
