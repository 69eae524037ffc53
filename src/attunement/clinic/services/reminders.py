# SPDX-License-Identifier: Apache-2.0
"""Reminders of a form that is still open: planned as rows, handed over once, stopped by the client.

A reminder holds no clinical word and no name. Whether one went out is on no page: it would tell
whether the client had answered.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import transaction
from django.utils import timezone

from attunement.clinic.access import Action
from attunement.clinic.config.notices import is_mail_address
from attunement.clinic.errors import ClinicError
from attunement.clinic.models import (
    Assignment,
    Attended,
    Channel,
    Client,
    Invitation,
    Login,
    Moment,
    Perspective,
    Reminder,
    ReminderAddress,
    ReminderAttempt,
    ReminderState,
    new_id,
)
from attunement.clinic.services.audit import record
from attunement.clinic.services.between import make_due
from attunement.clinic.services.due_dates import OpenForm, due_reminders
from attunement.clinic.services.forms import config
from attunement.clinic.services.gate import act, actor_name, done, require_dyad
from attunement.clinic.services.invitations import make_link
from attunement.clinic.services.sealing import open_field
from attunement.clinic.services.secrets_of_links import keyed_sha256, token_sha256

SUBJECT = "The reminder you asked for"
MOST_TRIES = 3
PAUSE = timedelta(minutes=10)
OLDEST = timedelta(days=3)  # nobody is reminded of an older session
SMS_SECONDS = 30
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_LOG = logging.getLogger("attunement.serve.reminders")

SendMail = Callable[[str, str, str, str], str]  # to, subject, body, message id


@dataclass(frozen=True, slots=True)
class Agreed:
    """That a client agreed to be reminded; the address is not shown again."""

    channel: str
    since: datetime


def agree(actor: Login, dyad_id: str, *, channel: str, address: str, now: datetime) -> None:
    """Note where a client wants to be reminded; it takes the place of an earlier address.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    ClinicError
        E-CLINIC-042 for an address that is none, and a channel this site does not have.
    """
    with act(actor_name(actor), Action.REMINDERS_SET, now=now):
        dyad = require_dyad(actor, dyad_id, Action.REMINDERS_SET)
        if channel not in channels():
            _refuse("a way that this site does not have", " or ".join(channels()) or "none")
        if not is_address(channel, address):
            _refuse(
                "something that is not one plain address",
                "name@host.example" if channel == Channel.MAIL else "a number such as +491234567",
            )
        _stop(dyad.client, channel, by=actor.pk, now=now)
        made = new_id()
        ReminderAddress.objects.create(
            id=made,
            client=dyad.client,
            channel=channel,
            address=address,
            stop_sha256=token_sha256(stop_token(made)),
            consent_noted_by=actor.pk,
            consent_at=now,
        )
        done(
            actor.pk,
            Action.REMINDERS_SET,
            now=now,
            target=f"dyad:{dyad.pk}",
            detail={"channel": channel},
        )


def stop(actor: Login, dyad_id: str, *, channel: str, now: datetime) -> None:
    """Stop reminding a client in one way.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    """
    with act(actor_name(actor), Action.REMINDERS_SET, now=now):
        dyad = require_dyad(actor, dyad_id, Action.REMINDERS_SET)
        _stop(dyad.client, channel, by=actor.pk, now=now)
        done(actor.pk, Action.REMINDERS_SET, now=now, target=f"dyad:{dyad.pk}")


def agreed_of(actor: Login, dyad_id: str, *, now: datetime) -> tuple[Agreed, ...]:
    """Return in which ways a client agreed to be reminded.

    Raises
    ------
    AccessError
        E-ACCESS-001 when the dyad is not the actor's.
    """
    with act(actor_name(actor), Action.REMINDERS_SET, now=now):
        dyad = require_dyad(actor, dyad_id, Action.REMINDERS_SET)
        rows = ReminderAddress.objects.filter(client=dyad.client, stopped_at=None)
        found = tuple(Agreed(row.channel, row.consent_at) for row in rows.order_by("channel"))
        done(actor.pk, Action.REMINDERS_SET, now=now, target=f"dyad:{dyad.pk}")
    return found


def stop_by_client(token: str, *, now: datetime) -> bool:
    """Stop the reminders that a client's stop link is for; True also when they had stopped."""
    with act("client-link", Action.REMINDERS_STOP, now=now):
        row = ReminderAddress.objects.filter(stop_sha256=token_sha256(token[:100])).first()
        if row is not None and row.stopped_at is None:
            _stop(row.client, row.channel, by="client", now=now)
        done(
            "client-link",
            Action.REMINDERS_STOP,
            now=now,
            target="" if row is None else f"reminders:{row.pk}",
            outcome="refused" if row is None else "done",
        )
    return row is not None


