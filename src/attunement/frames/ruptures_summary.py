# SPDX-License-Identifier: Apache-2.0
"""What came of a table, counted: what was used, what could be judged, what was flagged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from attunement.frames.ruptures_cells import CLIENT
from attunement.frames.ruptures_request import HOUSE, Question
from attunement.frames.ruptures_rows import Rows
from attunement.frames.ruptures_tables import REASONS, STATUSES, Judged


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """One rule's counts.

    Parameters
    ----------
    evaluable, flagged : int
        Sessions that could be judged, and those of them that were flagged.
    dyads_evaluable, dyads_flagged : int
        Dyads with at least one such session.
    reasons : mapping of str to int
        Why sessions could not be judged.
    episodes : mapping of str to int
        Episodes by status.
    """

    rule: str
    version: str
    title: str
    evaluable: int
    flagged: int
    dyads_evaluable: int
    dyads_flagged: int
    reasons: dict[str, int]
    episodes: dict[str, int]


@dataclass(frozen=True, slots=True)
class RupturesSummary:
    """What was used and what came of it; ``str()`` says it in sentences.

    Parameters
    ----------
    rows : int
        Input rows.
    scores : int
        Client's forms with a score: these were used.
    without_score : int
        Client's rows without a score. Missing is not zero.
    other_rows : int
        Rows of the therapist or of others; the therapist's go in as a channel.
    dyads, series : int
        A dyad has more than one series where the measure's version changed.
    null_rate : float
        The share of dyads without any rupture that the house rule was asked to flag at least
        once within ``horizon`` sessions.
    model : str
        Where what is usual comes from.
    """

    rows: int
    scores: int
    without_score: int
    other_rows: int
    dyads: int
    series: int
    null_rate: float
    horizon: int
    model: str
    rules: tuple[RuleSummary, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def unknown(cls, question: Question) -> RupturesSummary:
        """Return the summary of a table that is not counted before it is read."""
        note = "Nothing is counted before the tables are read."
        made = Tally(question).summary((note,))
        return replace(made, rules=())

    def text(self) -> str:
        """Return the summary as lines of plain text."""
        if not self.rows:
            return "\n".join((*self.notes, f"What is usual: {self.model}."))
        lines = [
            f"{_many(self.rows, 'row')} of {_many(self.dyads, 'dyad')}: "
            f"{_many(self.scores, 'score')} used, {self.without_score:,} without a score"
            + (f", {self.other_rows:,} not the client's" if self.other_rows else "")
            + "."
        ]
        if self.series > self.dyads:
            lines[0] += f" {self.series:,} series: a new version of the measure begins a new one."
        for rule in self.rules:
            lines += self._rule(rule)
        lines.append(f"What is usual: {self.model}.")
        lines += self.notes
        lines.append("A flag is a question to a person, not a finding.")
        return "\n".join(lines)

    def __str__(self) -> str:
        """Return the summary as lines of plain text."""
        return self.text()

    def to_dict(self) -> dict[str, object]:
        """Return the summary as plain values, for JSON."""
        names = (
            "rows",
            "scores",
            "without_score",
            "other_rows",
            "dyads",
            "series",
            "null_rate",
            "horizon",
            "model",
        )
        found: dict[str, object] = {name: getattr(self, name) for name in names}
        found["notes"] = list(self.notes)
        found["rules"] = [
            {name: getattr(rule, name) for name in RuleSummary.__slots__} for rule in self.rules
        ]
        return found

    def _rule(self, rule: RuleSummary) -> list[str]:
        asked = (
            f"asked to flag {100 * self.null_rate:g} % of dyads without any rupture within "
            f"{_many(self.horizon, 'session')}"
            if rule.rule == HOUSE
            else "with its own fixed limit; `at.null_rate` says how often it fires without cause"
        )
        reasons = ", ".join(f"{n:,} {code.replace('_', ' ')}" for code, n in rule.reasons.items())
        share = f" ({_share(rule.dyads_flagged, rule.dyads_evaluable)})"
        found = ", ".join(f"{n:,} {status}" for status, n in rule.episodes.items() if n)
        total = sum(rule.episodes.values())
        return [
            f"Rule {rule.rule}, version {rule.version}, {asked}:",
            f"  {_many(rule.evaluable, 'session')} of {_many(rule.dyads_evaluable, 'dyad')} could "
            "be judged" + (f"; not: {reasons}." if reasons else "."),
            f"  {_many(rule.flagged, 'session')} of {_many(rule.dyads_flagged, 'dyad')}{share} "
            "flagged" + (f"; {_many(total, 'episode')}: {found}." if total else "; no episode."),
        ]


@dataclass(slots=True)
class Tally:
    """Counts parts of a table as they are judged; the parts hold whole dyads."""

    question: Question
    rows: int = 0
    scores: int = 0
    without: int = 0
    others: int = 0
    dyads: int = 0
    series: int = 0
    _rules: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, rows: Rows, judged: tuple[Judged, ...]) -> None:
        """Take up one part."""
        there = int((~np.isnan(rows.batch.values)).sum())
        own = int((rows.chair == CLIENT).sum())
        self.rows += rows.chair.size
        self.scores += there
        self.without += own - there
        self.others += rows.chair.size - own
        self.dyads += len(rows.names)
        self.series += rows.dyad.size
        of_row = rows.dyad[rows.batch.dyad_of_row()]
        for one in judged:
            counts = self._rules.setdefault(one.rule.id, Counter())
            found = one.judgements
            counts["evaluable"] += int(found.evaluable.sum())
            counts["flagged"] += int(found.flagged.sum())
            counts["dyads_evaluable"] += int(np.unique(of_row[found.evaluable]).size)
            counts["dyads_flagged"] += int(np.unique(of_row[found.flagged]).size)
            codes, times = np.unique(found.reason[~found.evaluable], return_counts=True)
            for code, n in zip(codes.tolist(), times.tolist(), strict=True):
                counts[f"reason {REASONS[code]}"] += n
            kinds = np.bincount(one.episodes.status, minlength=len(STATUSES))
            for status, n in zip(STATUSES, kinds.tolist(), strict=True):
                counts[f"episode {status}"] += n

    def summary(self, notes: tuple[str, ...] = ()) -> RupturesSummary:
        """Return what was counted."""
        asked = self.question
        rules = []
        for rule in asked.rules:
            counts = self._rules.get(rule.id, Counter())
            named = sorted(
                ((key[7:], n) for key, n in counts.items() if key.startswith("reason ")),
                key=lambda pair: (-pair[1], pair[0]),
            )
            rules.append(
                RuleSummary(
                    rule=rule.id,
                    version=rule.version,
                    title=rule.title,
                    evaluable=counts["evaluable"],
                    flagged=counts["flagged"],
                    dyads_evaluable=counts["dyads_evaluable"],
                    dyads_flagged=counts["dyads_flagged"],
                    reasons=dict(named),
                    episodes={status: counts[f"episode {status}"] for status in STATUSES},
                )
            )
        return RupturesSummary(
            rows=self.rows,
            scores=self.scores,
            without_score=self.without,
            other_rows=self.others,
            dyads=self.dyads,
            series=self.series,
            null_rate=asked.null_rate,
            horizon=asked.horizon,
            model=asked.model_said,
            rules=tuple(rules),
            notes=notes,
        )


def _many(n: int, one: str) -> str:
    return f"{n:,} {one}{'' if n == 1 else 's'}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} % of those" if whole else "none could be judged"
