# SPDX-License-Identifier: Apache-2.0
"""``python -m rigs worker``: kill -9 of the worker that tells people of risk answers.

A third of the kills falls at a moment of the clock, a third at a step (before a statement, about a
commit, at a mail's connection), a third in the middle of a mail, before or after the server took
it. Every other trial has two workers at once; with PostgreSQL every fourth kill takes the database
too. In the end the worker is left in peace, and the store is set beside what was committed and what
the mail server took.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes
from pathlib import Path
from typing import Any

from tests.smtp_server import Behaviour, mail_server

from rigs.clinic import Clinic, Work
from rigs.options import Played, play
from rigs.postgres import Cluster
from rigs.steps import DIES_AT

SETTLES_WITHIN = 300
FORMS_A_TRIAL = 3
MOST_STEPS = 300  # three forms' worth of telling and mailing
_MORE = """\
[forms]
before = "phq-9"
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
from_address = "clinic@clinic.example"
"""
_MANNERS = ("slow", "slow", "take", "take, then cut")
_IN_A_MAIL = ("hold", "take, then hold")
_OPEN = ("raised", "queued", "delivered")


@dataclass(frozen=True)
class Told:
    """The store beside what was committed and what arrived."""

    kills: int
    amid_mails: int  # of these, while a mail server waited in the middle of a mail
    alerts: int  # committed
    mails: int  # different ones that arrived
    copies: int  # how often one arrived again: with the same name, so nobody sees it twice
    lost: int  # alerts that are not there, and mails marked as sent that never arrived
    untold: int  # people who were not told, on their list or by mail, of what is open
    twice: int  # forms of which somebody's mailbox shows two mails, or a list two lines
    chain_holds: bool

    @property
    def good(self) -> bool:
        """Whether everything arrived, and nothing shows twice."""
        return self.chain_holds and not (self.lost or self.untold or self.twice)


def run(folder: Path, *, trials: int, store: str, seed: int, weaken: str = "") -> Told:
    """Kill so often, then let the worker finish; return what came of it."""
    chance = random.Random(seed)
    cluster = Cluster(folder / "cluster") if store == "postgresql" else None
    if cluster is not None:
        cluster.make()
    committed: list[str] = []
    amid_mails = 0
    began = datetime.now(UTC).date()
    with mail_server() as post:
        clinic = Clinic(
            folder / "clinic",
            more=_MORE.format(port=post.port),
            **({"database": cluster.address} if cluster else {}),
        )
        try:
            clinic.run("inside_worker.make_people")
            if (
                weaken
            ):  # the day's mail about the rota goes out first: what is held tells of an answer
                clinic.run("inside_worker.settle", "", str(SETTLES_WITHIN))
            for trial in range(trials):
                committed += _one(clinic, post, chance, trial, weaken)
                amid_mails += post.held.is_set()
                if cluster is not None and trial % 4 == 3:  # noqa: PLR2004 -- every fourth
                    cluster.kill()
                    cluster.start()
            post.kinds.clear()
            found = clinic.run("inside_worker.settle", weaken, str(SETTLES_WITHIN))
            return _judge(
                json.loads(found), committed, post, kills=(trials, amid_mails), began=began
            )
        finally:
            clinic.close()
            if cluster is not None:
                cluster.kill()


def _one(
    clinic: Clinic, post: Behaviour, chance: random.Random, trial: int, weaken: str
) -> list[str]:
    """Raise alerts while one or two workers tell of them and die; return what was committed."""
    moment = ("mail", "clock", "step")[trial % 3]
    post.met.clear()
    post.held.clear()
    post.go.clear()
    post.kinds[:] = [_IN_A_MAIL[trial // 3 % 2]] if moment == "mail" else []
    post.kinds += chance.choices(_MANNERS, k=12)
    raising = clinic.begin("inside_worker.raise_alerts", str(FORMS_A_TRIAL))
    workers: list[Work] = []
    for _ in range(1 + trial % 2):
        at_step = {DIES_AT: str(chance.randint(1, MOST_STEPS))} if moment == "step" else {}
        workers.append(clinic.begin("inside_worker.deliver", weaken, environment=at_step))
    status, said = clinic.end(raising)
    if status != 0:
        message = f"alerts could not be raised; see {clinic.log}"
        raise RuntimeError(message)
    if trial % 5 == 4:  # noqa: PLR2004 -- every fifth
        clinic.run("inside_worker.acknowledge_one")
    if moment == "mail":
        post.held.wait(60)
    elif moment == "clock":
        post.met.wait(60)
        time.sleep(chance.uniform(0.0, 1.2))
    for one in workers:
        if moment != "step":
            one.kill()
        clinic.end(one)
    post.go.set()
    return [alert for line in said.splitlines() for alert in json.loads(line)]


def _judge(
    found: dict[str, Any],
    committed: list[str],
    post: Behaviour,
    *,
    kills: tuple[int, int],
    began: date,
) -> Told:
    arrived = Counter(
        (letter["To"], letter["Message-ID"]) for letter in map(message_from_bytes, post.taken)
    )
    alerts, told, mails = found["alerts"], found["told"], found["mails"]
    missing = [alert for alert in committed if alert not in alerts]
    never = [(to, name) for to, name, _, state in mails if state == "delivered"]
    never = [one for one in never if one not in arrived]
    people = {to for _, _, to, _, _ in told}
    lists = Counter((alert, to) for alert, _, to, channel, _ in told if channel == "list")
    mailed = {
        (form, to)
        for _, form, to, channel, state in told
        if (channel, state) == ("mail", "delivered")
    }
    still = {alert: row["bundle"] for alert, row in alerts.items() if row["state"] in _OPEN}
    untold = [(a, to) for a, form in still.items() for to in people
              if (a, to) not in lists or (form, to) not in mailed]  # fmt: skip
    named = {(to, name): form for to, name, form, _ in mails}
    shown = Counter((to, named.get((to, name), name)) for to, name in arrived)
    rota = Counter(to for to, name in arrived if (to, name) not in named)
    twice = [form for form, n in (shown + lists).items() if n > 1]
    days = (datetime.now(UTC).date() - began).days + 1
    twice += [to for to, n in rota.items() if n > days]  # of the rota: one on each day
    return Told(
        kills=kills[0],
        amid_mails=kills[1],
        alerts=len(committed),
        mails=len(arrived),
        copies=sum(arrived.values()) - len(arrived),
        lost=len(missing) + len(never),
        untold=len(untold) + (len(people) < 3),  # noqa: PLR2004 -- two therapists and a lead
        twice=len(twice),
        chain_holds=found["first_bad"] is None,
    )


def main() -> int:
    """Run the rig; 1 when anything was lost or shown twice, or a weak worker was not caught."""
    return play(
        "worker",
        __doc__,
        _played,
        count=("trials", 100),
        weakened={
            "mark": "as sent before sending",
            "name": "another Message-ID at each try",
        },
    )


def _played(folder: Path, given: argparse.Namespace) -> Played:
    told = run(folder, trials=given.trials, store=given.store, seed=given.seed, weaken=given.weaken)
    return Played(told, good=told.good and told.alerts > 0, caught=not told.good)
