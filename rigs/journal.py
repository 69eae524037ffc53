# SPDX-License-Identifier: Apache-2.0
"""What was acknowledged, and whether the store agrees."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field

from rigs.clinic import Clinic
from rigs.submitting import Form

ANSWERS = 8


@dataclass
class Journal:
    """Every form that was sent, and whether a server ever said that it had it."""

    acknowledged: set[str] = field(default_factory=set)
    waiting: dict[str, Form] = field(default_factory=dict)  # sent, and no answer seen
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sending(self, form: Form) -> None:
        """Note a form before it is sent."""
        with self._lock:
            self.waiting[form.submission_id] = form

    def received(self, form: Form) -> None:
        """Note the server's word."""
        with self._lock:
            self.acknowledged.add(form.submission_id)
            self.waiting.pop(form.submission_id, None)


@dataclass(frozen=True)
class Verdict:
    """The store beside the journal."""

    acknowledged: int
    stored: int
    missing: frozenset[str]  # acknowledged and not there
    doubled: int  # there more than once, by audit events or by answers
    half: int  # there without all of its answers, scores or its used link
    turned_away: int  # opened forms that no server takes any more
    chain_holds: bool

    @property
    def lost(self) -> int:
        """Return how many acknowledged forms are not there."""
        return len(self.missing)

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled or halved."""
        return self.chain_holds and not (self.lost or self.doubled or self.half or self.turned_away)


def judge(clinic: Clinic, journal: Journal) -> Verdict:
    """Compare the store with what was acknowledged."""
    found = json.loads(clinic.run("look"))
    stored: dict[str, int] = found["stored"]
    return Verdict(
        acknowledged=len(journal.acknowledged),
        stored=len(stored),
        missing=frozenset(journal.acknowledged - stored.keys()),
        doubled=max(0, found["recorded"] - len(stored)) + sum(n > ANSWERS for n in stored.values()),
        half=found["half"] + sum(n < ANSWERS for n in stored.values()),
        turned_away=len(journal.waiting),
        chain_holds=found["first_bad"] is None,
    )