def channels() -> tuple[str, ...]:
    """Return the ways in which this site can remind: by mail, by text message, both or none."""
    if not config().capture.remind_hours:
        return ()
    mail = (str(Channel.MAIL),) if config().mail is not None else ()
    sms = (str(Channel.SMS),) if config().capture.sms_command else ()
    return mail + sms


def is_address(channel: str, address: str) -> bool:
    """Whether this is one bare address of its kind: no list, no name, no line break."""
    if channel == Channel.MAIL:
        return is_mail_address(address) and ".." not in address
    return bool(_NUMBER.fullmatch(address))


def stop_token(address_id: str) -> str:
    """Return what stops an address's reminders; it follows from the site's secret."""
    return keyed_sha256("stop reminders", address_id)


def remind(*, now: datetime, send: SendMail | None = None) -> tuple[int, int]:
    """Plan what is due, hand over what waits; return how many were planned and how many sent."""
    if not channels():
        return 0, 0
    planned = plan(now=now)
    return planned, sum(_hand_over(row, send, now=now) for row in _waiting(now))


def plan(*, now: datetime) -> int:
    """Write a reminder row, with its link, for each client who is due one today."""
    today = timezone.localdate(now)
    with transaction.atomic():
        addresses = {
            row.client_id: row
            for row in ReminderAddress.objects.filter(
                stopped_at=None, channel__in=channels(), client__erased_at=None
            ).order_by("-channel")  # mail last: it stands where there are both
        }
        forms = {form.key: form for form in _open_forms(list(addresses), now=now)}
        past = Reminder.objects.filter(to__client__in=list(addresses), on_day=today)
        reminded = [(client, today) for client in past.values_list("to__client_id", flat=True)]
        known = set(
            Reminder.objects.filter(assignment__in=list(forms)).values_list(
                "assignment_id", flat=True
            )
        )
        waiting = [form for key, form in forms.items() if key not in known]
        due = due_reminders(waiting, reminded, on_day=today)
        # A form between two sessions is asked by its message, on a day without another one.
        told = {form.client for form in due} | {client for client, _ in reminded}
        due += tuple(
            OpenForm(one.pk, one.session.dyad.client_id, one.measure_id, today)
            for one in make_due(set(addresses) - told, now=now)
        )
        for form in due:
            assignment = Assignment.objects.select_for_update().get(pk=form.key)
            invitation, token, _ = make_link(assignment, now=now, by_reminder=True)
            Reminder.objects.create(
                to=addresses[form.client],
                assignment=assignment,
                invitation=invitation,
                on_day=today,
                due_at=now,
                secrets=token,
                next_try_at=now,
            )
        if due:
            record(
                actor="system",
                action="reminders.plan",
                outcome="done",
                now=now,
                detail={"n_planned": len(due)},
            )
    return len(due)


def _open_forms(clients: list[str], *, now: datetime) -> list[OpenForm]:
    """Return the forms after and between sessions that wait long enough, of clients who agreed."""
    rows = Assignment.objects.filter(
        session__dyad__client__in=clients,
        perspective=Perspective.CLIENT,
        moment__in=(Moment.AFTER, Moment.BETWEEN),
        response=None,
        session__attended=Attended.ATTENDED,
        session__care_episode__ended_on=None,
        made_at__lte=now - timedelta(hours=config().capture.remind_hours),
        made_at__gt=now - OLDEST - timedelta(hours=config().capture.remind_hours),
    )
    found = []
    for row in rows.select_related("session__dyad"):
        closed = Invitation.objects.filter(
            assignment=row, revoked_at__isnull=False, replaced=False
        ).exists()
        if not closed:  # a person closed the link: nobody asks again
            found.append(
                OpenForm(
                    row.pk,
                    row.session.dyad.client_id,
                    row.measure_id,
                    row.asked_on or row.session.held_on,
                )
            )
    return found


