# SPDX-License-Identifier: Apache-2.0
"""A synthetic site that asks about risk: two measures, a rota, a mail server, alerts to tell of."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from attunement.clinic.config import Mail, RiskRule
from attunement.clinic.services import forms

CLIENT, THERAPIST = "safety-c", "safety-t"
MAIL = Mail("127.0.0.1", 2525, "none", "", "", "clinic@clinic.example")
_HEAD = """\
schema = 1
id = "{id}"
version = "1"
title = "Synthetic check"
acronym = "SYN"
family = "alliance"
construct = "alliance"
about = "A synthetic measure for a test."
perspectives = ["{by}"]
timeframe = "today"
direction = "higher_is_better"
validated = false
text = "operator"

[[options]]
id = "agree"
values = [0, 1, 2, 3, 4, 5, 6]

[[options]]
id = "often"
values = [0, 1, 2, 3]

[[items]]
id = "1"
kind = "choice"
options = "agree"

[[items]]
id = "2"
kind = "choice"
options = "agree"
"""
_RISK = """
[[items]]
id = "harm"
kind = "choice"
options = "often"
scored = false
risk = { at_least = 1, kind = "synthetic thoughts" }

[[items]]
id = "others"
kind = "choice"
options = "often"
scored = false
risk = { at_least = 2, kind = "synthetic threats" }
"""
_TAIL = """
[[scales]]
id = "total"
items = ["1", "2"]
method = "mean"
min_answered = 2
bounds = [0, 6]
missing_rule = "Both answers are needed."
verified = false

[licence]
verdict = "own"
name = "Apache-2.0"
holder = "synthetic"
exact_words = "synthetic"
source_url = "https://example.invalid"
seen_on = "2026-11-21"
conditions = []
nc = false
nd = false
sa = false
evidence = "seen"
recheck_by = "2027-11-21"

[licence.contexts]
clinical = "allow"
commercial = "allow"
educational = "allow"
research = "allow"
"""
_WORDS = """\
schema = 1
measure = "{id}"
version = "1"
language = "en"
title = "Synthetic check"
instructions = "Synthetic."

[items]
"1" = "First"
"2" = "Second"
{risk}
[options.agree]
{agree}
[options.often]
"0" = "Never"
"1" = "Sometimes"
"2" = "Often"
"3" = "Always"
"""


def write_measures(home: Path) -> None:
    """Put the client's measure, with two risk items, and its mirror where operators put theirs."""
    agree = "".join(f'"{value}" = "{value}"\n' for value in range(7))
    asked = '"harm" = "Synthetic question of harm"\n"others" = "Synthetic question of others"\n'
    for name, by, items, words in (
        (CLIENT, "client", _RISK, asked),
        (THERAPIST, "therapist", "", ""),
    ):
        folder = home / "measures" / name
        folder.mkdir(parents=True)
        (folder / "1.toml").write_text(_HEAD.format(id=name, by=by) + items + _TAIL)
        (folder / "1.en.toml").write_text(_WORDS.format(id=name, risk=words, agree=agree))


def site(home: Path, settings: Any, monkeypatch: Any, **rule: Any) -> Iterator[Any]:
    """Configure the site; the fixture ``risk_site`` is this."""
    write_measures(home)
    monkeypatch.setenv("ATTUNEMENT_HOME", str(home))
    forms.measure_of.cache_clear()
    forms.text_of.cache_clear()
    settings.ATTUNEMENT = dataclasses.replace(
        settings.ATTUNEMENT,
        client_measure=CLIENT,
        therapist_measure=THERAPIST,
        mail=MAIL,
        risk=RiskRule(**rule),
    )
    yield settings
    forms.measure_of.cache_clear()
    forms.text_of.cache_clear()


def on_rota(login: Any, *, place: int = 1, starts: int = 0, ends: int = 7 * 24 * 60) -> Any:
    """Put a login on the rota; the whole week by default."""
    from attunement.clinic.models import RotaTurn  # noqa: PLC0415 -- after django.setup

    return RotaTurn.objects.create(
        practice=login.practice,
        login=login,
        place=place,
        starts=starts,
        ends=ends,
        made_by="test",
        made_at=datetime.fromisoformat("2026-03-01T00:00:00+00:00"),
    )


def stored(session: Any, *, now: datetime, answered_at: datetime | None = None) -> Any:
    """Store a bare response of the client, for alerts without the way through a form."""
    from attunement.clinic.models import Assignment, Response  # noqa: PLC0415 -- as above

    assignment = Assignment.objects.get(session=session, perspective="client", measure_id=CLIENT)
    response = Response(
        assignment=assignment,
        session=session,
        perspective="client",
        measure_id=CLIENT,
        measure_version="1",
        submission_id=uuid4(),
        payload_sha256="0" * 64,
        answered_at=answered_at,
        received_at=now,
        mode="link",
        language="en",
        who_sees="",
    )
    response.save()
    return response


class Clocks:
    """A wall clock that tests set, and a steady one that only goes forward."""

    def __init__(self, start: datetime) -> None:
        self.wall, self.steady = start, 1000.0

    def pass_time(self, **delta: float) -> None:
        step = timedelta(**delta)
        self.wall += step
        self.steady += step.total_seconds()

    def jump(self, **delta: float) -> None:
        self.wall += timedelta(**delta)


class PostOffice:
    """Where mails arrive: every copy is kept, and a mailbox shows one of each ``Message-ID``."""

    def __init__(self) -> None:
        self.copies: list[tuple[str, str]] = []
        self.written: list[tuple[str, str]] = []

    def send(self, to: str, subject: str, body: str, message_id: str) -> str:
        self.copies.append((to, message_id))
        self.written.append((subject, body))
        return f"250 queued as {len(self.copies)}"

    def shown(self, to: str) -> set[str]:
        return {message_id for address, message_id in self.copies if address == to}


def make_worker(clocks: Clocks, send: Any) -> Any:
    """Return a worker with the test's clocks and mail."""
    from attunement.clinic.services.risk import Worker  # noqa: PLC0415 -- as above

    return Worker(
        send=send, ping=lambda: False, clock=lambda: clocks.wall, steady=lambda: clocks.steady
    )
