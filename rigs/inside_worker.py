# SPDX-License-Identifier: Apache-2.0
"""Inside a process of the clinic: people to be told, alerts, and the worker that tells them."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import threading
import time
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from rigs.inside import now

MEASURE = "core-om"  # six of its items are passed on: one form, several alerts
PEOPLE = {"amber": "therapist", "birch": "therapist", "cedar": "lead"}
HASTE = 0.4  # seconds in which a mail's claim ends, and after which the next person is told
TELLS_ALL = 4


def hasten() -> None:
    """Let the worker's minutes pass in fractions of a second; nothing else about it changes."""
    from django.conf import settings  # noqa: PLC0415 -- after django.setup, as all below

    from attunement.clinic import working  # noqa: PLC0415
    from attunement.clinic.services.risk import delivery, worker  # noqa: PLC0415

    soon = timedelta(seconds=HASTE)
    delivery.CLAIM, delivery.FIRST_PAUSE, delivery.LONGEST_PAUSE = 2 * soon, soon / 8, soon
    worker.COUNT_EVERY = soon / 4
    working.EVERY_SECONDS = 0.02
    risk = dataclasses.replace(
        settings.ATTUNEMENT.risk, next_after=soon, lead_after=2 * soon, all_after=3 * soon
    )
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, risk=risk)


def weaken(how: str) -> None:
    """Make the worker wrong on purpose: the rig must catch it."""
    from attunement.clinic.services.risk import delivery, worker  # noqa: PLC0415

    real = worker.deliver

    def marks_first(row: Any, *, send: Any, by: str, clock: Any) -> bool:
        if not delivery.claim(row, by=by, now=clock()):
            return False
        delivery._sent(row, "", now=clock())  # noqa: SLF001 -- wrong on purpose
        send(row.login.email, delivery.SUBJECT, delivery.body(), row.message_id)
        return True

    def named_anew(row: Any, **more: Any) -> bool:
        row.message_id = f"<{uuid4()}@clinic.example>"
        return real(row, **more)

    worker.deliver = {"mark": marks_first, "name": named_anew}[how]


def make_people() -> None:
    """Make two therapists and a lead, and a rota that has somebody but for its last minute."""
    from attunement.clinic.models import WEEK_MINUTES, Login, RotaTurn  # noqa: PLC0415
    from attunement.clinic.services.people import add_client, add_login  # noqa: PLC0415
    from attunement.clinic.store.opening import open_store  # noqa: PLC0415

    open_store(now=now())
    for place, (username, role) in enumerate(PEOPLE.items(), start=1):
        login = add_login(
            username,
            role=role,
            name=f"Synthetic {username.title()}",
            email=f"{username}@clinic.example",
            password="violet harbour lantern",  # noqa: S106 -- a synthetic person's
            now=now(),
        )
        if role == "therapist":
            RotaTurn.objects.create(
                practice=login.practice,
                login=Login.objects.get(pk=login.pk),
                place=place,
                starts=0,
                ends=WEEK_MINUTES - 1,
                made_by="rig",
                made_at=now(),
            )
    for number in range(3):
        add_client(
            f"C-{number}",
            name="Synthetic Client",
            therapist_username="amber",
            began_on=date(2026, 1, 5),
            now=now(),
        )


def raise_alerts(count: str) -> None:
    """Store forms whose answers are passed on; print each form's alerts once they are committed."""
    from django.db import transaction  # noqa: PLC0415

    from attunement.clinic import models  # noqa: PLC0415
    from attunement.clinic.services.forms import measure_of  # noqa: PLC0415
    from attunement.clinic.services.risk import raise_for  # noqa: PLC0415
    from attunement.clinic.services.risk.configured import risk_items  # noqa: PLC0415

    measure = measure_of(MEASURE)
    items = [item.id for item in risk_items(measure)]
    dyads = list(models.Dyad.objects.order_by("pk"))
    for number in range(int(count)):
        dyad = dyads[number % len(dyads)]
        with transaction.atomic():
            session = models.Session.objects.create(
                dyad=dyad,
                care_episode=dyad.care_episodes.get(),
                session_no=models.Session.objects.filter(dyad=dyad).count() + 1,
                held_on=date(2026, 2, 1),
            )
            assignment = models.Assignment.objects.create(
                session=session,
                perspective="client",
                measure_id=MEASURE,
                measure_version=measure.version,
                made_at=now(),
            )
            response = models.Response(
                assignment=assignment,
                session=session,
                perspective="client",
                measure_id=MEASURE,
                measure_version=measure.version,
                submission_id=uuid4(),
                payload_sha256="0" * 64,
                answered_at=None,
                received_at=now(),
                mode="link",
                language="en",
                who_sees="",
            )
            response.save()
            raise_for(response, dict.fromkeys(items[: 1 + number % 3], 4.0), now=now())
            made = list(response.risk_alerts.values_list("public_id", flat=True))
        os.write(1, f"{json.dumps(made)}\n".encode())


def deliver(how: str) -> None:
    """Be the worker, until somebody kills it."""
    from attunement.clinic.working import work  # noqa: PLC0415

    hasten()
    if how:
        weaken(how)
    work(threading.Event())


def acknowledge_one() -> None:
    """Let whoever was told last acknowledge that form."""
    from attunement.clinic.models import OPEN_STATES, Login, RiskDelivery  # noqa: PLC0415
    from attunement.clinic.services.risk import acknowledge  # noqa: PLC0415

    told = RiskDelivery.objects.filter(alert__outbox__state__in=OPEN_STATES, channel="list")
    last = told.order_by("pk").last()
    if last is not None:
        acknowledge(Login.objects.get(pk=last.login_id), last.alert.public_id, now=now())


def settle(how: str, seconds: str) -> None:
    """Work in peace until everybody was told of everything that is open; print the store."""
    from django.db.models import Q  # noqa: PLC0415

    from attunement.clinic import models  # noqa: PLC0415
    from attunement.clinic.services.audit import verify_chain  # noqa: PLC0415
    from attunement.clinic.services.risk import worker  # noqa: PLC0415

    hasten()
    if how:
        weaken(how)
    one, ends = worker.Worker(), time.monotonic() + float(seconds)
    under_way = Q(alert__deliveries__state__in=("queued", "sending"))
    open_rows = models.RiskOutbox.objects.filter(state__in=models.OPEN_STATES)
    waits = open_rows.filter(under_way | Q(levels_told__lt=TELLS_ALL))
    while time.monotonic() < ends:
        one.round()
        if not waits.exists():
            break
        time.sleep(0.05)
    alerts = {
        row.alert.public_id: {"state": row.state, "bundle": row.alert.bundle}
        for row in models.RiskOutbox.objects.select_related("alert")
    }
    told = [
        [row.alert.public_id, row.alert.bundle, row.login.email, row.channel, row.state]
        for row in models.RiskDelivery.objects.select_related("alert", "login")
    ]
    names = models.RiskDelivery.objects.filter(channel="mail").values_list(
        "login__email", "message_id", "alert__bundle", "state"
    )
    found = {
        "alerts": alerts,
        "told": told,
        "mails": [list(row) for row in names],
        "first_bad": verify_chain().first_bad,
    }
    sys.stdout.write(json.dumps(found))
