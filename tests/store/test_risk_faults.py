# SPDX-License-Identifier: Apache-2.0
"""RK-8: whatever goes wrong on the way, nobody is left untold, untold too long, or told twice.

Each run plays some forty minutes of a clinic against a worker that is killed between its steps, a
mail server that refuses, hangs, or takes a mail and breaks the line, a clock that is set back and
forward, a second worker that does the same rounds, and a database that is put back to an earlier
state. After that the house is quiet for a while, and everything must have arrived.

Three senders that are wrong on purpose show that the test would notice.
"""

from __future__ import annotations

import dataclasses
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.risk_world import Clocks, PostOffice, make_worker, on_rota, stored

from attunement.clinic.models import (
    OPEN_STATES,
    AlertState,
    RiskAlert,
    RiskDelivery,
    RiskOutbox,
    WorkerBeat,
)
from attunement.clinic.services.mailing import MailNotSentError
from attunement.clinic.services.risk import (
    acknowledge,
    alert_list,
    delivery,
    raise_for,
    routing,
    worker,
)

pytestmark = [pytest.mark.store, pytest.mark.slow, pytest.mark.django_db]

ALERTS, LEAST = 10, 300
RUNS = int(os.environ.get("ATTUNEMENT_FAULT_RUNS", "6"))  # 24: some 1,500 faults
STEP = 15.0
NEXT, LEAD, ALL = 3, 6, 9  # minutes
SLACK = 120.0  # seconds: a round that hangs on one mail, and a few steps
CHANGING = (RiskOutbox, RiskDelivery, WorkerBeat)
AT_SENDING = ("refused", "hangs", "taken, then cut", "killed before", "killed after")
BESIDE = (
    "killed",
    "killed in a transaction",
    "second worker",
    "clock back",
    "clock forward",
    "restored",
)


class KilledError(BaseException):
    """The process is gone: nothing after this runs, and no handler of ours may catch it."""


@dataclass
class Run:
    """One seeded run: the world, what was done to it, and what came of it."""

    world: Any
    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    post: PostOffice = field(default_factory=PostOffice)
    late: int = 0
    down: float = 0.0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 -- chooses faults, nothing secret
        self.clocks = Clocks(self.world.now)
        self.raised: dict[int, float] = {}
        self.faulty = True
        self.nested = False
        self.workers: list[Any] = []
        self.people = [self.world.therapist, self.world.colleague, self.world.lead]

    # What goes wrong

    def now(self) -> datetime:
        """Return the wall clock; a worker that looks at it may die, or another may step in."""
        if self.faulty and not self.nested:
            if self.dice.random() < 0.01:
                self.faults["killed"] += 1
                raise KilledError
            if self.dice.random() < 0.05:
                self.faults["second worker"] += 1
                self.nested = True
                try:
                    make_worker_of(self).round()
                finally:
                    self.nested = False
        return self.clocks.wall

    def send(self, to: str, subject: str, body: str, message_id: str) -> str:
        if not self.faulty:
            return self.post.send(to, subject, body, message_id)
        kind = self.dice.choices(
            ["taken", "refused", "hangs", "taken, then cut", "killed before", "killed after"],
            [30, 25, 5, 20, 10, 10],
        )[0]
        if kind != "taken":
            self.faults[kind] += 1
        if kind == "refused":
            raise MailNotSentError("refused")
        if kind == "hangs":
            self.clocks.pass_time(seconds=60)
            raise MailNotSentError("timeout")
        if kind == "killed before":
            raise KilledError
        name = self.post.send(to, subject, body, message_id)
        if kind == "taken, then cut":
            raise MailNotSentError("broken")
        if kind == "killed after":
            raise KilledError
        return name

    def record(self, real: Callable[..., None]) -> Callable[..., None]:
        """Die inside a transaction of the worker now and then, after its rows were written."""

        def call(**told: Any) -> None:
            real(**told)
            if self.faulty and self.dice.random() < 0.05:
                self.faults["killed in a transaction"] += 1
                raise KilledError

        return call

    # What happens

    def play(self) -> None:
        restore_at, kept = self.dice.randrange(20, 40), None
        for step in range(56):
            if step % 2 == 0 and len(self.raised) < ALERTS and kept is None:
                self.raise_one()
            if step == restore_at:
                kept = snapshot()
            elif kept is not None and step == restore_at + 3:
                put_back(kept)
                kept = None
                self.faults["restored"] += 1
            elif kept is None:
                self.maybe_acknowledge()
            self.maybe_jump()
            self.round()
            self.clocks.pass_time(seconds=STEP)
            self.look()
        self.faulty = False
        for _ in range(14):
            self.round()
            self.clocks.pass_time(minutes=1)
            self.look()

    def raise_one(self) -> None:
        session = self.world.session()
        response = stored(session, now=self.clocks.wall)
        assert raise_for(response, {"harm": 1.0}, now=self.clocks.wall) == 1
        self.raised[RiskAlert.objects.get(response=response).pk] = self.clocks.steady

    def maybe_acknowledge(self) -> None:
        if self.raised and self.dice.random() < 0.06:
            alert = RiskAlert.objects.get(pk=self.dice.choice(sorted(self.raised)))
            if alert.deliveries.exists():
                acknowledge(self.people[0], alert.public_id, now=self.clocks.wall)

    def maybe_jump(self) -> None:
        if self.dice.random() < 0.08:
            forward = self.seed % 3 == 0 and self.dice.random() < 0.3
            hours = self.dice.uniform(0.05, 30.0) * (1 if forward else -1)
            self.faults["clock forward" if forward else "clock back"] += 1
            self.clocks.jump(hours=hours)

    def round(self) -> None:
        if not self.workers:
            self.workers.append(make_worker_of(self))
        try:
            self.workers[0].round()
        except KilledError:
            self.nested = False
            self.workers.clear()
            pause = self.dice.uniform(0, 45)
            self.down += pause
            self.clocks.pass_time(seconds=pause)

    def look(self) -> None:
        """Count every alert that somebody should know of by now and does not."""
        levels: dict[int, set[int]] = {}
        for alert, level in RiskDelivery.objects.values_list("alert_id", "level"):
            levels.setdefault(alert, set()).add(level)
        open_ones = RiskOutbox.objects.filter(state__in=OPEN_STATES)
        for alert in open_ones.values_list("pk", flat=True):
            waited = self.clocks.steady - self.raised[alert] - self.down - SLACK
            due = {1} | {level for level, after in ((2, NEXT), (3, LEAD)) if waited >= after * 60}
            if waited >= 0 and not due <= levels.get(alert, set()):
                self.late += 1

    # What came of it

    def lost(self) -> int:
        """Count people whom an open alert should have reached and did not."""
        missing = 0
        for alert in RiskAlert.objects.filter(pk__in=self.raised, outbox__state__in=OPEN_STATES):
            told = RiskDelivery.objects.filter(alert=alert, channel="mail").select_related("login")
            missing += max(0, len(self.people) - len(told))
            missing += sum(row.message_id not in self.post.shown(row.login.email) for row in told)
        return missing

    def twice(self) -> int:
        """Count what a person sees more than once, in the mailbox and on the list."""
        extra = 0
        mine = set(RiskAlert.objects.filter(pk__in=self.raised).values_list("public_id", flat=True))
        for login in self.people:
            extra += max(0, len(self.post.shown(login.email)) - len(self.raised))
            found = alert_list(login, now=self.clocks.wall)
            shown = [each.public_id for each in (*found.open, *found.acknowledged, *found.closed)]
            extra += len(shown) - len(set(shown))
            assert mine <= set(shown)
        return extra