def _waiting(now: datetime) -> list[Reminder]:
    rows = Reminder.objects.filter(state=ReminderState.QUEUED, next_try_at__lte=now)
    return list(rows.select_related("to__client", "assignment").order_by("due_at", "pk")[:200])


def _hand_over(row: Reminder, send: SendMail | None, *, now: datetime) -> bool:
    """Send one reminder; True when it was handed over.

    It is marked as sent before it is sent. Where the process dies between the two, a reminder is
    lost, and nobody gets one twice: it is a courtesy, not an alert.
    """
    if not _still_wanted(row) or row.tries >= MOST_TRIES:
        _close(row, ReminderState.DROPPED, "dropped", now=now)
        return False
    claimed = Reminder.objects.filter(
        pk=row.pk, state=ReminderState.QUEUED, tries=row.tries
    ).update(state=ReminderState.SENT, tries=row.tries + 1)
    address, token = open_field(row.to, "address"), open_field(row, "secrets")
    if not claimed or not address or not token:
        return False
    try:
        words = message_of(token, stop_token(row.to_id), until=row.invitation.expires_at)
        if row.to.channel == Channel.MAIL:
            _mailer(send)(address, SUBJECT, words, f"<{row.pk}@attunement>")
        else:
            send_sms(address, words)
    except Exception as problem:  # noqa: BLE001 -- whatever the server said, it is tried again
        _LOG.warning("a reminder was not sent: %s", type(problem).__name__)
        Reminder.objects.filter(pk=row.pk).update(
            state=ReminderState.QUEUED, next_try_at=now + PAUSE * (row.tries + 1)
        )
        ReminderAttempt(
            reminder=row, at=now, outcome="failed", why=type(problem).__name__[:60]
        ).save()
        return False
    _close(row, ReminderState.SENT, "sent", now=now)
    return True


def message_of(token: str, stop_with: str, *, until: datetime) -> str:
    """Return a reminder's words: a link, until when, and how to stop. No name, nothing clinical."""
    base = config().base_url.rstrip("/")
    last = timezone.localtime(until)
    return (
        f"You asked to be reminded. It takes about a minute:\n\n{base}/c/#{token}\n\n"
        f"The link opens until {last:%d.%m.%Y, %H:%M}. Leaving it is fine.\n\n"
        f"No more reminders: {base}/c/stop#{stop_with}\n"
    )


def send_sms(number: str, words: str) -> None:
    """Hand a text message to the site's own program: the number as last argument, words on stdin.

    Raises
    ------
    OSError, subprocess.SubprocessError
        When the program is missing, fails, or takes longer than 30 seconds.
    """
    subprocess.run(
        [*config().capture.sms_command, number],
        input=words,
        text=True,
        check=True,
        timeout=SMS_SECONDS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
    )


def _mailer(send: SendMail | None) -> SendMail:
    if send is not None:
        return send
    from attunement.clinic.services.risk.delivery import send_by_mail  # noqa: PLC0415 -- see worker

    return send_by_mail


def _still_wanted(row: Reminder) -> bool:
    answered = Assignment.objects.filter(pk=row.assignment_id, response__isnull=False).exists()
    link = Invitation.objects.get(pk=row.invitation_id)
    stopped = ReminderAddress.objects.filter(pk=row.to_id, stopped_at__isnull=False).exists()
    return not (answered or stopped or link.revoked_at or link.consumed_at)


def _close(row: Reminder, state: str, outcome: str, *, now: datetime) -> None:
    with transaction.atomic():
        Reminder.objects.filter(pk=row.pk).update(state=state, secrets="")
        ReminderAttempt(reminder=row, at=now, outcome=outcome).save()


def _stop(client: Client, channel: str, *, by: str, now: datetime) -> None:
    ReminderAddress.objects.filter(client=client, channel=channel, stopped_at=None).update(
        stopped_at=now, stopped_by=by
    )


def _refuse(got: str, expected: str) -> NoReturn:
    raise ClinicError(
        "E-CLINIC-042",
        what="the reminder address cannot be used",
        got=got,
        expected=expected,
        next_step="Type it again",
    )
