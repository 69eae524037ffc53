# SPDX-License-Identifier: Apache-2.0
"""The worker's sign of life, and what follows when there is none."""

from __future__ import annotations

import http.client
import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from attunement.clinic.models import (
    OPEN_STATES,
    DeliveryChannel,
    DeliveryState,
    RiskDelivery,
    WorkerBeat,
)
from attunement.clinic.services.forms import config

NAME = "alerts"
EVERY = timedelta(seconds=60)
SILENT_AFTER = timedelta(minutes=5)
STUCK_AFTER = timedelta(minutes=5)
PING_SECONDS = 10
_LOG = logging.getLogger("attunement.serve.worker")


def beat(*, run: str, now: datetime) -> None:
    """Write the sign of life."""
    WorkerBeat.objects.update_or_create(name=NAME, defaults={"at": now, "run": run})


def is_silent(*, now: datetime) -> bool:
    """Whether the worker gave no sign for five minutes, or one that lies ahead of any clock."""
    last = WorkerBeat.objects.filter(name=NAME).values_list("at", flat=True).first()
    return last is None or not now - SILENT_AFTER <= last <= now + SILENT_AFTER


def mail_is_stuck(*, now: datetime) -> bool:
    """Whether a mail of an open alert waits for longer than five minutes."""
    return RiskDelivery.objects.filter(
        channel=DeliveryChannel.MAIL,
        state__in=(DeliveryState.QUEUED, DeliveryState.SENDING),
        queued_at__lt=now - STUCK_AFTER,
        alert__outbox__state__in=OPEN_STATES,
    ).exists()


def ping_monitor() -> bool:
    """Ask the outside monitor's address; it tells people by its own way when this stops.

    Nothing is followed: a redirect, a proxy of the environment or another host is not asked. What
    comes back is not read.
    """
    address = config().risk.monitor_url
    if not address:
        return False
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PING_SECONDS)
    try:
        query = f"?{parts.query}" if parts.query else ""
        connection.request("GET", f"{parts.path or '/'}{query}")
        return connection.getresponse().status < http.HTTPStatus.MULTIPLE_CHOICES
    except (OSError, http.client.HTTPException):
        _LOG.warning("the outside monitor did not answer")
        return False
    finally:
        connection.close()