def make_worker_of(run: Run) -> Any:
    made = make_worker(run.clocks, run.send)
    made._clock = run.now
    return made


def snapshot() -> list[Any]:
    return [list(model.objects.values()) for model in CHANGING]


def put_back(kept: list[Any]) -> None:
    """Put the tables that change back to what a backup held."""
    for model, rows in zip(CHANGING, kept, strict=True):
        model.objects.all().delete()
        model.objects.bulk_create(model(**row) for row in rows)


@pytest.fixture
def play(
    world: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    risk_site: Any,  # noqa: ARG001 -- configures the site
) -> Any:
    rule = dataclasses.replace(
        settings.ATTUNEMENT.risk,
        next_after=timedelta(minutes=NEXT),
        lead_after=timedelta(minutes=LEAD),
        all_after=timedelta(minutes=ALL),
    )
    settings.ATTUNEMENT = dataclasses.replace(settings.ATTUNEMENT, risk=rule)
    on_rota(world.therapist)
    on_rota(world.colleague, place=2)
    real = {module: module.record for module in (routing, delivery)}

    def run(seed: int) -> Run:
        RiskOutbox.objects.update(state=AlertState.CLOSED)  # of the run before
        made = Run(world, seed)
        for module, record in real.items():
            monkeypatch.setattr(module, "record", made.record(record))
        made.play()
        return made

    return run


def test_rk8_faulted_deliveries_lose_nothing_delay_nothing_and_show_nothing_twice(
    play: Any,
) -> None:
    faults: Counter[str] = Counter()
    n_alerts = 0
    for seed in range(RUNS):
        run = play(seed)
        faults += run.faults
        n_alerts += len(run.raised)
        assert (run.lost(), run.late, run.twice()) == (0, 0, 0), (seed, run.faults)
    assert sum(faults[kind] for kind in AT_SENDING) >= LEAST, faults
    for kind in (*AT_SENDING, *BESIDE):
        assert faults[kind] >= 3, (kind, faults)
    assert n_alerts == RUNS * ALERTS


@pytest.mark.one_store  # that this play can fail
def test_sender_that_marks_before_sending_would_be_caught(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def marks_first(row: RiskDelivery, *, send: Any, by: str, clock: Any) -> bool:
        if not delivery.claim(row, by=by, now=clock()):
            return False
        delivery._sent(row, "", now=clock())
        try:
            send(row.login.email, "", "", row.message_id)
        except MailNotSentError:
            return False
        return True

    monkeypatch.setattr(worker, "deliver", marks_first)
    assert play(1).lost() > 0


@pytest.mark.one_store  # that this play can fail
def test_mail_with_a_new_name_at_each_try_would_be_caught(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = worker.deliver

    def renamed(row: RiskDelivery, **more: Any) -> bool:
        row.message_id = f"<{uuid4()}@clinic.example>"
        return real(row, **more)

    monkeypatch.setattr(worker, "deliver", renamed)
    assert play(1).twice() > 0


@pytest.mark.one_store  # that this play can fail
def test_escalation_by_the_wall_clock_would_be_caught(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_the_clock(row: RiskOutbox, add: timedelta, *, now: datetime, by: str) -> bool:
        del add, by
        waited = max(now - row.alert.received_at, timedelta(0))
        RiskOutbox.objects.filter(pk=row.pk).update(waited_ms=waited.total_seconds() * 1000)
        row.waited_ms = int(waited.total_seconds() * 1000)
        return False

    monkeypatch.setattr(worker, "count_waiting", by_the_clock)
    assert sum(play(seed).late for seed in (1, 2)) > 0
