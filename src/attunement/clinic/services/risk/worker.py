# SPDX-License-Identifier: Apache-2.0
"""One round of the worker: a sign of life, waiting counted, people told, mails sent.

Every round begins from the database alone; a worker that dies loses nothing but its round. Two
workers at once do each other's work and nobody's twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from attunement.clinic.models import new_id
from attunement.clinic.services.risk.beat import EVERY, beat, mail_is_stuck, ping_monitor
from attunement.clinic.services.risk.delivery import (
    Send,
    deliver,
    drop_unneeded,
    send_by_mail,
    waiting,
)
from attunement.clinic.services.risk.escalation import added
from attunement.clinic.services.risk.nightly import check_nightly
from attunement.clinic.services.risk.routing import count_waiting, open_outbox, route

COUNT_EVERY = timedelta(seconds=10)
SENDING_SECONDS = 30  # then the round ends, and people who are due are told first


def steady_seconds() -> float:
    """Return a clock that nobody sets; where the system has one, it runs in a sleeping machine."""
    kind = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(kind)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    open: int
    told: int
    mailed: int


class Worker:
    """Delivers alerts, round by round. Clocks, mail and monitor are given, so that tests can."""

    def __init__(
        self,
        *,
        send: Send = send_by_mail,
        ping: Callable[[], bool] = ping_monitor,
        clock: Callable[[], datetime] = timezone.now,
        steady: Callable[[], float] = steady_seconds,
    ) -> None:
        self.run = new_id()
        self._send, self._ping, self._clock, self._steady = send, ping, clock, steady
        self._counted: dict[int, float] = {}
        self._beat_at: float | None = None

    def round(self) -> Round:
        """Do one round; what goes wrong is raised, and the next round begins anew."""
        fresh_beat = self._beat()
        n_open, told = self._tell()
        mailed = self._mail()
        check_nightly(self._send, now=self._clock())
        if fresh_beat and not mail_is_stuck(now=self._clock()):
            self._ping()
        return Round(open=n_open, told=told, mailed=mailed)

    def _beat(self) -> bool:
        steady = self._steady()
        if self._beat_at is not None and steady - self._beat_at < EVERY.total_seconds():
            return False
        beat(run=self.run, now=self._clock())
        self._beat_at = steady
        return True

    def _tell(self) -> tuple[int, int]:
        rows = open_outbox()
        told = 0
        held: dict[int, float] = {}
        for row in rows:
            now, steady = self._clock(), self._steady()
            known = self._counted.get(row.pk) if row.counted_by == self.run else None
            since = timedelta(seconds=steady - known) if known is not None else None
            add = added(row.counted_at, now, steady=since)
            if add >= COUNT_EVERY or now < row.counted_at or known is None:
                if count_waiting(row, add, now=now, by=self.run):
                    row.waited_ms += int(add.total_seconds() * 1000)
                    held[row.pk] = steady
            elif known is not None:
                held[row.pk] = known
            told += route(row, now=now)
        self._counted = held
        return len(rows), told

    def _mail(self) -> int:
        drop_unneeded()
        began, mailed = self._steady(), 0
        for row in waiting(now=self._clock()):
            mailed += deliver(row, send=self._send, by=self.run, clock=self._clock)
            if self._steady() - began > SENDING_SECONDS:
                break
        return mailed
