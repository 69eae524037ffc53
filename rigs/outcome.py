# SPDX-License-Identifier: Apache-2.0
"""Many trials of one rig, added up."""

from __future__ import annotations

from dataclasses import dataclass, field

from rigs.clinic import Clinic
from rigs.journal import Journal, judge


@dataclass
class Outcome:
    """What was lost, doubled or halved over all trials."""

    trials: int = 0
    acknowledged: int = 0
    unreadable: int = 0
    doubled: int = 0
    half: int = 0
    turned_away: int = 0
    chains_broken: int = 0
    missing: set[str] = field(default_factory=set, repr=False)

    @property
    def lost(self) -> int:
        """Return how many acknowledged forms were not there after a trial."""
        return len(self.missing)

    @property
    def bad(self) -> bool:
        """Whether anything at all went wrong."""
        return bool(
            self.missing
            or self.unreadable
            or self.doubled
            or self.half
            or self.turned_away
            or self.chains_broken
        )

    def add(self, clinic: Clinic, journal: Journal, *, sent_again: bool) -> None:
        """Judge one trial, before or after the phones sent again."""
        verdict = judge(clinic, journal)
        if sent_again:
            self.trials += 1
            self.turned_away = max(self.turned_away, verdict.turned_away)
        self.acknowledged = verdict.acknowledged
        self.missing |= verdict.missing
        self.doubled = max(self.doubled, verdict.doubled)
        self.half = max(self.half, verdict.half)
        self.chains_broken += not verdict.chain_holds

    def __str__(self) -> str:
        """Return one line for the terminal."""
        return (
            f"{self.trials} trials, {self.acknowledged} acknowledged, {self.lost} lost, "
            f"{self.doubled} doubled, {self.half} half, {self.turned_away} turned away, "
            f"{self.unreadable} stores unreadable, "
            f"{self.chains_broken} audit chains broken"
        )
